import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createDurably,
  errorCode,
  failureOf,
  makeFolderDurably,
  pidOfTemporaryName,
  readBounded,
  removeTreeQuietly,
  replaceFile,
  temporaryPath,
  writeNewFile,
} from '../../shared/engine/durable-file.ts'
import { createMemoryFiles, type MemoryFiles } from '../support/memory-file-system.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { realPorts } from '../support/stores.ts'

const { files } = realPorts
const bytes = Buffer.from('whole content\n')

let folder: string
beforeEach(() => {
  folder = makeScratchFolder('durable')
})
afterEach(() => removeScratchFolder(folder))

const at = (name: string) => path.join(folder, name)

describe('failureOf', () => {
  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EACCES', 'permission'],
    ['EROFS', 'permission'],
    ['EIO', 'io-error'],
    ['EMFILE', 'io-error'],
  ])('says of %s that it is %s, what was being done, and what to do', (code, expected) => {
    const failure = failureOf(Object.assign(new Error(`${code}: oh`), { code }), 'Writing')
    expect(failure).toEqual({
      code: expected,
      message: `Writing failed: ${code}: oh`,
      remedy: expect.stringMatching(/\.$/),
    })
  })

  it.each([
    new TypeError('a defect'),
    Object.assign(new Error('bad argument'), { code: 'ERR_INVALID_ARG_TYPE' }),
    'no error at all',
  ])('throws on what no disk has said: %s', error => {
    expect(() => failureOf(error, 'Writing')).toThrow(error as Error)
  })
})

describe('writeNewFile', () => {
  it('leaves nothing behind when any one of its operations fails', () => {
    const outcomes = untilThrough((memory, fail) => {
      fail(memory)
      writeNewFile(memory, '/a', bytes)
    })
    expect(outcomes.failures).toBeGreaterThan(3)
    expect(outcomes.leftBehind).toEqual(outcomes.leftBehind.map(() => []))
    expect(outcomes.last).toEqual(['a'])
  })

  it('refuses a name that is there, and leaves what is there alone', () => {
    writeFileSync(at('a'), 'theirs')
    expect(() => writeNewFile(files, at('a'), bytes)).toThrow(/EEXIST/)
    // The name is not ours to remove.
    expect(readFileSync(at('a'), 'utf8')).toBe('theirs')
  })
})

/** Runs the body on new disks with the 1st, 2nd, 3rd… operation failing with EIO until it gets through. */
function untilThrough(body: (memory: MemoryFiles, fail: (memory: MemoryFiles) => void) => void) {
  const leftBehind: (readonly string[])[] = []
  for (let n = 1; ; n++) {
    const memory = createMemoryFiles()
    try {
      body(memory, disk => disk.failAt(n, 'EIO'))
      memory.heal()
      return { failures: n - 1, leftBehind, last: memory.list('/') }
    } catch (error) {
      if (errorCode(error) !== 'EIO') throw error
      memory.heal()
      leftBehind.push(memory.list('/'))
    }
  }
}

describe('createDurably', () => {
  it('gives the bytes their name and removes the temporary one', () => {
    expect(createDurably(files, at('tmp'), at('a'), bytes)).toBe('created')
    expect(readdirSync(folder)).toEqual(['a'])
    expect(readFileSync(at('a'))).toEqual(bytes)
  })

  it('says that a name is taken, and leaves what is there alone', () => {
    writeFileSync(at('a'), 'theirs')
    expect(createDurably(files, at('tmp'), at('a'), bytes)).toBe('taken')
    expect(readdirSync(folder)).toEqual(['a'])
    expect(readFileSync(at('a'), 'utf8')).toBe('theirs')
  })

  it('does the same on a disk without hard links', () => {
    const memory = createMemoryFiles({ hardLinks: false })
    expect(createDurably(memory, '/tmp', '/a', bytes)).toBe('created')
    expect(createDurably(memory, '/tmp', '/a', Buffer.from('later'))).toBe('taken')
    expect(memory.list('/')).toEqual(['a'])
    expect(readBounded(memory, '/a', 100)).toEqual({ ok: true, bytes })
  })

  it('recognises its own link when only the answer was lost', () => {
    const memory = createMemoryFiles()
    // open, append, fstat, sync, close, link
    memory.failAt(6, 'EEXIST', 'after')
    expect(createDurably(memory, '/tmp', '/a', bytes)).toBe('created')
    expect(memory.list('/')).toEqual(['a'])
  })

  it('shows nothing, under any name, when any one of its operations fails', () => {
    const outcomes = untilThrough((memory, fail) => {
      fail(memory)
      createDurably(memory, '/tmp', '/a', bytes)
    })
    // The last failures hit the removal of the temporary name, after the new name was durable: no failure to report.
    expect(outcomes.failures).toBeGreaterThan(5)
    expect(outcomes.leftBehind).toEqual(outcomes.leftBehind.map(() => []))
    expect(outcomes.last).toContain('a')
  })

  it.each([1, 2, 3, 4, 5])('keeps name and bytes through a power cut once it has said so (seed %i)', seed => {
    const memory = createMemoryFiles()
    createDurably(memory, '/tmp', '/a', bytes)
    memory.powerCut(seed)
    expect(readBounded(memory, '/a', 100)).toEqual({ ok: true, bytes })
  })
})

