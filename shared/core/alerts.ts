/**
 * What the user must be told of without looking: failures, silence, the disk budget, sessions that collide.
 *
 * Pure: it compares what is wrong now with what was told before. A cause is told once and again only after it was
 * over for half an hour; what comes together is told together, at most once a minute; what is over before its turn
 * (in quiet hours, say) is never told. Every host shows the result through channels of its own.
 */
import { cutText, formatDuration, oneLine } from './format.ts'
import type { CycleSummary, MonitorState, SessionView } from './monitor-state.ts'
import { redact } from './redact.ts'
import { isLive, type SessionId } from './session.ts'

export type AlertKind = 'stopped' | 'failure' | 'silence' | 'budget' | 'collision' | 'trouble'

/** One cause. Texts are one line each and redacted. */
export interface Alert {
  /** Names the cause: equal keys are the same trouble. */
  readonly key: string
  readonly kind: AlertKind
  readonly title: string
  /** What happened and what the user can do. */
  readonly body: string
  /** The session that it is about, if it is about one. */
  readonly sessionId: SessionId | null
}

/** What a channel shows: one alert, or several under one heading. */
export interface AlertNotice {
  readonly title: string
  readonly body: string
  /** Where a click leads: this session, or null for the list of what happened. */
  readonly sessionId: SessionId | null
  /** At least one. */
  readonly alerts: readonly Alert[]
}

/** What the user chose: the `notifications` of the settings. */
export interface AlertPolicy {
  /** Failed checkpoints and whatever else is wrong for longer. */
  readonly failures: boolean
  /** No check for long, and a monitor that has stopped. */
  readonly silence: boolean
  readonly disk: boolean
  readonly collisions: boolean
  /** `HH:MM` of the local day; `from` after `to` reaches over midnight, equal means all day. */
  readonly quietHours: { readonly from: string; readonly to: string } | null
  /** Nothing is told that is about these sessions only. */
  readonly mutedSessions: readonly SessionId[]
}

/** The monitor as the host sees it. */
export type AlertInput =
  | { readonly kind: 'running'; readonly state: MonitorState }
  | { readonly kind: 'stopped'; readonly message: string; readonly remedy: string }

export interface AlertMoment {
  /** From any start, never back; need not count sleep. */
  readonly monotonicMs: number
  /** Of the local day, 0–1439. */
  readonly minuteOfDay: number
}

/** What was told and seen so far. Made by {@link noAlerts} and {@link nextAlerts} only. */
export interface AlertMemory {
  /** Key of each cause that was told → when it held last. */
  readonly told: ReadonlyMap<string, number>
  readonly toldAtMs: number | null
  /** Since when something waits to be told. */
  readonly waitingSinceMs: number | null
  readonly silence: SilenceMemory
  /** Collisions of the first look, which nobody needs to be told of; null before it. */
  readonly firstCollisions: ReadonlySet<string> | null
}

interface SilenceMemory {
  readonly atMs: number | null
  /** Time awake since the last sign of a working monitor. */
  readonly silentMs: number
  /** What such a sign would change. */
  readonly sign: string
}

export const noAlerts: AlertMemory = {
  told: new Map(),
  toldAtMs: null,
  waitingSinceMs: null,
  silence: { atMs: null, silentMs: 0, sign: '' },
  firstCollisions: null,
}

/** At most one notice in this time. */
const noticeEveryMs = 60_000
/** What comes together within this time is told together. */
const settleMs = 2_000
/** A cause that was over for this long is news again. */
const forgetMs = 30 * 60_000
/** A longer gap between two looks was sleep, and is not silence. */
const longestGapMs = 60_000
const silentIntervals = 3

export interface NextAlerts {
  readonly memory: AlertMemory
  /** To be shown now; null for nothing. */
  readonly notice: AlertNotice | null
  /** Look again after this long though nothing changes; null if only a change matters. Ms. */
  readonly againMs: number | null
}

/** What is to be told at this moment. Call it with every state, and at least every minute. */
export function nextAlerts(
  memory: AlertMemory,
  input: AlertInput,
  policy: AlertPolicy,
  moment: AlertMoment,
): NextAlerts {
  const now = moment.monotonicMs
  const silence = nextSilence(memory.silence, input, now)
  const firstCollisions = memory.firstCollisions ?? collisionsAtStart(input)
  const causes = causesOf(input, policy, silence, firstCollisions ?? new Set())
  const told = stillKnown(memory.told, causes, now)
  const news = causes.filter(({ key }) => !told.has(key))
  const waitingSinceMs = news.length === 0 ? null : (memory.waitingSinceMs ?? now)
  const next = { ...memory, told, silence, firstCollisions, waitingSinceMs }
  if (waitingSinceMs === null) return { memory: next, notice: null, againMs: null }
  if (isQuiet(policy, moment.minuteOfDay)) return { memory: next, notice: null, againMs: null }
  const dueMs = Math.max(waitingSinceMs + settleMs, memory.toldAtMs === null ? 0 : memory.toldAtMs + noticeEveryMs)
  if (now < dueMs) return { memory: next, notice: null, againMs: dueMs - now }
  const toldNow = new Map([...told, ...news.map(({ key }) => [key, now] as const)])
  return {
    memory: { ...next, told: toldNow, toldAtMs: now, waitingSinceMs: null },
    notice: noticeOf(news),
    againMs: null,
  }
}

