/** The page: a header that sums up, and every session with its protection and why. Reads the store, calls its actions. */
import { useEffect, useState, useSyncExternalStore } from 'react'
import { explainOutcome } from '../shared/core/explain.ts'
import { count, formatAge, formatNumber, formatTokens, oneLine } from '../shared/core/format.ts'
import {
  countByProtection,
  type MonitorState,
  type Protection,
  protections,
  type SessionView,
} from '../shared/core/monitor-state.ts'
import type { MonitorStore, PageSnapshot } from './monitor-store.ts'

const minuteMs = 60_000

/** Shape and word, so that nobody has to tell colours apart. */
const protectionWords: Readonly<Record<Protection, { readonly sign: string; readonly word: string }>> = {
  failing: { sign: '✕', word: 'Failing' },
  'at-risk': { sign: '▲', word: 'At risk' },
  changed: { sign: '◐', word: 'Changed' },
  protected: { sign: '✓', word: 'Protected' },
  excluded: { sign: '–', word: 'Excluded' },
}

const liveWords: Readonly<Record<SessionView['live']['status'], string>> = {
  busy: 'busy',
  waiting: 'waiting',
  idle: 'idle',
  shell: 'in a shell',
  ended: 'ended',
  'ended-abruptly': 'ended abruptly',
  unknown: 'not known if live',
}

export function App({ store }: { readonly store: MonitorStore }) {
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot)
  const nowMs = useNowMs(15_000)
  const { state, connection } = snapshot
  return (
    <>
      <Header snapshot={snapshot} store={store} nowMs={nowMs} />
      {connection.kind === 'lost' && (
        <LostBanner reason={connection.reason} stale={state !== null} onRetry={store.reconnect} />
      )}
      <main aria-busy={connection.kind === 'connecting'} className={connection.kind === 'lost' ? 'stale' : ''}>
        {state === null && connection.kind !== 'lost' && <p className="empty">Connecting to the monitor …</p>}
        {state !== null && <Notices state={state} />}
        {state !== null && <Sessions state={state} snapshot={snapshot} store={store} nowMs={nowMs} />}
      </main>
      <p className="announcement" role="status">
        {snapshot.announcement}
      </p>
    </>
  )
}

/** The wall clock, read every `stepMs`: ages on screen grow without a new state. */
function useNowMs(stepMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), stepMs)
    return () => clearInterval(timer)
  }, [stepMs])
  return nowMs
}

interface ViewProps {
  readonly snapshot: PageSnapshot
  readonly store: MonitorStore
  readonly nowMs: number
}

function Header({ snapshot, store, nowMs }: ViewProps) {
  const { state } = snapshot
  return (
    <header>
      <div className="title">
        <h1>Active Session Monitor</h1>
        <p className="phase">{phaseWords(snapshot, nowMs)}</p>
      </div>
      {state !== null && <Counts state={state} />}
      <Actions snapshot={snapshot} store={store} />
      {state?.progress && (
        <label className="progress">
          <span>{state.progress.task}</span>
          <progress value={state.progress.done} max={Math.max(1, state.progress.total)} />
        </label>
      )}
    </header>
  )
}

function phaseWords({ state, connection }: PageSnapshot, nowMs: number): string {
  if (connection.kind === 'lost') return 'Not connected'
  if (state === null) return 'Connecting …'
  if (state.paused !== null) {
    const { untilMs } = state.paused
    return untilMs === null ? 'Paused until resumed' : `Paused, goes on ${formatAge(untilMs, nowMs)}`
  }
  if (state.phase === 'checkpointing') return 'Checkpointing …'
  if (state.phase === 'scanning' || state.phase === 'starting') return 'Reading sessions …'
  if (state.phase === 'stopped') return 'Stopped'
  const last = state.lastCycle === null ? 'Not checked yet' : `Checked ${formatAge(state.lastCycle.startedMs, nowMs)}`
  return state.nextCycleAtMs === null ? last : `${last}, next check ${formatAge(state.nextCycleAtMs, nowMs)}`
}

function Counts({ state }: { readonly state: MonitorState }) {
  const by = countByProtection(state.sessions)
  return (
    <ul className="counts" aria-label="Sessions by protection">
      {protections
        .filter(protection => by[protection] > 0)
        .map(protection => (
          <li key={protection} className={protection}>
            <strong>{by[protection].toLocaleString('en-GB')}</strong>
            <ProtectionWord protection={protection} />
          </li>
        ))}
    </ul>
  )
}

function ProtectionWord({ protection }: { readonly protection: Protection }) {
  const { sign, word } = protectionWords[protection]
  return (
    <span className="protection">
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  )
}

function Actions({ snapshot, store }: Omit<ViewProps, 'nowMs'>) {
  const { state, running, connection } = snapshot
  const off = connection.kind !== 'open' || state === null
  return (
    <div className="actions">
      <button
        type="button"
        className="primary"
        disabled={off || running.has('changed')}
        onClick={() => void store.checkpointAll('changed')}
      >
        {running.has('changed') ? 'Saving …' : 'Checkpoint all changed'}
      </button>
      <button type="button" disabled={off || running.has('check')} onClick={() => void store.checkNow()}>
        {running.has('check') ? 'Checking …' : 'Check now'}
      </button>
      {state?.paused ? (
        <button type="button" disabled={off} onClick={() => void store.resume()}>
          Resume
        </button>
      ) : (
        <fieldset className="pause" disabled={off}>
          <legend>Pause</legend>
          <button
            type="button"
            aria-label="Pause for 30 minutes"
            onClick={() => void store.pause(Date.now() + 30 * minuteMs)}
          >
            30 min
          </button>
          <button
            type="button"
            aria-label="Pause for 2 hours"
            onClick={() => void store.pause(Date.now() + 120 * minuteMs)}
          >
            2 h
          </button>
          <button type="button" aria-label="Pause until resumed" onClick={() => void store.pause(null)}>
            until resumed
          </button>
        </fieldset>
      )}
    </div>
  )
}

