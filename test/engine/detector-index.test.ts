import fs from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { emptyFold } from '../../shared/core/session-fold.ts'
import { emptyStream } from '../../shared/core/stream-fold.ts'
import { createDetectorIndex, indexVersion } from '../../shared/engine/detector-index.ts'
import { KeptSession } from '../../shared/engine/kept-session.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { createDetector, type Detector, type DetectorPorts } from '../../shared/engine/transcript-detector.ts'
import { plainSessions } from '../support/plain-sessions.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { makeChaos } from '../support/transcript-chaos.ts'

const scratch = makeScratchFolder('index')
afterAll(() => removeScratchFolder(scratch))
const ports: DetectorPorts = nodePorts(() => {})

let made = 0
/** A Claude folder after some rounds of chaos, and a place for its index. */
function newWorld(seed: number, rounds = 20) {
  const folder = path.join(scratch, String(made++))
  const chaos = makeChaos(path.join(folder, 'claude'), seededRandom(seed))
  for (let i = 0; i < rounds; i++) chaos.stir()
  return { ...chaos, indexFolder: path.join(folder, 'data', 'index') }
}
type World = ReturnType<typeof newWorld>

const start = ({ root, indexFolder }: World, files: FileSystem = ports.files): Detector =>
  createDetector({ ...ports, files }, { roots: [root], indexFolder })
const freshLook = async ({ root }: World) => plainSessions(await createDetector(ports, { roots: [root] }).refresh())

async function runOnce(world: World, files?: FileSystem) {
  const detector = start(world, files)
  const found = await detector.refresh()
  await detector.close()
  return found
}

/** Counts what is read of transcripts. */
function countingFiles() {
  const read = { bytes: 0 }
  const files: FileSystem = {
    ...ports.files,
    open: (at, mode) => {
      const file = ports.files.open(at, mode)
      if (!String(at).endsWith('.jsonl')) return file
      return {
        ...file,
        read: (into, position) => {
          const count = file.read(into, position)
          read.bytes += count
          return count
        },
      }
    },
  }
  return { files, read }
}

const mainFile = (world: World) => {
  const folder = path.join(world.root, 'projects', 'one')
  fs.mkdirSync(folder, { recursive: true })
  return path.join(folder, '91de4bc7-a5e0-41e5-8611-06f4855c1593.jsonl')
}
const promptLine = `${JSON.stringify({ type: 'user', message: { content: 'hello' }, cwd: '/x' })}\n`

describe('a restart with an index', () => {
  it('reads nothing where nothing happened, and knows all the same', async () => {
    const world = newWorld(1)
    await runOnce(world)
    const { files, read } = countingFiles()
    expect(plainSessions(await runOnce(world, files))).toEqual(await freshLook(world))
    expect(read.bytes).toBe(0)
  })

  it('reads only what a file grew by', async () => {
    const world = newWorld(2)
    fs.writeFileSync(mainFile(world), promptLine.repeat(2_000))
    await runOnce(world)
    fs.appendFileSync(mainFile(world), promptLine)
    const { files, read } = countingFiles()
    expect(plainSessions(await runOnce(world, files))).toEqual(await freshLook(world))
    // The new line, and twice the first and last 512 bytes that tell whether the file is still the same.
    expect(read.bytes).toBe(promptLine.length + 4 * 512)
  })

  it('lists no folder of a session again that is as it was, and finds what is new in one that is not', async () => {
    const world = newWorld(9, 0)
    fs.writeFileSync(mainFile(world), promptLine)
    const folder = mainFile(world).slice(0, -'.jsonl'.length)
    const subagents = path.join(folder, 'subagents')
    fs.mkdirSync(subagents, { recursive: true })
    fs.writeFileSync(path.join(subagents, 'agent-1.jsonl'), promptLine)
    const listed: string[] = []
    const files: FileSystem = {
      ...ports.files,
      list: at => {
        listed.push(String(at))
        return ports.files.list(at)
      },
      diskSpace: at => ({ ...ports.files.diskSpace(at), marksFolders: true }),
    }
    // As if all had been written a while ago.
    const clock = { ...ports.clock, nowMs: () => ports.clock.nowMs() + 60_000 }
    const options = { roots: [world.root], indexFolder: world.indexFolder }
    const run = async () => {
      const detector = createDetector({ ...ports, files, clock }, options)
      const found = await detector.refresh()
      await detector.close()
      return [plainSessions(found), listed.splice(0).filter(at => at.startsWith(folder))]
    }
    expect(await run()).toEqual([await freshLook(world), [folder, subagents]])
    expect(await run()).toEqual([await freshLook(world), []])
    fs.writeFileSync(path.join(subagents, 'agent-2.jsonl'), promptLine)
    expect(await run()).toEqual([await freshLook(world), [subagents]])
    fs.rmSync(folder, { recursive: true })
    expect(await run()).toEqual([await freshLook(world), []])
  })

  it('reads a file again that was rewritten in between, even to the same size', async () => {
    const world = newWorld(3)
    fs.writeFileSync(mainFile(world), promptLine.repeat(3))
    await runOnce(world)
    fs.writeFileSync(mainFile(world), promptLine.replace('hello', 'howdy').repeat(3))
    expect(plainSessions(await runOnce(world))).toEqual(await freshLook(world))
  })

  it.each([11, 12, 13, 14])(
    'gives what a fresh detector gives, whatever happens to the files before and after (seed %i)',
    async seed => {
      const world = newWorld(seed, 0)
      for (let round = 0; round < 25; round++) {
        const detector = start(world)
        for (let i = 0; i < 1 + (round % 3); i++) {
          world.stir()
          await detector.refresh()
        }
        world.stir()
        const found = await detector.refresh()
        expect(plainSessions(found)).toEqual(await freshLook(world))
        await detector.close()
      }
    },
  )

  it('keeps facts as they were when they were given, also when more was saved before they are looked at', async () => {
    const world = newWorld(4, 0)
    fs.writeFileSync(mainFile(world), promptLine)
    await runOnce(world)
    const detector = start(world)
    const [before] = await detector.refresh()
    fs.appendFileSync(mainFile(world), promptLine.replace('hello', 'later'))
    await detector.refresh()
    await detector.close()
    expect(before?.facts.lastPrompts.map(({ text }) => text)).toEqual(['hello'])
  })

  it('keeps facts as they were when they were given', async () => {
    const world = newWorld(5)
    fs.writeFileSync(mainFile(world), promptLine)
    await runOnce(world)
    const detector = start(world)
    const before = await detector.refresh()
    const expected = await freshLook(world)
    fs.appendFileSync(mainFile(world), promptLine.replace('hello', 'later'))
    await detector.refresh()
    expect(plainSessions(before)).toEqual(expected)
  })
})

