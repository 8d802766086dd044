/**
 * A whole machine's worth of made-up sessions, from a seed, with what is true of them.
 *
 *   <folder>/home/.claude/projects, sessions     what Claude Code would have written
 *   <folder>/work/<name>                         the projects: git repositories, plain folders, some missing
 *
 * The same options give the same bytes in every transcript and the same commits (the live registry names running
 * processes and so differs). Sessions are written one after the other, so that gigabytes need little memory.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { ProjectRef, SessionId } from '../../shared/core/session.ts'
import { nodeProcesses } from '../../shared/engine/node-ports.ts'
import type { ProcessIdentity } from '../../shared/engine/ports.ts'
import {
  type CorpusPlace,
  layOutWork,
  type Profile,
  planSessions,
  type SessionPlan,
  writeStrays,
} from './corpus-plan.ts'
import {
  type CorpusSession,
  encodeProjectFolder,
  fileSink,
  type Growth,
  growSession,
  type SessionState,
  streamsOf,
} from './corpus-session.ts'
import { createFiller, type Filler } from './filler.ts'
import { truthOf } from './ground-truth.ts'
import { seededRandom } from './random.ts'
import {
  type LiveTruth,
  liveTruth,
  notInRegistry,
  type RegistryEntry,
  writeOddRegistryFile,
  writeRegistryFile,
} from './registry-files.ts'
import type { WorkTree } from './repositories.ts'
import { writeSession, writeTornTail } from './session-plan.ts'
import { replayFork } from './transcript-fork.ts'
import { createWriter, type TranscriptWriter } from './transcript-writer.ts'

export interface CorpusOptions {
  /** Absolute; made if it is not there. */
  readonly folder: string
  readonly seed: number | string
  readonly sessions: number
  readonly repositories: number
  /** `small`: 6–60 kB each. `real`: log-normal sizes, median about 125 kB, 99th percentile about 5 MB. `nasty`: every odd case. */
  readonly profile: Profile
  /** Sessions of the `real` profile become so many times longer, up to 8 MB each. Default 1. */
  readonly scale?: number
  /** The present of the corpus; all that is written is older. Default 2026-11-23T12:00:00Z. */
  readonly nowMs?: number
  /** Running processes for live sessions: busy, waiting, idle, shell in turn. Default: this process. From two on, the last one holds a provisional id. */
  readonly live?: readonly ProcessIdentity[]
  /** Default: that of this process. */
  readonly pidDomain?: string
  /** Default true: live, stale and odd files in `sessions/`. */
  readonly registry?: boolean
  /** Also write `<folder>/truth.json`. Default false. */
  readonly writeTruth?: boolean
}

export interface Corpus {
  readonly folder: string
  readonly home: string
  readonly configDir: string
  readonly sessionsDir: string
  /** Claude config folders to scan. */
  readonly roots: readonly string[]
  readonly nowMs: number
  readonly sessions: readonly CorpusSession[]
  /** Every project, the missing and the plain ones too. */
  readonly repositories: readonly WorkTree[]
  /** Session ids that the registry names but that have no transcript. */
  readonly registryOnly: readonly SessionId[]
  /** Bytes of all transcripts. */
  readonly bytes: number
  /** Appends to a session and returns it as it then is; `sessions` keeps its old value. */
  readonly grow: (session: CorpusSession, growth?: Growth) => CorpusSession
}

const defaultNowMs = Date.UTC(2026, 10, 23, 12)
const statuses = ['busy', 'waiting', 'idle', 'shell'] as const

