/**
 * A machine on a disk in memory: a project, sessions that work in it, and the product's own maker, snapshotter, store
 * and restore over them. It remembers what every checkpoint that was reported saved must give back, to the byte.
 *
 * There is no git on this machine, so a work tree is walked and lies in the store as a whole. Everything is decided by
 * the seed but the random part of temporary names.
 */
import type { CheckpointOutcome, CheckpointRecord } from '../../../shared/core/checkpoint.ts'
import type { DetectedSession, SessionId, TranscriptStream } from '../../../shared/core/session.ts'
import { defaultSettings } from '../../../shared/core/settings.ts'
import { displayTreePath } from '../../../shared/core/tree-name.ts'
import type { TreeManifest } from '../../../shared/core/work-tree.ts'
import { createHistory } from '../../../shared/engine/checkpoint-history.ts'
import { createMaker, type MakeGuard } from '../../../shared/engine/checkpoint-maker.ts'
import { type CheckpointStore, openStore } from '../../../shared/engine/checkpoint-store.ts'
import { removeTreeQuietly } from '../../../shared/engine/durable-file.ts'
import { createGit } from '../../../shared/engine/git-command.ts'
import type { FileSystem, Ports } from '../../../shared/engine/ports.ts'
import { restoreSide } from '../../../shared/engine/restore-side.ts'
import { verifyStore } from '../../../shared/engine/verify-store.ts'
import { createSnapshotter } from '../../../shared/engine/work-tree-snapshot.ts'
import { requestOf, sessionOf } from '../../support/core-values.ts'
import { createMemoryFiles, type MemoryFiles } from '../../support/memory-file-system.ts'
import { type Random, seededRandom } from '../../support/random.ts'
import { describeTranscript, realPorts, sessionA, sessionB, transcriptLines } from '../../support/stores.ts'

/** What a checkpoint that was reported saved must give back. */
export interface Expected {
  readonly session: SessionId
  readonly seq: number
  /** By name of the stream. */
  readonly streams: ReadonlyMap<string, Buffer>
  /** By path below the project. */
  readonly files: ReadonlyMap<string, string>
}

export interface MemoryWorld {
  readonly disk: MemoryFiles
  readonly random: Random
  readonly saved: readonly Expected[]
  /** The user's next step: transcripts grow, are torn or rewritten; files are written, changed and deleted. */
  work(): void
  /** Puts the user's files back as they are meant to be: after a power cut nobody vouches for them. */
  rewriteAll(): void
  /**
   * Opens the store in a process of its own that sees the disk through `files`, and checkpoints every session.
   *
   * @returns null if the store could not be opened, which is an answer too
   */
  checkpoint(files: FileSystem): Promise<readonly CheckpointOutcome[] | null>
  /** What is not as promised, in words; looks through a process that nothing fails for. */
  check(): Promise<readonly string[]>
  /** The same for the whole of a store that is opened already, without restoring. */
  store(): CheckpointStore
  readonly ports: Ports
}

const sessions: readonly SessionId[] = [sessionA, sessionB]
const project = '/home/ann/project'
const storeFolder = '/data/store'
const guard: MakeGuard = { signal: new AbortController().signal, held: () => true }

const noGit: Ports['commands'] = {
  run: async () => ({ code: null, stdout: Buffer.alloc(0), stderr: '', failure: 'ENOENT' }),
  which: () => null,
}