describe('a first look at very many sessions keeps little of the old ones', () => {
  const count = 230
  const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  const fileOf = (world: World, n: number) => path.join(world.root, 'projects', 'many', `${idOf(n)}.jsonl`)
  const oldest = 0

  /** The higher its number, the newer a session. */
  function manySessions(): World {
    const world = newWorld(6, 0)
    fs.mkdirSync(path.dirname(fileOf(world, 0)), { recursive: true })
    for (let n = 0; n < count; n++) {
      fs.writeFileSync(fileOf(world, n), `${promptLine.replace('hello', `first of ${n}`)}${promptLine}`)
      fs.utimesSync(fileOf(world, n), 1_700_000_000 + n, 1_700_000_000 + n)
    }
    return world
  }
  const find = (sessions: Awaited<ReturnType<typeof runOnce>>, n: number) =>
    sessions.find(session => session.facts.sessionId === idOf(n))

  it('and gives their lists all the same, before and after a restart', async () => {
    const world = manySessions()
    const expected = await freshLook(world)
    expect(expected).toHaveLength(count)
    expect(plainSessions(await runOnce(world))).toEqual(expected)
    const { files, read } = countingFiles()
    const found = await runOnce(world, files)
    expect(read.bytes).toBe(0)
    expect(find(found, count - 1)?.facts.lastPrompts).toHaveLength(2)
    expect(read.bytes).toBe(0)
    expect(find(found, oldest)?.facts.lastPrompts).toHaveLength(2)
    expect(read.bytes).toBeGreaterThan(0)
    expect(plainSessions(found)).toEqual(expected)
  })

  it('and one that goes on is read once, while facts that were given stay', async () => {
    const world = manySessions()
    const { files, read } = countingFiles()
    const detector = start(world, files)
    const before = find(await detector.refresh(), oldest)
    fs.appendFileSync(fileOf(world, oldest), promptLine.replace('hello', 'later'))
    const { size } = fs.statSync(fileOf(world, oldest))
    read.bytes = 0
    const now = await detector.refresh()
    // The first and last bytes by which it is known again are among its lines.
    expect(read.bytes).toBe(size)
    expect(before?.facts.lastPrompts.map(({ text }) => text)).toEqual(['first of 0', 'hello'])
    expect(plainSessions(now)).toEqual(await freshLook(world))
    await detector.close()
  })

  it.each([71, 72])('and whatever happens to them is told as a fresh detector tells it (seed %i)', async seed => {
    const random = seededRandom(seed)
    const world = manySessions()
    const changes: readonly ((file: string) => void)[] = [
      file => fs.appendFileSync(file, promptLine.replace('hello', 'later')),
      file => fs.appendFileSync(file, '{"torn":'),
      file => fs.writeFileSync(file, promptLine.replace('hello', 'anew').repeat(3)),
      file => fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll('hello', 'howdy')),
      file => fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2)),
      file => fs.rmSync(file, { force: true }),
      file => fs.renameSync(file, path.join(path.dirname(path.dirname(file)), 'moved', path.basename(file))),
    ]
    fs.mkdirSync(path.join(world.root, 'projects', 'moved'))
    const detector = start(world)
    await detector.refresh()
    for (let round = 0; round < 30; round++) {
      const file = random.pick(fs.readdirSync(path.dirname(fileOf(world, 0))))
      const at = path.join(path.dirname(fileOf(world, 0)), file)
      random.pick(changes)(at)
      await detector.refreshPaths([at])
      expect(plainSessions(await detector.refresh())).toEqual(await freshLook(world))
    }
    await detector.close()
    expect(plainSessions(await runOnce(world))).toEqual(await freshLook(world))
  })

  it('and one whose file became another is read whole', async () => {
    const world = manySessions()
    const detector = start(world)
    const before = find(await detector.refresh(), oldest)
    fs.writeFileSync(fileOf(world, oldest), promptLine.replace('hello', 'howdy').repeat(3))
    expect(before?.facts.lastPrompts.map(({ text }) => text)).toEqual(['howdy', 'howdy', 'howdy'])
    expect(plainSessions(await detector.refresh())).toEqual(await freshLook(world))
    await detector.close()
  })
})

