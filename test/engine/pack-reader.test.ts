import { readFileSync, renameSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FramePlace } from '../../shared/core/checkpoint.ts'
import { makeFolderDurably } from '../../shared/engine/durable-file.ts'
import { openPackReader, type PackReader, packOfFileName, packPath } from '../../shared/engine/pack-reader.ts'
import { openPackWriter } from '../../shared/engine/pack-writer.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { realPorts, sha256, transcriptLines } from '../support/stores.ts'

const content = Buffer.from(transcriptLines(seededRandom(1), 4_000))
const other = Buffer.from(transcriptLines(seededRandom(2), 4_000))

let folder: string
let packs: string
let name: string
let place: FramePlace
let reader: PackReader
beforeEach(() => {
  folder = makeScratchFolder('reader')
  packs = path.join(folder, 'packs')
  const temporary = path.join(folder, 'tmp')
  for (const made of [packs, temporary]) makeFolderDurably(realPorts.files, made)
  const pack = openPackWriter(realPorts, { packs, temporary })
  pack.add(other, sha256(other))
  place = pack.add(content, sha256(content))
  const finish = pack.finish()
  name = (finish.ok && finish.pack?.sha256) || ''
  reader = openPackReader(realPorts.files, packs)
})
afterEach(() => {
  reader.close()
  removeScratchFolder(folder)
})

const file = () => packPath(packs, name)
const problem = (code: string) => ({ ok: false, problem: { code, pack: name, message: expect.any(String) } })

describe('a pack reader', () => {
  it('does not mind that a file cannot be closed after it was read', () => {
    const open: FileSystem['open'] = (at, mode) => {
      const opened = realPorts.files.open(at, mode)
      const close = () => {
        opened.close()
        throw Object.assign(new Error('EIO: close'), { code: 'EIO' })
      }
      return { ...opened, close }
    }
    const failing = openPackReader({ ...realPorts.files, open }, packs)
    expect(failing.frame(name, place, sha256(content))).toMatchObject({ ok: true })
    failing.close()
  })

  it('gives the content at a place, with or without its hash', () => {
    const expected = { ok: true, content }
    expect([reader.frame(name, place, sha256(content)), reader.frame(name, place, null)]).toEqual([expected, expected])
  })

  it('says which pack is missing', () => {
    unlinkSync(file())
    expect(reader.frame(name, place, null)).toEqual(problem('pack-missing'))
    expect(reader.check(name, place)).toMatchObject({ code: 'pack-missing' })
    expect(reader.checkWhole(name)).toMatchObject({ code: 'pack-missing' })
  })

  it('says that a pack is truncated when a frame ends after it', () => {
    truncateSync(file(), place[1] + place[2] - 1)
    expect(reader.frame(name, place, null)).toEqual(problem('pack-truncated'))
    expect(reader.check(name, place)).toMatchObject({ code: 'pack-truncated' })
  })

  it('says that content has not the recorded hash', () => {
    expect(reader.frame(name, place, sha256(other))).toEqual(problem('frame-damaged'))
  })

  it.each<[string, (good: FramePlace) => FramePlace]>([
    ['the length is another', ([i, at, stored, bytes]) => [i, at, stored, bytes - 1]],
    ['it begins elsewhere', ([i, at, stored, bytes]) => [i, at - 1, stored, bytes]],
    ['it is cut short', ([i, at, stored, bytes]) => [i, at, stored - 1, bytes]],
    ['it is empty', ([i, at, , bytes]) => [i, at, 0, bytes]],
    ['it promises more than any frame may hold', ([i, at, stored]) => [i, at, stored, 2 ** 52]],
  ])('refuses a place where %s', (_title, wrong) => {
    expect(reader.frame(name, wrong(place), null)).toEqual(problem('frame-damaged'))
  })

  it('finds any one changed byte of a pack by its name (seed 3, 200 bytes)', () => {
    const random = seededRandom(3)
    const good = readFileSync(file())
    const missed = Array.from({ length: 200 }, () => random.int(0, good.length - 1)).filter(at => {
      const changed = Buffer.from(good)
      changed[at] = (changed[at] ?? 0) ^ (1 << random.int(0, 7))
      writeFileSync(file(), changed)
      return reader.checkWhole(name) === null
    })
    writeFileSync(file(), good)
    expect(missed).toEqual([])
    expect(reader.checkWhole(name)).toBe(null)
  })

  it('follows no link, and reads no folder (invariant 6)', () => {
    renameSync(file(), path.join(folder, 'elsewhere'))
    symlinkSync(path.join(folder, 'elsewhere'), file())
    expect(reader.frame(name, place, null)).toEqual(problem('pack-unreadable'))
    expect(reader.check(name, place)).toMatchObject({ code: 'pack-unreadable' })
    unlinkSync(file())
    makeFolderDurably(realPorts.files, file())
    expect(reader.frame(name, place, null)).toEqual(problem('pack-unreadable'))
  })
})

describe('the name of a pack', () => {
  it.each(['..', 'a/../../b', '', 'A'.repeat(64), `${'a'.repeat(64)}/..`])('is never %j (invariant 6)', bad => {
    expect(() => packPath('/store/packs', bad)).toThrow(RangeError)
  })

  it('is known from its file name, and from no other', () => {
    const hash = sha256('x')
    expect([`${hash}.pack`, hash, `${hash}.pack.bak`, 'notes.pack'].map(packOfFileName)).toEqual([
      hash,
      null,
      null,
      null,
    ])
  })
})