interface LostBannerProps {
  readonly reason: string
  /** Whether an old state is still on the page. */
  readonly stale: boolean
  readonly onRetry: () => void
}

function LostBanner({ reason, stale, onRetry }: LostBannerProps) {
  return (
    <div className="notice error" role="alert">
      <p>
        <strong>The connection to the monitor is lost.</strong> {reason}
        {stale && ' What you see below is what was last known.'}
      </p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}

function Notices({ state }: { readonly state: MonitorState }) {
  const problems = state.settingsProblems.map(({ key, message }) => (
    <div key={`setting-${key}`} className="notice warn">
      <p>
        <strong>A setting was not used:</strong> {message}
      </p>
    </div>
  ))
  const notices = state.notices.map(({ id, level, message, remedy }) => (
    <div key={id} className={`notice ${level}`}>
      <p>
        <strong>{message}</strong> {remedy}
      </p>
    </div>
  ))
  return [...notices, ...problems]
}

function Sessions({ state, snapshot, store, nowMs }: ViewProps & { readonly state: MonitorState }) {
  if (state.sessions.length === 0) return <NoSessions state={state} />
  return (
    <ul className="sessions" aria-label="Sessions, most urgent first">
      {state.sessions.map(session => (
        <li key={session.sessionId}>
          <Session session={session} snapshot={snapshot} store={store} nowMs={nowMs} />
        </li>
      ))}
    </ul>
  )
}

function NoSessions({ state }: { readonly state: MonitorState }) {
  const reading = state.phase === 'starting' || state.phase === 'scanning'
  return (
    <div className="empty">
      <h2>{reading ? 'Reading your sessions …' : 'No Claude Code sessions yet'}</h2>
      <p>
        {reading
          ? 'They appear here as soon as they are found.'
          : 'Start one anywhere on this machine: it appears here and is protected by itself.'}
      </p>
      <p className="roots">Looking in {state.roots.length === 0 ? 'no folder yet' : state.roots.join(', ')}</p>
    </div>
  )
}

function Session({ session, snapshot, store, nowMs }: ViewProps & { readonly session: SessionView }) {
  const titleId = `title-${session.sessionId}`
  const saving = snapshot.running.has(session.sessionId)
  return (
    <article className={session.protection} aria-labelledby={titleId}>
      <ProtectionWord protection={session.protection} />
      <div className="what">
        <h2 id={titleId}>
          <bdi>{oneLine(session.title, 200) || 'Session without a title'}</bdi>
        </h2>
        <p className="facts">
          {factsOf(session).map(fact => (
            <bdi key={fact}>{oneLine(fact, 120)}</bdi>
          ))}
        </p>
        <p className="why">{session.why}</p>
        {problemsOf(session, nowMs).map(problem => (
          <p key={problem} className="problem">
            {problem}
          </p>
        ))}
      </div>
      <Urgency session={session} />
      <p className="last">{lastCheckpointWords(session, nowMs)}</p>
      <button
        type="button"
        disabled={saving || snapshot.connection.kind !== 'open'}
        aria-describedby={titleId}
        onClick={() => void store.checkpointSession(session.sessionId)}
      >
        {saving ? 'Saving …' : 'Checkpoint now'}
      </button>
    </article>
  )
}

function problemsOf({ lastOutcome, problems }: SessionView, nowMs: number): readonly string[] {
  return lastOutcome?.kind === 'failed' ? [explainOutcome(lastOutcome, nowMs), ...problems] : problems
}

function factsOf(session: SessionView): readonly string[] {
  const { contextTokens, contextPercent } = session
  return [
    session.project?.name ?? session.cwd ?? 'no project',
    ...(session.branch === null ? [] : [session.branch]),
    session.live.waitingFor === null ? liveWords[session.live.status] : `waiting: ${session.live.waitingFor}`,
    count(session.counts.messages, 'message'),
    ...(contextTokens === null ? [] : [`context ${formatTokens(contextTokens)} (${contextPercent} %)`]),
  ]
}

/** The total against 1, where a checkpoint is due. */
function Urgency({ session }: { readonly session: SessionView }) {
  const { total } = session.score
  return (
    <label className="urgency">
      <span>Score</span>
      <meter min={0} max={2} high={1} optimum={0} value={Math.min(2, total)} />
      <output>{formatNumber(total)}</output>
    </label>
  )
}

function lastCheckpointWords({ lastCheckpoint, unsaved }: SessionView, nowMs: number): string {
  if (lastCheckpoint === null) return 'Never checkpointed'
  const age = `Saved ${formatAge(lastCheckpoint.atMs, nowMs)}`
  const news = [
    ...(unsaved.messages === 0 ? [] : [count(unsaved.messages, 'message')]),
    ...(unsaved.files === 0 ? [] : [count(unsaved.files, 'file')]),
  ]
  return news.length === 0 ? age : `${age}; since then ${news.join(', ')}`
}