describe('an index that is of no use (invariants 1 and 2)', () => {
  const entries = (world: World) => path.join(world.indexFolder, 'sessions.json')
  const folders = (world: World) => path.join(world.indexFolder, 'folders.json')
  const shards = (world: World) =>
    fs
      .readdirSync(world.indexFolder)
      .filter(name => name.startsWith('folds-'))
      .map(name => path.join(world.indexFolder, name))

  const damages: readonly (readonly [string, (world: World) => void])[] = [
    ['is gone', world => fs.rmSync(world.indexFolder, { recursive: true })],
    ['is empty', world => fs.writeFileSync(entries(world), '')],
    ['is cut short', world => fs.truncateSync(entries(world), fs.statSync(entries(world)).size - 9)],
    ['has one byte changed', world => flipByte(entries(world))],
    ['is of another version', world => change(entries(world), '"version":4', '"version":0')],
    [
      'is a folder',
      world => {
        fs.rmSync(entries(world))
        fs.mkdirSync(entries(world))
      },
    ],
    ['has lost the names in folders', world => fs.rmSync(folders(world), { force: true })],
    ['has a byte changed in the names in folders', world => flipByte(folders(world))],
    ['has lost all shards', world => shards(world).forEach(file => void fs.rmSync(file))],
    ['has a byte changed in every shard', world => shards(world).forEach(flipByte)],
  ]

  it.each(damages)('is as good as none when it %s, and is made anew', async (_title, damage) => {
    const world = newWorld(4)
    await runOnce(world)
    damage(world)
    world.stir()
    const expected = await freshLook(world)
    const detector = start(world)
    expect(plainSessions(await detector.refresh())).toEqual(expected)
    await detector.close()
    fs.rmSync(path.join(world.indexFolder, 'sessions.json'), { recursive: true, force: true })
    expect(plainSessions(await runOnce(world))).toEqual(expected)
  })

  it('does not use a fold that was saved with other positions than its entry', async () => {
    const world = newWorld(6)
    fs.writeFileSync(mainFile(world), promptLine)
    await runOnce(world)
    const older = fs.readFileSync(entries(world))
    fs.appendFileSync(mainFile(world), promptLine)
    await runOnce(world)
    fs.writeFileSync(entries(world), older)
    expect(plainSessions(await runOnce(world))).toEqual(await freshLook(world))
  })

  it.each(damages)('can be lost in the middle of a run: when it %s nothing is missed', async (_title, damage) => {
    const world = newWorld(8)
    await runOnce(world)
    const detector = start(world)
    const found = await detector.refresh()
    damage(world)
    expect(plainSessions(found)).toEqual(await freshLook(world))
    expect(plainSessions(await detector.refresh())).toEqual(await freshLook(world))
  })

  it('costs time and nothing else where it cannot be written', async () => {
    const world = newWorld(7)
    const logged: string[] = []
    const files: FileSystem = {
      ...ports.files,
      rename: () => {
        throw Object.assign(new Error('ENOSPC: made up'), { code: 'ENOSPC' })
      },
    }
    const options = { roots: [world.root], indexFolder: world.indexFolder }
    const detector = createDetector({ ...ports, files, log: (_, message) => logged.push(message) }, options)
    expect(plainSessions(await detector.refresh())).toEqual(await freshLook(world))
    await detector.close()
    expect(logged.join()).toContain('ENOSPC: made up')
  })
})

