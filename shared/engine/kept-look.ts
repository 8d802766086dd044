/**
 * What the last look of a command found, kept so that the next list is told without the engine, the store and all that
 * they load. A cache, `look.json`, written by `look-keeper.ts`: who cannot trust it looks anew.
 *
 * Invariants (tests cite them by number):
 * 1. It is told only where a look would say the same: everything that a look reads is as it was (`look-key.ts`), and so
 *    are the projects. What depends on the hour or the settings is worked out anew. As for a monitor that runs, a record
 *    never changes: one that was tampered with is for `verify` to find.
 * 2. What git alone can tell of work trees is told for a minute, and its age with it.
 * 3. A file that is torn, foreign or of another version is as good as none.
 */

import { type Judged, judge } from '../core/judgement.ts'
import { compareViews, type MonitorState } from '../core/monitor-state.ts'
import { budgetBytesOf } from '../core/retention.ts'
import type { ProjectRef, SessionFacts } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import { type DataPaths, dataPaths } from './data-folder.ts'
import { errorCode, readBounded } from './durable-file.ts'
import { lookKeyOf } from './look-key.ts'
import { isDeepStrictEqual } from './node-util.ts'
import type { FileSystem, Ports } from './ports.ts'
import { createProjectResolver } from './project-resolver.ts'

/** Whose look it is. */
export interface LookPlace {
  readonly dataFolder: string
  /** Claude Code's config folders, without those of the settings. Absolute. */
  readonly roots: readonly string[]
  /** Of the program: another one may see other things in the same files. */
  readonly version: string
}

/** A project, and from which folders of a transcript it was found. */
export interface KeptProject extends Pick<SessionFacts, 'cwd' | 'firstCwd'> {
  readonly project: ProjectRef | null
}

/** All of a state that a look finds. */
type KeptState = Pick<
  MonitorState,
  'storeFolder' | 'roots' | 'notices' | 'settings' | 'settingsProblems' | 'lastProof' | 'storeUse'
>

export interface KeptLook extends KeptState {
  /** All folders that were searched. */
  readonly searched: readonly string[]
  /** When work trees were looked at, epoch ms; null if none counts. */
  readonly workTreesAtMs: number | null
  readonly sessions: readonly Judged[]
  /** Each once. */
  readonly projects: readonly KeptProject[]
}

/** Counts up with every change of {@link KeptLook} or of what is in it. */
const form = 2

/** First line of the file; the look follows in the second. */
interface Head {
  readonly v: typeof form
  readonly version: string
  readonly roots: readonly string[]
  /** See {@link lookKeyOf}. */
  readonly key: string
  /** Characters of the second line. */
  readonly length: number
}

const sizeLimit = 268_435_456
/** For so long a count of changed files is told without asking git again. */
const workTreesMs = 60_000

export function encodeLook({ roots, version }: LookPlace, key: string, look: KeptLook): Buffer {
  const body = JSON.stringify(look)
  const head: Head = { v: form, version, roots, key, length: body.length }
  return Buffer.from(`${JSON.stringify(head)}\n${body}\n`)
}

export type LookPorts = Pick<Ports, 'clock' | 'files' | 'processes'>

/** The look that is kept, if another one would find the same now. */
export async function readKeptLook(ports: LookPorts, place: LookPlace): Promise<KeptLook | null> {
  const { files, processes, clock } = ports
  const paths = dataPaths(place.dataFolder)
  const kept = decodeLook(files, paths, place)
  if (kept === null) return null
  const { head, look } = kept
  const ageMs = look.workTreesAtMs === null ? 0 : clock.nowMs() - look.workTreesAtMs
  if (ageMs < 0 || ageMs > workTreesMs) return null
  const { key } = await lookKeyOf(files, processes, { roots: look.searched, paths })
  if (key !== head.key || !sameProjects(ports, look)) return null
  return look
}

/** The state that a look would give, as of `nowMs`. @param settings In place of those that held: flags may differ. */
export function stateOfKept(
  { files, clock }: Pick<Ports, 'files' | 'clock'>,
  look: KeptLook,
  settings: Settings = look.settings,
): MonitorState {
  const nowMs = clock.nowMs()
  const by = { nowMs, settings, pausedUntilMs: null, urgent: null, backOff: null, lastOutcome: null }
  const views = look.sessions.map(session => ({ ...session.findings, ...judge(session, by), lastOutcome: null }))
  const { storeFolder, roots, notices, settingsProblems, lastProof, storeUse } = look
  return {
    engine: 'kept',
    revision: 1,
    atMs: nowMs,
    phase: 'idle',
    progress: null,
    paused: null,
    sessions: views.sort(compareViews),
    lastCycle: null,
    nextCycleAtMs: null,
    activity: [],
    storeFolder,
    roots,
    notices,
    settings,
    settingsProblems,
    lastProof,
    storeUse: storeUse && { ...storeUse, budgetBytes: budgetNow(files, look, storeUse.bytes) },
  }
}

function decodeLook(files: FileSystem, { look: file }: DataPaths, place: LookPlace) {
  const read = readBounded(files, file, sizeLimit)
  const [first = '', body = ''] = read.ok ? read.bytes.toString('utf8').split('\n') : []
  try {
    const head = JSON.parse(first) as Partial<Head> | null
    const isOurs = head?.v === form && head.version === place.version && isDeepStrictEqual(head.roots, place.roots)
    if (!isOurs || head.length !== body.length) return null
    const look = JSON.parse(body) as KeptLook | null
    const isWhole = [look?.sessions, look?.projects, look?.searched].every(Array.isArray)
    return look !== null && isWhole ? { head, look } : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** A repository may have been made or a folder removed since. */
function sameProjects({ files, clock }: LookPorts, { projects }: KeptLook): boolean {
  const resolver = createProjectResolver(files, clock)
  return projects.every(({ cwd, firstCwd, project }) => {
    const now = resolver.resolve(cwd, firstCwd)
    return now?.root === project?.root && now?.kind === project?.kind
  })
}

function budgetNow(files: FileSystem, { settings, storeFolder }: KeptLook, bytes: number): number {
  try {
    return Math.round(budgetBytesOf(settings, files.diskSpace(storeFolder), bytes))
  } catch (error) {
    if (errorCode(error) === null) throw error
    return settings.storeBudgetGigabytes * 1e9
  }
}