export function buildCorpus(options: CorpusOptions): Corpus {
  const random = seededRandom(options.seed)
  const filler = createFiller(random.branch('filler'))
  const place = makePlace(options)
  const trees = layOutWork(place, random.branch('work'), filler, options.repositories, options.profile)
  const plans = planSessions(place, trees, random, options)
  if (options.profile === 'nasty') writeStrays(place)
  const states = new Map<SessionId, SessionState>()
  const sessions: CorpusSession[] = []
  for (const plan of plans) {
    const state = writeToDisk(place, plan, filler, states)
    states.set(plan.sessionId, state)
    sessions.push(describeSession(plan, state, trees))
  }
  const { live, registryOnly } =
    options.registry === false
      ? { live: new Map<SessionId, LiveTruth>(), registryOnly: [] }
      : writeRegistry(place, plans, sessions, options)
  const corpus: Corpus = {
    folder: place.folder,
    home: place.home,
    configDir: place.configDir,
    sessionsDir: place.sessionsDir,
    roots: [place.configDir],
    nowMs: place.nowMs,
    sessions: sessions.map(session => ({ ...session, live: live.get(session.sessionId) ?? session.live })),
    repositories: trees,
    registryOnly,
    bytes: sessions.reduce(
      (sum, session) => sum + session.streams.reduce((all, stream) => all + stream.sizeBytes, 0),
      0,
    ),
    grow: (session, growth) => growSession(session, stateOf(states, session), growth),
  }
  if (options.writeTruth === true) writeTruthFile(corpus)
  return corpus
}

function stateOf(states: ReadonlyMap<SessionId, SessionState>, session: CorpusSession): SessionState {
  const state = states.get(session.sessionId)
  if (state === undefined) throw new RangeError(`${session.sessionId} is not of this corpus`)
  return state
}

function makePlace(options: CorpusOptions): CorpusPlace {
  fs.mkdirSync(options.folder, { recursive: true })
  const folder = fs.realpathSync(options.folder)
  const home = path.join(folder, 'home')
  const configDir = path.join(home, '.claude')
  const place = {
    folder,
    home,
    configDir,
    projectsDir: path.join(configDir, 'projects'),
    sessionsDir: path.join(configDir, 'sessions'),
    workDir: path.join(folder, 'work'),
    nowMs: options.nowMs ?? defaultNowMs,
  }
  for (const made of [place.projectsDir, place.sessionsDir, place.workDir])
    fs.mkdirSync(made, { recursive: true, mode: 0o700 })
  return place
}

function writeToDisk(
  place: CorpusPlace,
  plan: SessionPlan,
  filler: Filler,
  states: ReadonlyMap<SessionId, SessionState>,
): SessionState {
  const mainPath = path.join(place.projectsDir, encodeProjectFolder(plan.fileCwd), `${plan.sessionId}.jsonl`)
  const { sink, flush } = fileSink(mainPath)
  const writer = createWriter({ ...plan.writer, sessionId: plan.sessionId, random: plan.random, filler, sink })
  if (plan.forkOf === null) writeSession(writer, plan.shape)
  else replayFork(writer, forkSource(states, plan.forkOf.sessionId), plan.forkOf)
  const torn = plan.torn === null ? null : { kind: plan.torn, bytes: writeTornTail(writer, plan.torn) }
  flush()
  const state: SessionState = { writer, mainPath, torn }
  for (const name of writer.truth.bytes.keys()) setTimes(state, name)
  if (writer.truth.lastActivityMs !== null && writer.truth.lastActivityMs > place.nowMs) {
    throw new Error(`session ${plan.sessionId} ends after the corpus's present`)
  }
  return state
}

function forkSource(states: ReadonlyMap<SessionId, SessionState>, sessionId: SessionId): TranscriptWriter {
  const state = states.get(sessionId)
  if (state === undefined) throw new Error('a fork comes after its source')
  return state.writer
}

function setTimes(state: SessionState, stream: string): void {
  const seconds = (state.writer.truth.lastActivityMs ?? state.writer.options.startMs) / 1000
  const [found] = streamsOf(state).filter(({ name }) => name === stream)
  if (found !== undefined) fs.utimesSync(found.path, seconds, seconds)
}

