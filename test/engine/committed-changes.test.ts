/** What stands in the way of a rename: other programs, other rights, other file systems. */
import { beforeEach, describe, expect, it } from 'vitest'
import { commitChanges } from '../../shared/engine/committed-changes.ts'
import { collidingNames, foldsNames } from '../../shared/engine/folding-names.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import type { Change, Journal } from '../../shared/engine/restore-journal.ts'
import { createMemoryFiles, type MemoryFiles } from '../support/memory-file-system.ts'
import { sha256 } from '../support/stores.ts'

const journal: Journal = {
  ...{ v: 1, id: '0123456789abcdef', kind: 'restore', undoOf: null, checkpoint: '', title: '', startedMs: 0 },
  ...{ bases: ['/p'], root: '/p', phase: 'committing', folders: [], safety: null, keptBytes: 0, transcript: null },
  written: { files: 0, bytes: 0 },
}
const state = (content: string, mode = 0o644) => {
  return { kind: 'file', mode, bytes: content.length, sha256: sha256(content) } as const
}
const change: Change = { base: 0, name: 'a.txt', before: state('old'), after: state('new') }

let memory: MemoryFiles
let pauses: number
beforeEach(() => {
  memory = createMemoryFiles()
  pauses = 0
  memory.makeFolder('/p')
  write('/p/a.txt', 'old')
  write('/p/.asm-01234567-0', 'new')
})

function write(at: string, content: string, mode = 0o644): void {
  const file = memory.open(at, 'create')
  file.append(Buffer.from(content))
  file.close()
  memory.chmod(at, mode)
}

function read(at: string): string {
  const file = memory.open(at, 'read')
  const into = Buffer.alloc(100)
  return into.toString('utf8', 0, file.read(into, 0))
}

const clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: async () => void pauses++ }

/** The first renames fail like this. */
function failing(code: string, times: number): FileSystem {
  let left = times
  const rename: FileSystem['rename'] = (from, to) => {
    if (left-- > 0) throw Object.assign(new Error(code), { code })
    memory.rename(from, to)
  }
  return { ...memory, rename }
}

const commit = (files: FileSystem, changes: readonly Change[] = [change]) =>
  commitChanges({ files, clock }, journal, changes, new Map(), async () => true)

describe('commitChanges', () => {
  it('waits for a file that another program has open, and then writes it', async () => {
    expect(await commit(failing('EBUSY', 3))).toMatchObject({ files: 1, failures: [] })
    expect({ content: read('/p/a.txt'), pauses }).toEqual({ content: 'new', pauses: 3 })
  })

  it('says so when it stays open, and leaves what is needed to try again', async () => {
    const committed = await commit(failing('EBUSY', 1_000))
    expect(committed.failures).toMatchObject([{ reason: 'another program has it open; close it and resume' }])
    expect([read('/p/a.txt'), read('/p/.asm-01234567-0')]).toEqual(['old', 'new'])
    expect(await commit(memory)).toMatchObject({ files: 1, failures: [] })
    expect(read('/p/a.txt')).toBe('new')
  })

  it('takes a read-only mark away for the rename where the system minds it', async () => {
    memory.chmod('/p/a.txt', 0o444)
    const marked = { ...change, before: state('old', 0o444) }
    expect(await commit(failing('EPERM', 1), [marked])).toMatchObject({ files: 1, failures: [] })
    expect(read('/p/a.txt')).toBe('new')
  })

  it('leaves what somebody has changed meanwhile', async () => {
    memory.unlink('/p/a.txt')
    write('/p/a.txt', 'theirs')
    expect((await commit(memory)).failures).toMatchObject([{ reason: expect.stringContaining('left as it is') }])
    expect({ content: read('/p/a.txt'), names: memory.list('/p') }).toEqual({ content: 'theirs', names: ['a.txt'] })
  })

  it('does not write over something that has just come to lie where nothing was', async () => {
    const created = { ...change, before: null }
    memory.unlink('/p/a.txt')
    const link: FileSystem['link'] = (from, to) => {
      write('/p/a.txt', 'theirs')
      memory.link(from, to)
    }
    const committed = await commit({ ...memory, link }, [created])
    expect(committed.failures).toMatchObject([{ reason: expect.stringContaining('left as it is') }])
    expect(read('/p/a.txt')).toBe('theirs')
  })

  it('writes one of two names that a disk takes for the same, and says so of the other', async () => {
    memory.unlink('/p/a.txt')
    write('/p/.asm-01234567-1', 'other')
    const fold = <T>(path: T): T => (String(path) === '/p/A.TXT' ? ('/p/a.txt' as T) : path)
    const folding: FileSystem = {
      ...memory,
      lstat: path => memory.lstat(fold(path)),
      open: (path, mode) => memory.open(fold(path), mode),
      link: (from, to) => memory.link(from, fold(to)),
    }
    const upper: Change = { base: 0, name: 'A.TXT', before: null, after: state('other') }
    const committed = await commit(folding, [{ ...change, before: null }, upper])
    expect(committed).toMatchObject({ files: 1, failures: [{ change: { name: 'A.TXT' } }] })
    expect({ content: read('/p/a.txt'), names: memory.list('/p') }).toEqual({ content: 'new', names: ['a.txt'] })
  })
})

describe('collidingNames', () => {
  it('finds names that differ in case or in the form of their letters alone', () => {
    const [one, two] = ['é'.normalize('NFC'), 'é'.normalize('NFD')]
    expect(collidingNames(['README', 'readme', 'other', `${one}.md`, `${two}.md`])).toEqual([
      ['README', 'readme'],
      [`${one}.md`, `${two}.md`],
    ])
  })
})

describe('foldsNames', () => {
  it('asks the disk by looking, and writes nothing', () => {
    const folding: FileSystem = { ...memory, lstat: path => memory.lstat(String(path).toLowerCase()) }
    expect([foldsNames(folding, '/p'), foldsNames(memory, '/p')]).toEqual([true, false])
  })
})