export function createMemoryWorld(seed: number | string): MemoryWorld {
  const random = seededRandom(seed)
  const disk = createMemoryFiles()
  const ports: Ports = { ...realPorts, files: disk, commands: noGit }
  const transcripts = new Map<string, Buffer>()
  const tree = new Map<string, string>()
  const saved: Expected[] = []
  for (const folder of [project, '/claude', '/home/user', '/data']) disk.makeFolder(folder)
  for (const session of sessions) transcripts.set(`${session}.jsonl`, lines(random, 2_000))
  transcripts.set(`${sessionA}/agent-1.jsonl`, lines(random, 500))
  disk.makeFolder(`/claude/${sessionA}`)
  for (const name of ['a.txt', 'src/b.ts', 'src/deep/c.ts']) tree.set(name, text(random))
  rewriteAll()

  function work(): void {
    for (const [name, content] of transcripts) transcripts.set(name, nextTranscript(random, content))
    const names = [...tree.keys()]
    tree.set(random.chance(0.5) ? random.pick(names) : `src/new-${random.hex(6)}.ts`, text(random))
    if (random.chance(0.3) && names.length > 2) tree.delete(random.pick(names))
    rewriteAll()
  }

  function rewriteAll(): void {
    for (const [name, content] of transcripts) write(disk, `/claude/${name}`, content)
    removeTreeQuietly(disk, project)
    for (const [name, content] of tree) write(disk, `${project}/${name}`, Buffer.from(content))
  }

  const streamsOf = (session: SessionId): readonly TranscriptStream[] =>
    [...transcripts].flatMap(([file, content]) => {
      if (!file.startsWith(session)) return []
      const name = file === `${session}.jsonl` ? 'main' : file.slice(session.length + 1)
      return [describeTranscript(`/claude/${file}`, content, name)]
    })

  const detected = (session: SessionId): DetectedSession => ({
    ...sessionOf({ facts: { sessionId: session, cwd: project }, streams: streamsOf(session) }),
    project: { root: project, name: 'project', kind: 'folder' },
  })

  async function checkpoint(files: FileSystem): Promise<readonly CheckpointOutcome[] | null> {
    const own = { ...ports, files }
    const opened = openStore(own, storeFolder, { minimumFreeShare: 0 })
    if (!opened.ok) return null
    const { store } = opened
    const history = createHistory(store, () => {})
    const snapshotter = createSnapshotter(own, {
      gitFolder: '/data/git',
      home: '/home/user',
      limits: defaultSettings.limits,
    })
    const isDoubtful = (id: SessionId) => history.problems(id).length > 0
    const maker = createMaker({ ports: own, store, snapshotter, isDoubtful })
    const items = sessions.map((sessionId, at) => {
      const last = history.last(sessionId)
      const request = { ...requestOf(at), sessionId }
      return { session: detected(sessionId), request, last, afterSeq: history.highestSeq(sessionId) }
    })
    const outcomes = await maker.makeCheckpoints(items, history.treeOf(project), guard)
    for (const outcome of outcomes) if (outcome.kind === 'saved') saved.push(expected(outcome.sessionId, outcome.seq))
    return outcomes
  }

  function expected(session: SessionId, seq: number): Expected {
    const streams = streamsOf(session).map(({ name, path: file, completeBytes }) => {
      const content = transcripts.get(file.slice('/claude/'.length)) ?? Buffer.alloc(0)
      return [name, content.subarray(0, completeBytes)] as const
    })
    return { session, seq, streams: new Map(streams), files: new Map(tree) }
  }

  const store = () => {
    const opened = openStore(ports, storeFolder, { minimumFreeShare: 0 })
    if (!opened.ok) throw new Error(`the store does not open: ${opened.message}`)
    return opened.store
  }

  async function check(): Promise<readonly string[]> {
    const opened = openStore(ports, storeFolder, { minimumFreeShare: 0 })
    if (!opened.ok) return [`the store does not open: ${opened.message}`]
    const { findings } = await verifyStore(opened.store, ports.clock, { readData: true })
    const wrong = findings.filter(({ severity }) => severity === 'damage').map(({ message }) => message)
    for (const one of saved) wrong.push(...differences(opened.store, one))
    for (const session of sessions) wrong.push(...(await restoreDifferences(opened.store, session)))
    return wrong
  }

  /** The newest that was reported saved, through the product's own restore. */
  async function restoreDifferences(opened: CheckpointStore, session: SessionId): Promise<readonly string[]> {
    const newest = saved.findLast(one => one.session === session)
    const read = newest && opened.read(session, newest.seq)
    if (!newest || !read?.ok) return []
    const target = '/restored'
    const git = createGit(ports.commands, {})
    const restored = await restoreSide({ ports, git, store: opened }, read.record, target)
    const label = `${session}/${newest.seq} restored`
    const wrong = restored.ok ? folderDifferences(disk, target, newest, label) : [`${label}: ${restored.message}`]
    removeTreeQuietly(disk, target)
    return wrong
  }

  return { disk, random, saved, work, rewriteAll, checkpoint, check, store, ports }
}