function describeSession(plan: SessionPlan, state: SessionState, trees: readonly WorkTree[]): CorpusSession {
  const truth = truthOf(state.writer.truth)
  return {
    sessionId: plan.sessionId,
    mainPath: state.mainPath,
    projectFolder: path.dirname(state.mainPath),
    streams: streamsOf(state),
    truth,
    project: truth.cwd === null ? null : projectOf(truth.cwd, trees),
    live: notInRegistry(plan.writer.age === 'current'),
    cases: plan.caseNames,
  }
}

/** The git top level of `cwd`, or `cwd` itself. */
function projectOf(cwd: string, trees: readonly WorkTree[]): ProjectRef {
  const holders = trees.filter(tree => cwd === tree.root || cwd.startsWith(`${tree.root}${path.sep}`))
  const [nearest] = holders.toSorted((a, b) => b.root.length - a.root.length)
  const root = nearest?.kind === 'git' ? nearest.root : cwd
  return { root, name: path.basename(root), kind: nearest?.kind ?? 'missing' }
}

function writeRegistry(
  place: CorpusPlace,
  plans: readonly SessionPlan[],
  sessions: readonly CorpusSession[],
  options: CorpusOptions,
) {
  const processes = nodeProcesses()
  const pidDomain = options.pidDomain ?? processes.pidDomain
  const running = options.live ?? [processes.self]
  const provisional = running.length > 1 ? running.at(-1) : undefined
  const holders = provisional === undefined ? running : running.slice(0, -1)
  const other = processes.find(process.ppid) ?? processes.find(1) ?? processes.self
  const live = new Map<SessionId, LiveTruth>()
  for (const [i, plan] of plans.entries()) {
    const session = sessions[i]
    if (session === undefined || plan.registry === null) continue
    const status = plan.registry.kind === 'live' ? (statuses[plan.registry.n % 4] ?? 'busy') : 'busy'
    const entry = {
      sessionId: plan.sessionId,
      cwd: session.truth.cwd ?? place.workDir,
      process: holders[plan.registry.n] ?? processes.self,
      pidDomain,
      status,
      statusUpdatedMs: session.truth.lastActivityMs ?? place.nowMs,
      startedMs: session.truth.firstActivityMs ?? place.nowMs,
      ...(status === 'waiting' ? { waitingFor: 'permission prompt' } : {}),
    } satisfies RegistryEntry
    if (plan.registry.kind === 'live' && plan.registry.n >= holders.length) continue
    live.set(
      plan.sessionId,
      plan.registry.kind === 'live'
        ? writeLive(place, entry)
        : writeOddRegistryFile(place.sessionsDir, plan.registry.kind, entry, i, other),
    )
  }
  const registryOnly = provisional === undefined ? [] : [writeProvisional(place, provisional, pidDomain)]
  return { live, registryOnly }
}

function writeLive(place: CorpusPlace, entry: RegistryEntry): LiveTruth {
  writeRegistryFile(place.sessionsDir, entry)
  return liveTruth(entry)
}

/** Between quitting and resuming, the registry may name an id that never gets a file. */
function writeProvisional(place: CorpusPlace, holder: ProcessIdentity, pidDomain: string): SessionId {
  const sessionId = seededRandom(`provisional ${place.folder}`).uuid()
  writeRegistryFile(place.sessionsDir, {
    sessionId,
    cwd: place.workDir,
    process: holder,
    pidDomain,
    status: 'idle',
    statusUpdatedMs: place.nowMs,
    startedMs: place.nowMs,
  })
  return sessionId
}

/** One session a line, so that thousands can be written and read without one huge string. */
function writeTruthFile(corpus: Corpus): void {
  const { sessions, grow: _, ...head } = corpus
  const file = fs.openSync(path.join(corpus.folder, 'truth.json'), 'w', 0o600)
  fs.writeSync(file, `${JSON.stringify(head).slice(0, -1)},"sessions":[\n`)
  for (const [i, session] of sessions.entries()) fs.writeSync(file, `${i === 0 ? '' : ',\n'}${JSON.stringify(session)}`)
  fs.writeSync(file, '\n]}\n')
  fs.closeSync(file)
}
