import { describe, expect, it } from 'vitest'
import { createFolderMemory, foldersFrom, foldersText, type ListedFolder } from '../../shared/engine/folder-memory.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'
import { seededRandom } from '../support/random.ts'

const noon = Date.UTC(2026, 10, 23, 12)
const [top, folder] = ['/c', '/c/session']

/** A disk with a folder, whose clock is as coarse as some are, and who has listed what. */
function newWorld(marksFolders = true) {
  let nowMs = noon
  const disk = createMemoryFiles({ nowMs: () => Math.floor(nowMs / 1_000) * 1_000 })
  const listed: string[] = []
  const files: FileSystem = {
    ...disk,
    list: at => {
      listed.push(String(at))
      return disk.list(at)
    },
    diskSpace: at => ({ ...disk.diskSpace(at), marksFolders }),
  }
  const write = (at: string) => disk.open(at, 'create').close()
  disk.makeFolder(folder)
  write(`${folder}/a`)
  const clock = { nowMs: () => nowMs }
  return { disk, files, clock, listed, write, wait: (ms: number) => (nowMs += ms) }
}

/** Lists once in a look of its own. */
function look(memory: ReturnType<typeof createFolderMemory>, at = folder): readonly string[] {
  memory.begin([top])
  try {
    return memory.list(at)
  } finally {
    memory.end()
  }
}

describe('a folder that was listed', () => {
  it('is listed again if the process stood still just after it was listed, and a name came in the same tick (invariant 2)', () => {
    const { files, clock, write, wait } = newWorld()
    let afterList = () => {}
    const list: FileSystem['list'] = at => {
      const names = files.list(at)
      afterList()
      return names
    }
    const memory = createFolderMemory({ ...files, list }, clock)
    afterList = () => {
      write(`${folder}/b`)
      wait(10_000)
      afterList = () => {}
    }
    look(memory)
    expect(look(memory)).toEqual(['a', 'b'])
  })

  it('counts as changed once, also while its time of change lies in the future', () => {
    const { files, clock, wait } = newWorld()
    const memory = createFolderMemory(files, clock)
    wait(-3_600_000)
    const versions = [1, 2, 3, 4].map(() => {
      look(memory)
      return memory.version()
    })
    expect(new Set(versions).size).toBe(1)
  })

  it('is not listed again while it is the same, also after a restart', () => {
    const { files, clock, listed, wait } = newWorld()
    wait(10_000)
    const memory = createFolderMemory(files, clock)
    expect([look(memory), look(memory), listed.length]).toEqual([['a'], ['a'], 1])
    const next = createFolderMemory(files, clock, foldersFrom(foldersText(memory.remembered())))
    expect([look(next), listed.length]).toEqual([['a'], 1])
  })

  it.each<[string, (world: ReturnType<typeof newWorld>) => void]>([
    ['a name came', ({ write }) => write(`${folder}/b`)],
    ['a name went', ({ disk }) => disk.unlink(`${folder}/a`)],
    ['a name changed', ({ disk }) => disk.rename(`${folder}/a`, `${folder}/z`)],
    [
      'another folder has its name',
      ({ disk, write }) => {
        disk.rename(folder, '/c/old')
        disk.makeFolder(folder)
        write(`${folder}/new`)
      },
    ],
    [
      'its time was set back after a change',
      ({ disk, write }) => {
        const { mtimeMs } = disk.peek(folder)
        write(`${folder}/b`)
        disk.setTimes(folder, mtimeMs, mtimeMs)
      },
    ],
  ])('is listed again when %s (invariant 1)', (_what, change) => {
    const world = newWorld()
    world.wait(10_000)
    const memory = createFolderMemory(world.files, world.clock)
    look(memory)
    change(world)
    expect(look(memory)).toEqual(world.disk.list(folder))
    expect(world.listed).toHaveLength(2)
  })

  it('is listed again if it had just changed (invariant 2)', () => {
    const { files, clock, listed, write, wait } = newWorld()
    const memory = createFolderMemory(files, clock)
    wait(300)
    look(memory)
    write(`${folder}/in the same second`)
    expect(look(memory)).toEqual(['a', 'in the same second'])
    wait(10_000)
    expect([look(memory).length, look(memory).length, listed.length]).toEqual([2, 2, 3])
  })

  it('is listed each time on a disk that nothing is known of, and outside of the folders that are looked at', () => {
    const unknown = newWorld(false)
    unknown.wait(10_000)
    const memory = createFolderMemory(unknown.files, unknown.clock)
    expect([look(memory), look(memory), unknown.listed.length]).toEqual([['a'], ['a'], 2])
    const { files, clock, listed, wait } = newWorld()
    wait(10_000)
    const elsewhere = createFolderMemory(
      { ...files, stat: at => ({ ...files.stat(at), dev: files.stat(at).dev + 1n }) },
      clock,
    )
    expect([look(elsewhere), look(elsewhere), listed.length]).toEqual([['a'], ['a'], 2])
  })

  it('is forgotten when a look did not come by, and that is told', () => {
    const { files, clock, wait } = newWorld()
    wait(10_000)
    const memory = createFolderMemory(files, clock)
    look(memory)
    const before = memory.version()
    look(memory)
    expect([memory.version(), [...memory.remembered()].length]).toEqual([before, 1])
    memory.begin([top])
    memory.end()
    expect([memory.version() > before, [...memory.remembered()]]).toEqual([true, []])
  })

  it('gives the error of listing it', () => {
    const { files, clock, wait } = newWorld()
    wait(10_000)
    const memory = createFolderMemory(files, clock)
    expect(() => look(memory, '/c/nowhere')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    expect(() => look(memory, `${folder}/a`)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }))
  })

  it.each([1, 2, 3, 4])('has the names that are there, whatever comes and goes and when (seed %i)', seed => {
    const random = seededRandom(seed)
    const { disk, files, clock, write, wait } = newWorld()
    const folders = ['/c/one', '/c/two', '/c/three']
    for (const at of folders) disk.makeFolder(at)
    let memory = createFolderMemory(files, clock)
    const steps: readonly (() => unknown)[] = [
      () => write(`${random.pick(folders)}/${random.hex(6)}`),
      () => {
        const at = random.pick(folders)
        const [name] = disk.list(at)
        if (name !== undefined) disk.unlink(`${at}/${name}`)
      },
      () => wait(random.pick([1, 400, 2_000, 5_000])),
      () => (memory = createFolderMemory(files, clock, foldersFrom(foldersText(memory.remembered())))),
      () => {
        const [a, b] = random.shuffle(folders)
        disk.rename(String(a), '/c/between')
        disk.rename(String(b), String(a))
        disk.rename('/c/between', String(b))
      },
    ]
    for (let round = 0; round < 400; round++) {
      random.pick(steps)()
      memory.begin([top])
      expect(folders.map(at => memory.list(at))).toEqual(folders.map(at => disk.list(at)))
      memory.end()
    }
  })
})

describe('the text of remembered folders', () => {
  it('is ASCII, and gives them back', () => {
    const folders: readonly ListedFolder[] = [
      { dev: 1, ino: 2 ** 40, ctimeMs: 1_795_735_712_345.678, names: ['ä', 'b\n', '"'] },
      { dev: 1, ino: 3, ctimeMs: 4, names: [] },
      { dev: 2, ino: 5, ctimeMs: 6, names: ['c'] },
    ]
    const text = foldersText(folders)
    expect(text).toMatch(/^[\x20-\x7e]+\n$/)
    expect(foldersFrom(text)).toEqual(folders)
    expect(foldersFrom(foldersText([]))).toEqual([])
  })
})