/** How a saved checkpoint differs from what was there; what the record says it left out is no difference. */
export function differences(store: CheckpointStore, one: Expected): readonly string[] {
  const label = `${one.session}/${one.seq}`
  const read = store.read(one.session, one.seq)
  if (!read.ok) return [`${label}: ${read.problem.message}`]
  const streams = [...one.streams].flatMap(([name, content]) => {
    const chunks: Uint8Array[] = []
    const result = store.readStream(read.record, name, chunk => chunks.push(chunk))
    if (!result.ok) return [`${label}: ${result.finding.message}`]
    return Buffer.concat(chunks).equals(content) ? [] : [`${label}: ${name} is not what it was`]
  })
  return [...streams, ...treeDifferences(store, read.record, one.files, label)]
}

function treeDifferences(
  store: CheckpointStore,
  record: CheckpointRecord,
  files: ReadonlyMap<string, string>,
  label: string,
): readonly string[] {
  const read = store.readManifest(record)
  if (!read.ok) return [`${label}: ${read.finding.message}`]
  if (read.manifest === null) return record.treeError === null ? [`${label}: no tree, and nothing says why`] : []
  const kept = keptFiles(store, record, read.manifest)
  const left = read.manifest.skipped.map(({ path: name }) => displayTreePath(name))
  const isLeftOut = (name: string) => left.some(each => name === each || name.startsWith(`${each}/`))
  const lost = [...files].flatMap(([name, content]) =>
    kept.get(name) === content || isLeftOut(name) ? [] : [`${label}: ${name} is ${kept.has(name) ? 'wrong' : 'lost'}`],
  )
  return [...lost, ...[...kept.keys()].filter(name => !files.has(name)).map(name => `${label}: ${name} was not there`)]
}

function keptFiles(
  store: CheckpointStore,
  record: CheckpointRecord,
  manifest: TreeManifest,
): ReadonlyMap<string, string> {
  const holder = record.packs[record.tree?.place[0] ?? -1] ?? ''
  const reader = store.packReader()
  try {
    return new Map(
      manifest.files.map(({ path: name, place, sha256 }) => {
        const pack = place && (place[0] === 0 ? holder : (manifest.packs[place[0] - 1] ?? ''))
        const read = place && pack ? reader.frame(pack, place, sha256) : null
        return [displayTreePath(name), read?.ok ? read.content.toString() : 'unreadable']
      }),
    )
  } finally {
    reader.close()
  }
}

function folderDifferences(disk: FileSystem, target: string, one: Expected, label: string): readonly string[] {
  const has = (file: string, content: Buffer) => {
    try {
      return readAll(disk, file).equals(content)
    } catch {
      return false
    }
  }
  const transcripts = [...one.streams].map(([name, content]) => {
    const file = name === 'main' ? `${one.session}.jsonl` : `${one.session}/${name}`
    return [`transcript/${file}`, content] as const
  })
  return transcripts.flatMap(([name, content]) =>
    has(`${target}/${name}`, content) ? [] : [`${label}: ${name} is not what it was`],
  )
}

/** The whole of a file. */
export function readAll(files: FileSystem, at: string): Buffer {
  const file = files.open(at, 'read')
  try {
    const bytes = Buffer.alloc(file.stat().size)
    file.read(bytes, 0)
    return bytes
  } finally {
    file.close()
  }
}

/** Replaces a file's content, and makes its folder. */
export function write(files: FileSystem, at: string, content: Uint8Array): void {
  files.makeFolder(at.slice(0, at.lastIndexOf('/')))
  try {
    files.unlink(at)
  } catch {}
  const file = files.open(at, 'create')
  file.append(content)
  file.close()
}

function lines(random: Random, bytes: number): Buffer {
  return Buffer.from(transcriptLines(random, bytes))
}

function text(random: Random): string {
  return `${random.hex(random.int(1, 60))}\n`.repeat(random.int(1, 20))
}

/** Mostly it grows; a torn last line, a file cut short and a file written anew are what else happens. */
function nextTranscript(random: Random, content: Buffer): Buffer {
  const whole = content.subarray(0, content.lastIndexOf(0x0a) + 1)
  const grown = Buffer.concat([whole, lines(random, random.int(1, 800))])
  return random.weighted<() => Buffer>([
    [8, () => grown],
    [2, () => Buffer.concat([grown, Buffer.from('{"type":"assis')])],
    [1, () => lines(random, 900)],
    [1, () => whole.subarray(0, whole.lastIndexOf(0x0a, whole.length >> 1) + 1)],
    [1, () => content],
  ])()
}
