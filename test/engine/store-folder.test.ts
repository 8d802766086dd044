import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../shared/engine/checkpoint-store.ts'
import { temporaryPath } from '../../shared/engine/durable-file.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { beforeOperation, checkpoint, openTestStore, realPorts, sessionA, writeTranscript } from '../support/stores.ts'

let scratch: string
let folder: string
beforeEach(() => {
  scratch = makeScratchFolder('store')
  folder = path.join(scratch, 'data', 'store')
})
afterEach(() => removeScratchFolder(scratch))

const at = (name: string) => path.join(folder, name)
const open = () => openStore(realPorts, folder, { minimumFreeShare: 0 })
const refusal = {
  ok: false,
  code: 'store-format',
  message: expect.any(String),
  remedy: expect.stringContaining('Nothing was changed'),
}

/** Every file and link below `top` with its content, so that two listings are equal only if nothing was touched. */
function everything(top: string): readonly string[] {
  const entries = readdirSync(top, { recursive: true, withFileTypes: true }).map(entry => {
    const file = path.join(entry.parentPath, entry.name)
    return `${file} ${statSync(file).mtimeMs} ${entry.isFile() ? readFileSync(file, 'latin1') : ''}`
  })
  return entries.sort()
}

describe('openStore', () => {
  it('makes a store that says what it is, and that only its owner may enter', () => {
    expect(open()).toMatchObject({ ok: true })
    expect(readFileSync(at('FORMAT'), 'utf8')).toBe('asm-store 1\n')
    expect(readdirSync(folder).sort()).toEqual(['FORMAT', 'checkpoints', 'packs', 'tmp'])
    const modes = ['.', 'packs', 'checkpoints', 'tmp', 'FORMAT'].map(name => statSync(at(name)).mode & 0o777)
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o700, 0o600])
    expect(readdirSync(at('tmp'))).toEqual([])
  })

  it('opens what it has made, closing folders that were opened to others, and changes nothing else', () => {
    open()
    const before = everything(folder)
    chmodSync(at('packs'), 0o755)
    expect(open()).toMatchObject({ ok: true })
    expect(statSync(at('packs')).mode & 0o777).toBe(0o700)
    expect(everything(folder)).toEqual(before)
  })

  it('takes a folder in which only caches of ours lie', () => {
    mkdirSync(at('lock'), { recursive: true })
    mkdirSync(at('git'))
    expect(open()).toMatchObject({ ok: true })
  })

  it.each(['asm-store 2\n', 'asm-store 1', '', 'asm-store 1\nasm-store 1\n', 'x'.repeat(5_000)])(
    'refuses FORMAT %j and leaves the folder byte for byte as it was',
    text => {
      mkdirSync(folder, { recursive: true })
      writeFileSync(at('FORMAT'), text)
      writeFileSync(at('theirs'), 'kept')
      const before = everything(folder)
      expect(open()).toEqual(refusal)
      expect(everything(folder)).toEqual(before)
    },
  )

  it('refuses a folder with other things in it, and leaves it as it was', () => {
    mkdirSync(at('photos'), { recursive: true })
    const before = everything(folder)
    expect(open()).toEqual({ ...refusal, message: expect.stringContaining('photos') })
    expect(everything(folder)).toEqual(before)
  })

  it('refuses records without FORMAT rather than guessing what they are', () => {
    open()
    rmSync(at('FORMAT'))
    expect(open()).toEqual({ ...refusal, message: expect.stringContaining('checkpoints') })
    expect(readdirSync(folder)).not.toContain('FORMAT')
  })

  it.each(['packs', 'checkpoints', 'tmp'])('refuses a store whose %s is a link to elsewhere (invariant 6)', name => {
    open()
    renameSync(at(name), path.join(scratch, 'elsewhere'))
    symlinkSync(path.join(scratch, 'elsewhere'), at(name))
    expect(open()).toEqual({ ...refusal, message: expect.stringContaining(name) })
    expect(readdirSync(path.join(scratch, 'elsewhere'))).toEqual([])
  })

  it('refuses a FORMAT that is a link, even to a right one (invariant 6)', () => {
    open()
    renameSync(at('FORMAT'), path.join(scratch, 'format'))
    symlinkSync(path.join(scratch, 'format'), at('FORMAT'))
    expect(open()).toEqual(refusal)
  })

  it('says when the place is a file, and when it may not write there', () => {
    mkdirSync(path.dirname(folder), { recursive: true })
    writeFileSync(folder, '')
    expect(open()).toMatchObject({ ok: false, code: 'io-error' })
    const memory = createMemoryFiles()
    memory.setReadOnly(true)
    expect(openStore({ ...realPorts, files: memory }, '/store')).toMatchObject({ ok: false, code: 'permission' })
  })

  it('reads a complete store on a disk that is read-only', () => {
    const memory = createMemoryFiles()
    const ports = { ...realPorts, files: memory }
    memory.makeFolder('/t')
    const record = checkpoint(openTestStore('/store', ports), { session: sessionA })
    memory.setReadOnly(true)
    expect(openTestStore('/store', ports).newest(sessionA)).toMatchObject({ ok: true, record })
  })

  it('sweeps what crashed processes left more than an hour ago, and nothing else (invariant 3)', () => {
    open()
    const stamp = `${Date.now()}.0123456789abcdef`
    // The largest pid that any system gives is far below this one.
    const [old, young] = [`2147483646.${stamp}`, `2147483645.${stamp}`]
    const living = path.basename(temporaryPath(realPorts, at('tmp')))
    mkdirSync(at(`tmp/${old}/objects`), { recursive: true })
    for (const name of [young, living, 'theirs']) writeFileSync(at(`tmp/${name}`), 'being written')
    const hoursAgo = Date.now() / 1_000 - 7_200
    for (const name of [old, living, 'theirs']) utimesSync(at(`tmp/${name}`), hoursAgo, hoursAgo)
    open()
    expect(readdirSync(at('tmp')).sort()).toEqual([young, living, 'theirs'].sort())
  })

  it('loses nothing when caches are deleted (invariant 3)', () => {
    const store = openTestStore(folder)
    const stream = writeTranscript(path.join(scratch, 't.jsonl'), '{"a":1}\n')
    const record = checkpoint(store, { streams: [stream] })
    for (const name of ['tmp', 'lock', 'git']) rmSync(at(name), { recursive: true, force: true })
    const again = openTestStore(folder)
    expect(again.newest(sessionA)).toMatchObject({ ok: true, record, highestSeq: 1, problems: [] })
    expect(again.verifyRecord(record, { readData: true })).toEqual([])
  })

  it('lets two processes make the same store at once, wherever the one is when the other comes', () => {
    const alone = createMemoryFiles()
    openStore({ ...realPorts, files: alone }, '/data/store')
    const results = Array.from({ length: alone.operations() }, (_, n) => {
      const memory = createMemoryFiles()
      const other = { ...realPorts, files: memory.another() }
      const seen: boolean[] = []
      beforeOperation(memory, n + 1, () => seen.push(openStore(other, '/data/store').ok))
      return [openStore({ ...realPorts, files: memory }, '/data/store').ok, ...seen]
    })
    expect(results.length).toBeGreaterThan(20)
    expect(results).toEqual(results.map(() => [true, true]))
  })

  it.each([1, 2, 3, 4])('opens again after a power cut at any moment of being made (seed %i)', seed => {
    const alone = createMemoryFiles()
    openStore({ ...realPorts, files: alone }, '/data/store')
    const results = Array.from({ length: alone.operations() }, (_, n) => {
      const memory = createMemoryFiles()
      const dying = memory.another()
      dying.dieAt(n + 1)
      expect(() => openStore({ ...realPorts, files: dying }, '/data/store')).toThrow('died')
      memory.powerCut(seed * 1_000 + n)
      return openStore({ ...realPorts, files: memory }, '/data/store')
    })
    expect(results.map(result => (result.ok ? 'opened' : result.message))).toEqual(results.map(() => 'opened'))
  })
})

it('a store in a folder that somebody else made a moment ago survives a power cut (invariant 1)', () => {
  const files = createMemoryFiles()
  files.makeFolder('/data')
  const ports = { ...realPorts, files }
  const opened = openStore(ports, '/data/store', { minimumFreeShare: 0 })
  files.powerCut(1)
  expect(opened).toMatchObject({ ok: true })
  expect(files.list('/data/store')).toEqual(expect.arrayContaining(['FORMAT', 'checkpoints', 'packs']))
})
