/** What the file system in memory can do beyond the port: faults, death, a full disk, a power cut. */
import { describe, expect, it } from 'vitest'
import { readFile, upTo, writeFile } from './lock-world.ts'
import { createMemoryFiles, type MemoryFiles } from './memory-file-system.ts'

const seeds = upTo(200)

/** Writes, and makes the content durable but not the name. */
function writeSynced(files: MemoryFiles, at: string, text: string): void {
  const file = files.open(at, 'create')
  file.append(Buffer.from(text))
  file.sync()
  file.close()
}

/** What may be found after a power cut, over all seeds; null is "no such file". */
function outcomesOf(prepare: (files: MemoryFiles) => void, at: string): ReadonlySet<string | null> {
  return new Set(
    seeds.map(seed => {
      const files = createMemoryFiles()
      prepare(files)
      files.powerCut(seed)
      return contentOf(files, at)
    }),
  )
}

function contentOf(files: MemoryFiles, at: string): string | null {
  try {
    return readFile(files, at)
  } catch {
    return null
  }
}

describe('faults', () => {
  it('fail the n-th operation from now, once, and the others not', () => {
    const files = createMemoryFiles()
    files.makeFolder('/a')
    files.failAt(2, 'EIO')
    files.makeFolder('/b')
    expect(() => files.makeFolder('/c')).toThrow(expect.objectContaining({ code: 'EIO' }))
    files.makeFolder('/d')
    expect([files.list('/'), files.operations()]).toEqual([['a', 'b', 'd'], 5])
  })

  it.each([
    ['before', ''],
    ['half', 'ab'],
    ['after', 'abcd'],
  ] as const)('%s an append leave %o written', (effect, expected) => {
    const files = createMemoryFiles()
    const file = files.open('/a', 'create')
    files.failAt(1, 'ENOSPC', effect)
    expect(() => file.append(Buffer.from('abcd'))).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    expect(readFile(files, '/a')).toBe(expected)
  })

  it('last from the n-th operation on until healed', () => {
    const files = createMemoryFiles()
    files.failFrom(2, 'EROFS')
    files.makeFolder('/a')
    for (const name of ['/b', '/c']) expect(() => files.makeFolder(name)).toThrow('EROFS')
    files.heal()
    files.makeFolder('/d')
    expect(files.list('/')).toEqual(['a', 'd'])
  })

  it('belong to one process: another sees the same disk and is not hit', () => {
    const files = createMemoryFiles()
    const other = files.another()
    files.dieAt(1)
    expect(() => files.makeFolder('/a')).toThrow('this process died')
    files.heal()
    expect(() => files.list('/')).toThrow('this process died')
    other.makeFolder('/b')
    expect(other.list('/')).toEqual(['b'])
  })

  it('let others act just before an operation', () => {
    const files = createMemoryFiles()
    const other = files.another()
    files.onOperation((_n, name) => name === 'link' && writeFile(other, '/b', 'first'))
    writeFile(files, '/a', 'x')
    expect(() => files.link('/a', '/b')).toThrow(expect.objectContaining({ code: 'EEXIST' }))
  })
})

describe('a full disk', () => {
  it('takes what fits, says ENOSPC, and has room again after a removal', () => {
    const files = createMemoryFiles()
    files.setCapacity(5)
    expect(() => writeFile(files, '/a', '1234567')).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    expect([readFile(files, '/a'), files.diskSpace('/')]).toEqual([
      '12345',
      { freeBytes: 0, totalBytes: 5, kind: 'local' },
    ])
    files.unlink('/a')
    writeFile(files, '/b', 'fits')
    expect(files.diskSpace('/').freeBytes).toBe(1)
  })
})

describe('a read-only disk', () => {
  it.each<[string, (files: MemoryFiles) => unknown]>([
    ['creating', files => files.open('/new', 'create')],
    ['updating', files => files.open('/a', 'update')],
    ['linking', files => files.link('/a', '/b')],
    ['renaming', files => files.rename('/a', '/b')],
    ['unlinking', files => files.unlink('/a')],
    ['setting times', files => files.setTimes('/a', 0, 0)],
  ])('refuses %s and still reads', (_title, act) => {
    const files = createMemoryFiles()
    writeFile(files, '/a', 'x')
    files.setReadOnly(true)
    expect(() => act(files)).toThrow(expect.objectContaining({ code: 'EROFS' }))
    expect(readFile(files, '/a')).toBe('x')
  })
})

describe('a power cut', () => {
  it('leaves what was synced, name and content, whatever the seed', () => {
    const prepare = (files: MemoryFiles) => {
      writeSynced(files, '/a', 'safe')
      files.syncFolder('/')
    }
    expect(outcomesOf(prepare, '/a')).toEqual(new Set(['safe']))
  })

  it('may take a name that was not synced, and never harms its content', () => {
    expect(outcomesOf(files => writeSynced(files, '/a', 'text'), '/a')).toEqual(new Set(['text', null]))
  })

  it('may take or tear content that was not synced under a name that was', () => {
    const prepare = (files: MemoryFiles) => {
      writeFile(files, '/a', 'ab')
      files.syncFolder('/')
    }
    expect(outcomesOf(prepare, '/a')).toEqual(new Set(['', 'a', 'ab', 'a\0', '\0\0']))
  })

  it('goes back at most to the last sync of the content', () => {
    const prepare = (files: MemoryFiles) => {
      writeSynced(files, '/a', 'old')
      files.syncFolder('/')
      const file = files.open('/a', 'update')
      file.truncate(0)
    }
    expect(outcomesOf(prepare, '/a')).toEqual(new Set(['old', '']))
  })

  it('shows a rename whole or not at all', () => {
    const prepare = (files: MemoryFiles) => {
      writeSynced(files, '/old', 'old')
      writeSynced(files, '/new', 'new')
      files.syncFolder('/')
      files.rename('/new', '/old')
    }
    const both = (seed: number) => {
      const files = createMemoryFiles()
      prepare(files)
      files.powerCut(seed)
      return `${contentOf(files, '/old')} ${contentOf(files, '/new')}`
    }
    expect(new Set(seeds.map(both))).toEqual(new Set(['old new', 'new null']))
  })

  it('takes a folder with all that is in it when the folder’s own name was not synced', () => {
    const prepare = (files: MemoryFiles) => {
      files.makeFolder('/deep')
      writeSynced(files, '/deep/a', 'x')
      files.syncFolder('/deep')
    }
    expect(outcomesOf(prepare, '/deep/a')).toEqual(new Set(['x', null]))
  })

  it('keeps hard links and their count, of the links that were synced', () => {
    const files = createMemoryFiles()
    writeSynced(files, '/a', 'x')
    files.link('/a', '/b')
    files.syncFolder('/')
    files.powerCut(1)
    expect([files.lstat('/a').ino, files.lstat('/a').nlink]).toEqual([files.lstat('/b').ino, 2])
  })

  it('does not bring back a name whose removal was synced', () => {
    const prepare = (files: MemoryFiles) => {
      writeSynced(files, '/a', 'x')
      files.unlink('/a')
      files.syncFolder('/')
    }
    expect(outcomesOf(prepare, '/a')).toEqual(new Set([null]))
  })

  it('closes the files that were open, and repeats itself for a seed', () => {
    const run = () => {
      const files = createMemoryFiles()
      const file = files.open('/a', 'create')
      for (const name of 'bcdefgh') writeFile(files, `/${name}`, name.repeat(9))
      files.powerCut(7)
      expect(() => file.append(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'EBADF' }))
      return files.list('/').map(name => [name, readFile(files, `/${name}`)])
    }
    expect(run()).toEqual(run())
  })
})