/** True in the quiet hours: from their first minute to the one before their end. */
export function isQuiet({ quietHours }: AlertPolicy, minuteOfDay: number): boolean {
  if (quietHours === null) return false
  const [from, to] = [minuteOf(quietHours.from), minuteOf(quietHours.to)]
  return from < to ? minuteOfDay >= from && minuteOfDay < to : minuteOfDay >= from || minuteOfDay < to
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}

function stillKnown(
  told: ReadonlyMap<string, number>,
  causes: readonly Alert[],
  now: number,
): ReadonlyMap<string, number> {
  const active = new Set(causes.map(({ key }) => key))
  const seen = [...told].map(([key, lastMs]) => [key, active.has(key) ? now : lastMs] as const)
  return new Map(seen.filter(([, lastMs]) => now - lastMs < forgetMs))
}

/** Worst first, as it is read; without the kinds that the user has turned off. */
function causesOf(
  input: AlertInput,
  policy: AlertPolicy,
  silence: SilenceMemory,
  firstCollisions: ReadonlySet<string>,
): readonly Alert[] {
  const isWanted: Readonly<Record<AlertKind, boolean>> = {
    stopped: policy.silence,
    silence: policy.silence,
    failure: policy.failures,
    trouble: policy.failures,
    budget: policy.disk,
    collision: policy.collisions,
  }
  return everyCause(input, policy, silence, firstCollisions).filter(({ kind }) => isWanted[kind])
}

function everyCause(
  input: AlertInput,
  policy: AlertPolicy,
  silence: SilenceMemory,
  firstCollisions: ReadonlySet<string>,
): readonly Alert[] {
  if (input.kind === 'stopped') {
    const body = sentences(input.message, input.remedy)
    return [{ key: 'stopped', kind: 'stopped', title: 'The monitor has stopped', body, sessionId: null }]
  }
  const { state } = input
  const muted = new Set(policy.mutedSessions)
  const collisions = collisionsIn(state.sessions.filter(({ sessionId }) => !muted.has(sessionId)))
  return [
    ...silenceAlerts(silence, state),
    ...failures(state.sessions.filter(({ sessionId }) => !muted.has(sessionId))),
    ...lastingTroubles(state),
    ...collisions.filter(({ key }) => !firstCollisions.has(key)),
  ]
}

// ---- failures

/** These strike every session of the machine: one cause, however many fail by it. */
const machineWide: ReadonlySet<string> = new Set(['disk-full', 'store-format', 'lock-lost'])

function failures(sessions: readonly SessionView[]): readonly Alert[] {
  const failed = sessions.flatMap(view =>
    view.protection === 'failing' && view.lastOutcome?.kind === 'failed' ? [{ view, outcome: view.lastOutcome }] : [],
  )
  const byCause = Map.groupBy(failed, ({ view, outcome }) =>
    machineWide.has(outcome.code) ? outcome.code : `${outcome.code}:${view.project?.root ?? view.sessionId}`,
  )
  return [...byCause].map(([cause, [first, ...others]]) => {
    if (first === undefined) throw new Error('a group is never empty')
    const { view, outcome } = first
    const projects = new Set([first, ...others].map(one => projectName(one.view)))
    return {
      key: `failure:${cause}`,
      kind: 'failure',
      title: projects.size === 1 ? `Checkpoint failed: ${projectName(view)}` : 'Checkpoints failed',
      body: sentences(whose(view, others.length), outcome.message, outcome.remedy),
      sessionId: others.length === 0 ? view.sessionId : null,
    }
  })
}

function whose(view: SessionView, others: number): string {
  const more = others === 0 ? '' : ` and ${others === 1 ? 'one other session' : `${others} other sessions`}`
  return `“${cutText(titleOf(view), 60)}”${more}`
}

// ---- silence

/** Time in which the monitor was awake, meant to work, and showed no sign of it. */
function nextSilence(memory: SilenceMemory, input: AlertInput, now: number): SilenceMemory {
  const silent = { atMs: now, silentMs: 0, sign: '' }
  if (input.kind === 'stopped' || input.state.paused !== null) return silent
  const sign = signOfLife(input.state)
  const gap = now - (memory.atMs ?? now)
  const grown = gap >= 0 && gap <= longestGapMs ? gap : 0
  return sign === memory.sign ? { atMs: now, silentMs: memory.silentMs + grown, sign } : { ...silent, sign }
}