function flipByte(file: string): void {
  const bytes = fs.readFileSync(file)
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1
  fs.writeFileSync(file, bytes)
}

function change(file: string, from: string, to: string): void {
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(from, to))
}

describe('the format', () => {
  it('has a version that rises with the shape of what it holds', () => {
    const shape = (value: object) => Object.keys(value).sort().join(' ')
    // Whoever changes this line raises `indexVersion` and puts the new number here.
    expect([indexVersion, shape(emptyStream(true)), shape(emptyStream(true).thread ?? {})]).toEqual([
      4,
      'damagedLines files firstMs lastMs lines overlongLines pending thread toolCalls',
      'aiTitle branch closed compactions contextTokens customTitle cwd entrypoint firstCwd firstPrompt forkedFrom largestTokens lastCommands lastPrompts lastReply model prompts replies replyMarks requestedModel todos turnStarts version',
    ])
  })
})

describe('an index whose sum is right but that we never wrote (invariant 1)', () => {
  const sealed = (body: string) =>
    `${JSON.stringify({ format: 'asm-detector-index', version: indexVersion, sum: crc32(body) })}\n${body}`
  const column = (length: number, value: unknown) => new Array(length).fill(value)

  it.each([
    ['sessions.json', 'no JSON\n'],
    ['sessions.json', '{}\n'],
    ['sessions.json', 'null\n'],
    ['folders.json', 'no JSON\n'],
    ['folders.json', '{}\n'],
    ['folders.json', JSON.stringify({ devs: [1], inos: [1], ctimes: [1], counts: [2], names: ['a'] })],
  ])('is as if it were not there: %s with %j', async (name, body) => {
    const world = newWorld(71)
    fs.mkdirSync(world.indexFolder, { recursive: true })
    fs.writeFileSync(path.join(world.indexFolder, name), sealed(body))
    expect(plainSessions(await runOnce(world))).toEqual(await freshLook(world))
  })

  it.each([
    ['a count of a thousand million files', 'sessions', 'files', [1e9]],
    ['a count that is none', 'sessions', 'files', ['1']],
    ['a list that is missing', 'sessions', 'lines', undefined],
    ['a list that is too long', 'reads', 'size', column(99, 1)],
    ['marks that are missing', 'guards', null, null],
    ['texts that are none', 'texts', null, null],
  ] as const)('also with %s', async (_, list, name, value) => {
    const world = newWorld(72)
    await runOnce(world)
    const file = path.join(world.indexFolder, 'sessions.json')
    const columns = JSON.parse(fs.readFileSync(file, 'utf8').split('\n')[1] ?? '')
    const changed =
      name === null ? { ...columns, [list]: value } : { ...columns, [list]: { ...columns[list], [name]: value } }
    fs.writeFileSync(file, sealed(JSON.stringify(changed)))
    expect(plainSessions(await runOnce(world))).toEqual(await freshLook(world))
  })
})

it('lists that could not be read for a moment are there in the next look (invariant 1 of the detector)', async () => {
  const world = newWorld(73)
  const expected = plainSessions(await runOnce(world))
  // Folds that are not in the index, as those of old sessions are not.
  for (const name of fs.readdirSync(world.indexFolder).filter(one => one.startsWith('folds')))
    fs.rmSync(path.join(world.indexFolder, name))
  let isBusy = false
  const open: FileSystem['open'] = (at, mode) => {
    if (isBusy) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    return ports.files.open(at, mode)
  }
  const detector = start(world, { ...ports.files, open })
  const known = await detector.refresh()
  isBusy = true
  expect(new Set(known.map(({ facts }) => facts.lastPrompts.length))).toEqual(new Set([0]))
  isBusy = false
  expect(plainSessions(await detector.refresh())).toEqual(expected)
  await detector.close()
})

it('what changes while the index is written is written the next time', async () => {
  const sessionId = '00000000-0000-4000-8000-000000000001'
  const index = createDetectorIndex(
    nodePorts(() => {}),
    path.join(scratch, 'changing'),
  )
  const session = new KeptSession(sessionId, null)
  session.fold = emptyFold(sessionId)
  session.reads.set('main', { position: { endByte: 9, scannedTo: 9 }, dev: 1, ino: 2, size: 9, mtimeMs: 3, guard: 'g' })
  const kept = new Map([[sessionId, session]])
  const changing = async () => {
    session.isUnsaved = true
  }
  expect([await index.save(kept, changing), session.isUnsaved]).toEqual([true, true])
  expect([await index.save(kept, async () => {}), session.isUnsaved]).toEqual([true, false])
})