describe('replaceFile', () => {
  const ports = { ...realPorts, files }

  it('replaces a file that is there', () => {
    writeFileSync(at('cache.json'), 'old')
    replaceFile(ports, at('cache.json'), bytes)
    expect(readdirSync(folder)).toEqual(['cache.json'])
    expect(readFileSync(at('cache.json'))).toEqual(bytes)
  })

  it('leaves the old bytes or the new ones, and nothing else, when any one of its operations fails', () => {
    const seen = new Set<string>()
    const outcomes = untilThrough((memory, fail) => {
      writeNewFile(memory, '/cache', Buffer.from('old'))
      const look = memory.another()
      fail(memory)
      try {
        replaceFile({ ...realPorts, files: memory }, '/cache', Buffer.from('new'))
      } finally {
        const read = readBounded(look, '/cache', 100)
        seen.add(read.ok ? read.bytes.toString() : read.reason)
      }
    })
    expect(seen).toEqual(new Set(['old', 'new']))
    expect(outcomes.leftBehind).toEqual(outcomes.leftBehind.map(() => ['cache']))
  })
})

describe('temporaryPath', () => {
  it('gives names that are its own, never the same twice', () => {
    const names = Array.from({ length: 100 }, () => path.basename(temporaryPath(realPorts, folder)))
    expect(new Set(names).size).toBe(100)
    expect(new Set(names.map(pidOfTemporaryName))).toEqual(new Set([process.pid]))
  })

  it.each(['FORMAT', '12', '1.2.xyz', '1.2.0123456789abcdef.json'])('does not claim %s', name => {
    expect(pidOfTemporaryName(name)).toBe(null)
  })
})

describe('makeFolderDurably', () => {
  it.each([1, 2, 3])('keeps every level of a new path through a power cut (seed %i)', seed => {
    const memory = createMemoryFiles()
    makeFolderDurably(memory, '/a/b/c')
    memory.powerCut(seed)
    expect(memory.lstat('/a/b/c').kind).toBe('folder')
  })
})

describe('readBounded', () => {
  it.each([
    ['a file of the largest size allowed', 'file', 14, { ok: true, bytes }],
    ['a file above it', 'file', 13, { ok: false, reason: 'too-large', message: expect.any(String) }],
    ['no file', 'missing', 99, { ok: false, reason: 'missing', message: expect.any(String) }],
    ['a folder', 'folder', 99, { ok: false, reason: 'not-a-file', message: expect.any(String) }],
    ['a link, even to a good file', 'link', 99, { ok: false, reason: 'not-a-file', message: expect.any(String) }],
  ])('reads or refuses %s', (_title, name, maxBytes, expected) => {
    writeFileSync(at('file'), bytes)
    mkdirSync(at('folder'))
    symlinkSync(at('file'), at('link'))
    expect(readBounded(files, at(name), maxBytes)).toEqual(expected)
  })
})

describe('removeTreeQuietly', () => {
  it('removes links without following them', () => {
    mkdirSync(at('theirs'))
    writeFileSync(at('theirs/kept'), 'kept')
    mkdirSync(at('ours/sub'), { recursive: true })
    symlinkSync(at('theirs'), at('ours/sub/link'))
    removeTreeQuietly(files, at('ours'))
    expect(existsSync(at('ours'))).toBe(false)
    expect(readFileSync(at('theirs/kept'), 'utf8')).toBe('kept')
  })
})