/** Changes when a cycle has done what it should, and while long work moves on. */
function signOfLife({ lastCycle, progress }: MonitorState): string {
  const cycle = lastCycle !== null && isSuccessful(lastCycle) ? lastCycle.startedMs : ''
  return `${cycle}|${progress === null ? '' : `${progress.task} ${progress.done} ${progress.bytes?.done ?? ''}`}`
}

/** A cycle in which something was due and nothing at all could be done is none. */
function isSuccessful({ due, created, failed, notDone }: CycleSummary): boolean {
  const stuck = failed + Object.values(notDone).reduce((sum, n) => sum + n, 0)
  return due === 0 || created > 0 || stuck < due
}

function silenceAlerts({ silentMs }: SilenceMemory, { settings, lastCycle }: MonitorState): readonly Alert[] {
  const limitMs = settings.intervalMinutes * 60_000 * silentIntervals
  if (silentMs <= limitMs) return []
  const locked = (lastCycle?.notDone['locked-elsewhere'] ?? 0) > 0
  const why = locked ? 'Another program holds the lock' : 'It may hang'
  const remedy = locked ? 'See which with `session-monitor lock --status`' : 'Quit the monitor and start it again'
  return [
    {
      key: 'silence',
      kind: 'silence',
      title: 'No check has succeeded for a while',
      body: sentences(`The monitor saved nothing that was due for over ${formatDuration(limitMs)}`, why, remedy),
      sessionId: null,
    },
  ]
}

// ---- what lasts

/** Warnings that cannot wait until somebody looks. */
const urgentWarnings: ReadonlySet<string> = new Set(['store-over-budget', 'store-not-tidied'])

function lastingTroubles({ notices }: MonitorState): readonly Alert[] {
  const grave = notices.filter(({ id, level }) => level === 'error' || urgentWarnings.has(id))
  return grave.map(({ id, message, remedy }) => {
    const isBudget = id === 'store-over-budget'
    return {
      key: `notice:${id}`,
      kind: isBudget ? 'budget' : 'trouble',
      title: isBudget ? 'The checkpoints exceed their disk budget' : 'The monitor needs attention',
      body: sentences(message, remedy),
      sessionId: null,
    }
  })
}

// ---- collisions

/** Null until everything was looked at once. */
function collisionsAtStart(input: AlertInput): ReadonlySet<string> | null {
  if (input.kind === 'stopped' || input.state.lastCycle === null) return null
  return new Set(collisionsIn(input.state.sessions).map(({ key }) => key))
}

/** Live sessions that work on the same files. */
function collisionsIn(sessions: readonly SessionView[]): readonly Alert[] {
  const live = sessions.filter(view => isLive(view.live) && view.project !== null && view.project.kind !== 'missing')
  const byRoot = Map.groupBy(live, view => view.project?.root ?? '')
  return [...byRoot].flatMap(([root, [first, ...others]]) => {
    if (first === undefined || others.length === 0) return []
    const who = `${whose(first, others.length)} work on the same files`
    return {
      key: `collision:${root}`,
      kind: 'collision',
      title: `${others.length + 1} sessions in ${projectName(first)}`,
      body: sentences(who, 'A checkpoint of each is taken at once; one may overwrite what another did'),
      sessionId: null,
    }
  })
}

// ---- words

const bodyCharacters = 400
const groupedLines = 5

function noticeOf(alerts: readonly Alert[]): AlertNotice {
  const [first, ...others] = alerts
  if (first === undefined) throw new Error('a notice needs an alert')
  if (others.length === 0) return { title: first.title, body: first.body, sessionId: first.sessionId, alerts }
  const lines = alerts.slice(0, groupedLines).map(({ title, body }) => `${title}: ${cutText(body, 120)}`)
  const left = alerts.length - lines.length
  return {
    title: `${alerts.length} things need your attention`,
    body: [...lines, ...(left > 0 ? [`… and ${left} more`] : [])].join('\n'),
    sessionId: null,
    alerts,
  }
}

function titleOf({ title, sessionId }: SessionView): string {
  return oneLine(redact(title.slice(0, 1_000)), 60) || sessionId.slice(0, 8)
}

function projectName({ project, sessionId }: SessionView): string {
  return oneLine(project?.name ?? '', 60) || `session ${sessionId.slice(0, 8)}`
}

/** Parts as sentences of one line, redacted and cut. */
function sentences(...parts: readonly string[]): string {
  const cut = parts.map(part => oneLine(redact(part.slice(0, 4_000)), bodyCharacters))
  return cutText(
    cut.flatMap(part => (part === '' ? [] : [/[.!?…]$/.test(part) ? part : `${part}.`])).join(' '),
    bodyCharacters,
  )
}
