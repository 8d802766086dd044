/**
 * The working monitor: detector, overview, queue, coordinator and store wired in the order in which data flows,
 * behind one `MonitorApi`. Hosts see nothing behind it.
 */

import { randomUUID } from 'node:crypto'
import type { CheckpointCause, CheckpointOutcome } from '../core/checkpoint.ts'
import { summariseCheckpoint } from '../core/checkpoint.ts'
import { isPaused } from '../core/decision.ts'
import { explainOutcome } from '../core/explain.ts'
import { count } from '../core/format.ts'
import type { CheckpointTarget, MonitorApi } from '../core/monitor-api.ts'
import {
  type CycleSummary,
  compareViews,
  type MonitorState,
  type Notice,
  type Phase,
  type Progress,
} from '../core/monitor-state.ts'
import { summariseRescue } from '../core/rescue-summary.ts'
import type { SessionId } from '../core/session.ts'
import type { Settings, SettingsProblem } from '../core/settings.ts'
import type { SettingsChanges } from '../core/settings-change.ts'
import { createBriefShelves } from './brief-shelf.ts'
import { createCoordinator } from './checkpoint-coordinator.ts'
import { createHistory } from './checkpoint-history.ts'
import { createMaker } from './checkpoint-maker.ts'
import { dueRequests, requestFor, requestsFor } from './checkpoint-requests.ts'
import { type CheckpointStore, openStore } from './checkpoint-store.ts'
import { summariseCycle } from './cycle-summary.ts'
import { dataPaths } from './data-folder.ts'
import { createDetection, readingProgress } from './detection.ts'
import { createGcSchedule } from './gc-schedule.ts'
import { createGit } from './git-command.ts'
import { createHookHints } from './hinted-detector.ts'
import { createHookService } from './hook-service.ts'
import { createHookSpool } from './hook-spool.ts'
import { createLockBesideLegacy } from './legacy-lock.ts'
import { type LegacyStart, startFromLegacy } from './legacy-start.ts'
import { createLiveSnapshotter } from './live-snapshotter.ts'
import { createLock } from './lock-file.ts'
import { lockPlaceNotice } from './lock-place.ts'
import { createLookKeeper } from './look-keeper.ts'
import { hasHardLinks, lockWhereItCan, noHardLinksNotice } from './no-hard-links.ts'
import { isDeepStrictEqual } from './node-util.ts'
import { createOverview, type LookOptions, type SessionEntry } from './overview.ts'
import type { Ports } from './ports.ts'
import { createProofSchedule } from './proof-schedule.ts'
import { createQueueWorker } from './queue-worker.ts'
import { createRestoreDesk } from './restore-desk.ts'
import { createRetryWatch } from './retry-watch.ts'
import type { ScanWorkers } from './scan-crew.ts'
import { createScheduler } from './scheduler.ts'
import { createScoreRecorder } from './score-recorder.ts'
import { createSessionRegistry } from './session-registry.ts'
import { createSettingsDesk, type SettingsDesk } from './settings-desk.ts'
import { loadSettings } from './settings-file.ts'
import { createStateHolder, type StateHolder } from './state-holder.ts'
import { pollingId, pollingNotice } from './transcript-watch.ts'
import { closeToOthers } from './windows-access.ts'
import { createSnapshotter } from './work-tree-snapshot.ts'

export interface MonitorOptions {
  /** See `data-folder.ts`. Absolute. */
  readonly dataFolder: string
  /** Claude Code's config folders. Absolute. */
  readonly roots: readonly string[]
  /** The user's home folder: never snapshotted as a whole. */
  readonly home: string
  /** Of this process: git needs some of it (`XDG_CONFIG_HOME`, `SystemRoot`); no GIT_* is ever passed on. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Applied to the settings of the file, for flags of the command line. */
  readonly settingsOverride?: (settings: Settings) => Settings
  /** False: cycles only when asked for. */
  readonly automatic: boolean
  /** What others are told who wait for this host's lock. */
  readonly hostName?: string
  /** Threads that help with a first reading of many transcripts. */
  readonly scanWorkers?: ScanWorkers
  /** Keep what the first look finds, for lists that are told by a program of this version (`kept-look.ts`). Default: not. */
  readonly keepLookFor?: string
}

export interface Monitor extends MonitorApi {
  /** Looks at everything and checkpoints nothing. Resolves with the new state. */
  refresh(): Promise<MonitorState>
  /** Brings `storeUse` up to date. Resolves with the new state. */
  measureStore(): Promise<MonitorState>
  /** Stops cycles; a running checkpoint ends its present session or is given up cleanly. */
  stop(): Promise<void>
}

export type MonitorStarted =
  | { readonly ok: true; readonly monitor: Monitor }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly remedy: string }

/** Opens the store and starts. The first cycle begins at once if `automatic`. */
export async function startMonitor(ports: Ports, options: MonitorOptions): Promise<MonitorStarted> {
  const paths = dataPaths(options.dataFolder)
  const loaded = loadSettings(ports, paths.settings)
  const legacy = startFromLegacy(ports.files, options.roots, loaded)
  const state = createStateHolder(ports.clock, {
    engine: randomUUID(),
    phase: 'starting',
    progress: null,
    paused: null,
    sessions: [],
    lastCycle: null,
    nextCycleAtMs: null,
    storeFolder: paths.store,
    storeUse: null,
    lastProof: null,
    roots: [...options.roots, ...overridden(options, legacy.settings).extraRoots],
    activity: [],
    notices: [...(loaded.notice ? [loaded.notice] : []), ...legacy.notices],
    settings: overridden(options, legacy.settings),
    settingsProblems: loaded.problems,
  })
  const minimumFreeShare = () => state.get().settings.limits.freeDiskPercent / 100
  const opened = openStore(ports, paths.store, { minimumFreeShare })
  if (!opened.ok) return opened
  const place = lockPlaceNotice(ports.files, paths.store)
  if (place !== null) state.raise(place)
  if (process.platform === 'win32') {
    const open = await closeToOthers(ports.commands, options.dataFolder, options.environment ?? {})
    if (open !== null) state.raise(open)
  }
  const monitor = createMonitor(ports, options, { store: opened.store, state, legacy })
  if (options.automatic) monitor.start()
  return { ok: true, monitor }
}

function overridden({ settingsOverride }: MonitorOptions, settings: Settings): Settings {
  return settingsOverride?.(settings) ?? settings
}

interface MonitorParts {
  readonly store: CheckpointStore
  readonly state: StateHolder
  readonly legacy: LegacyStart
}

function createMonitor(ports: Ports, options: MonitorOptions, { store, state, legacy }: MonitorParts) {
  const paths = dataPaths(options.dataFolder)
  const environment = { ...options.environment, HOME: options.home }
  const settings = () => state.get().settings
  const roots = (): readonly string[] => [...options.roots, ...settings().extraRoots]
  const history = createHistory(store, ports.log)
  const snapshotter = createLiveSnapshotter(
    () => ({ limits: settings().limits, snapshot: settings().snapshot }),
    ({ limits, snapshot }) => {
      const { home } = options
      return createSnapshotter(ports, { gitFolder: paths.gitDirs, home, environment, limits, ...snapshot })
    },
  )
  const ownLock = lockWhereItCan(createLock(ports, paths.lock, { name: options.hostName ?? 'session-monitor' }))
  const lock = createLockBesideLegacy(ports, ownLock, roots)
  const overview = createOverview({ ports, history, snapshotter })
  const gc = createGcSchedule({ ports, store, lock: ownLock, state, cacheFile: paths.gc })
  const proof = createProofSchedule({
    ports,
    store,
    git: createGit(ports.commands, environment),
    state,
    cacheFile: paths.proof,
    folder: paths.testRestores,
  })
  const isDoubtful = (id: SessionId) => history.problems(id).length > 0 || proof.isDoubtful(id)
  const maker = createMaker({ ports, store, snapshotter, isDoubtful })
  const coordinator = createCoordinator({ ports, lock, history, maker })

  const stopping = new AbortController()
  const scheduler = createScheduler({
    clock: ports.clock,
    intervalMs: () => settings().intervalMinutes * 60_000,
    run: scheduledCycle,
    onNext: nextCycleAtMs => state.update({ nextCycleAtMs }),
  })
  const sessions = createSessionRegistry()
  const scores = createScoreRecorder(ports, paths.history)
  const settingsDesk: SettingsDesk = createSettingsDesk({
    ports,
    file: paths.settings,
    seed: legacy.seed,
    override: loaded => overridden(options, loaded),
    onSettings: takeSettings,
    onNotice: notice => ('gone' in notice ? state.clear(notice.id) : state.raise(notice)),
  })
  const { dataFolder, keepLookFor } = options
  const keeper = keepLookFor
    ? createLookKeeper(ports, { dataFolder, roots: options.roots, version: keepLookFor })
    : null
  const hints = createHookHints(ports.processes)
  const shelves = createBriefShelves(ports, paths.briefs)
  const hooks = createHookService({
    spool: createHookSpool(ports, paths.spool),
    hints,
    log: ports.log,
    requestUrgent: async (sessionIds, urgent) =>
      void (isPaused(pausedUntilMs, ports.clock.nowMs()) || (await requestCheckpoint({ sessionIds, urgent }))),
    // One that checks on demand does so right after.
    lookAtCommit: async () => void (options.automatic && (await runCycle())),
    lookAgain: async () => void (options.automatic && (await touch(null))),
  })
  const detection = createDetection({
    ports,
    roots,
    indexFolder: paths.index,
    workers: options.scanWorkers,
    hints,
    history,
    overview,
    onTouched: touch,
    onWatch: watch => {
      state.update({ watch })
      const polling = pollingNotice(watch)
      if (polling === null) state.clear(pollingId)
      else state.raise(polling)
    },
  })
  let stopWatchingSettings: (() => Promise<void>) | null = null
  let isLocked = false
  let pausedUntilMs: number | null = null
  /** The end of everything that was begun: looks and the work on each project follow each other. */
  let tail: Promise<unknown> = Promise.resolve()
  let joinable: Promise<CycleSummary> | null = null

  const request = (entry: SessionEntry, cause: CheckpointCause) => requestFor(entry, cause, ports.clock.nowMs())
  const restPhase = (): Phase => {
    if (stopping.signal.aborted) return 'stopped'
    if (worker.progress() !== null) return 'checkpointing'
    return isPaused(pausedUntilMs, ports.clock.nowMs()) ? 'paused' : 'idle'
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(work)
    tail = result.catch(() => {})
    return result
  }

  const worker = createQueueWorker({
    coordinator,
    session: id => sessions.get(id)?.session ?? null,
    settings,
    signal: stopping.signal,
    inTurn,
    onOutcome: outcome => {
      take(outcome)
      state.update({ progress: checkpointProgress() })
    },
    onRun,
  })
  const retryWatch = createRetryWatch({ clock: ports.clock, lock, wake: () => scheduler.wake() })
  const checkpointProgress = (): Progress | null => {
    const progress = worker.progress()
    return progress && { task: 'Checkpointing', ...progress }
  }

  const lookOptions = (): LookOptions => ({
    settings: settings(),
    pausedUntilMs,
    legacyCheckpointMs: legacy.checkpointMs,
    outcomes: sessions.outcomes(),
    urgent: sessions.urgent(),
    backOffs: sessions.backOffs(),
    signal: stopping.signal,
  })

  async function look(): Promise<void> {
    if (pausedUntilMs !== null && !isPaused(pausedUntilMs, ports.clock.nowMs())) endPause()
    settingsDesk.look()
    if (await detection.follow()) state.update({ roots: roots() })
    state.update({ phase: 'scanning', progress: null })
    const detector = detection.detector()
    if (options.automatic && sessions.entries.size === 0 && detector.knowsNothing()) await showGlance()
    await keeper?.begin(roots())
    const found = await detector.refresh(readingProgress(ports.clock, progress => state.update({ progress })))
    sessions.noteUrgent(found)
    const looked = await overview.look(found, lookOptions())
    history.trim()
    sessions.replace(looked)
    publishViews()
    noteDamage()
    if (!stopping.signal.aborted) keeper?.found(looked)
    if (options.automatic && !stopping.signal.aborted) startWatching()
    state.update({ phase: restPhase(), progress: checkpointProgress() })
  }

  /** Something to look at while everything is read for the first time. */
  async function showGlance(): Promise<void> {
    const options = lookOptions()
    const nowMs = ports.clock.nowMs()
    const glimpsed = await detection.detector().glance()
    const seen = glimpsed.map(session =>
      overview.entryOf(session, history.last(session.facts.sessionId), null, nowMs, options),
    )
    state.update({ sessions: seen.map(entry => entry.view).sort(compareViews) })
  }

  /** A watcher saw a change. Never rejects. */
  async function touch(paths: readonly string[] | null): Promise<void> {
    try {
      await inTurn(() => lookAtTouched(paths))
    } catch (error) {
      ports.log('error', 'a look at what changed failed', {
        stack: error instanceof Error ? error.stack : String(error),
      })
    }
  }

  async function lookAtTouched(paths: readonly string[] | null): Promise<void> {
    if (stopping.signal.aborted) return
    const { changed, gone, livesChanged } = await detection.touched().look(paths, sessions.entries)
    const isGone = [...gone].some(id => sessions.get(id) !== undefined)
    if (changed.length === 0 && !isGone) return
    const urgentBefore = sessions.urgent().size
    if (livesChanged) sessions.noteUrgentOf(changed)
    const fresh = changed.map(session => {
      return detection.touched().entryOf(session, sessions.get(session.facts.sessionId), lookOptions())
    })
    state.update({ sessions: sessions.merge(fresh, gone, state.get().sessions) })
    if (sessions.urgent().size > urgentBefore) scheduler.wake()
  }

  /** New settings hold at once: every row is scored anew by what is known of it, and a cycle acts on it. */
  function takeSettings(now: Settings, settingsProblems: readonly SettingsProblem[]): void {
    if (isDeepStrictEqual(now, settings()) && isDeepStrictEqual(settingsProblems, state.get().settingsProblems)) return
    state.update({ settings: now, settingsProblems })
    const nowMs = ports.clock.nowMs()
    for (const { session, last, tree } of sessions.all()) {
      sessions.put(overview.entryOf(session, last, tree, nowMs, lookOptions()))
    }
    publishViews()
    if (options.automatic) scheduler.wake()
  }

  function publishViews(): void {
    const views = sessions.views()
    state.update({ sessions: views, rescue: summariseRescue(views, ports.clock.nowMs(), state.get().rescue) })
  }

  /** After the first look, which it would only slow down. */
  function startWatching(): void {
    detection.watch()
    stopWatchingSettings ??= settingsDesk.watch()
    hooks.start()
  }

  async function cycle(): Promise<CycleSummary> {
    const startedMs = ports.clock.nowMs()
    const fromMs = ports.clock.monotonicMs()
    // Who watches has taken most words by now; what is urgent among the rest is saved as such.
    if (options.automatic) void hooks.drain()
    else await hooks.drain()
    await inTurn(look)
    const looked = sessions.all()
    scores.record(looked)
    const done = await worker.submit(dueRequests(looked, ports.clock.nowMs()))
    const tookMs = ports.clock.monotonicMs() - fromMs
    const summary = summariseCycle(looked, done, { startedMs, tookMs })
    publishViews()
    state.update({ lastCycle: summary })
    scores.save()
    shelves.update(sessions.all())
    await inTurn(() => gc.runIfDue(stopping.signal))
    return summary
  }

  /** A run of the queue begins or has ended: what stood in its way is watched until the next one. */
  function onRun(running: boolean): void {
    if (running) {
      isLocked = false
      retryWatch.disarm()
    } else {
      publishViews()
      shelves.update(sessions.all())
      const idle = stopping.signal.aborted || !options.automatic
      if (!idle) retryWatch.arm({ lockedElsewhere: isLocked, retryMs: sessions.untilRetryMs(ports.clock.nowMs()) })
    }
    state.update({ phase: restPhase(), progress: checkpointProgress() })
  }

  /** Puts an outcome where it shows: the session's row, the activity list, the log. */
  function take(outcome: CheckpointOutcome): void {
    if (outcome.kind === 'put-off') return
    const nowMs = ports.clock.nowMs()
    sessions.noteOutcome(outcome, nowMs)
    const entry = sessions.get(outcome.sessionId)
    if (entry) {
      const last = history.last(outcome.sessionId)
      sessions.put(overview.entryOf(entry.session, last, null, nowMs, lookOptions()))
    }
    const message = explainOutcome(outcome, nowMs)
    const level = outcome.kind === 'failed' ? 'error' : outcome.kind === 'saved' ? 'info' : 'warn'
    // Of many that found the same lock taken, one line is enough.
    const isKnown = outcome.kind === 'locked-elsewhere' && isLocked
    isLocked ||= outcome.kind === 'locked-elsewhere'
    if (outcome.kind !== 'unchanged' && !isKnown) state.tell({ level, sessionId: outcome.sessionId, message })
    ports.log(level === 'warn' ? 'info' : level, message, { sessionId: outcome.sessionId })
  }

  async function requestCheckpoint(target: CheckpointTarget): Promise<readonly CheckpointOutcome[]> {
    await inTurn(look)
    return worker.submit(requestsFor(target, sessions, ports.clock.nowMs()))
  }

  function runCycle(): Promise<CycleSummary> {
    joinable ??= cycle().finally(() => {
      joinable = null
    })
    return joinable
  }

  /** A cycle that fails by a defect is told and logged; the next one comes all the same. */
  async function scheduledCycle(): Promise<void> {
    try {
      await runCycle()
      await prove()
    } catch (error) {
      const message = `A check failed: ${error instanceof Error ? error.message : String(error)}`
      ports.log('error', message, { stack: error instanceof Error ? error.stack : undefined })
      state.tell({ level: 'error', sessionId: null, message })
    }
  }

  /** One test restore if it is time; what does not come back as it was saved is saved anew at once. */
  async function prove(): Promise<void> {
    const failed = await inTurn(() => proof.runIfDue(stopping.signal))
    const entry = failed === null ? undefined : sessions.get(failed)
    if (entry) await worker.submit([request(entry, { kind: 'urgent', event: 'checkpoint-damaged' })])
  }

  /** Damaged records above the newest good one of a session that was looked at. */
  function noteDamage(): void {
    const damaged = [...sessions.entries.keys()]
      .flatMap(id => history.problems(id))
      .filter(({ kind }) => kind !== 'newer')
    if (damaged.length === 0) state.clear('store-damaged')
    else state.raise(damageNotice(damaged.length))
  }

  async function setPause(untilMs: number): Promise<void> {
    pausedUntilMs = untilMs
    state.update({ paused: { untilMs: untilMs === Number.POSITIVE_INFINITY ? null : untilMs } })
    state.tell({ level: 'info', sessionId: null, message: 'Paused.' })
    worker.putOff('paused')
    // What runs now may take minutes; a pause is answered at once.
    if (worker.progress() === null) await inTurn(look)
  }

  function endPause(): void {
    pausedUntilMs = null
    state.update({ paused: null })
    state.tell({ level: 'info', sessionId: null, message: 'Resumed.' })
  }

  async function resume(): Promise<void> {
    endPause()
    // One that began before may have left out what was paused.
    await joinable?.catch(() => {})
    if (options.automatic) await runCycle()
    else await inTurn(look)
  }

  const restoreDesk = createRestoreDesk({
    ports,
    store,
    state,
    snapshotter,
    lock,
    folder: paths.restores,
    environment,
    roots,
    signal: stopping.signal,
    entries: () => sessions.all(),
    saveFirst: ids => {
      const known = ids.flatMap(id => sessions.get(id) ?? [])
      return worker.submit(known.map(entry => request(entry, { kind: 'safety' })))
    },
    inTurn,
    look: () => inTurn(look),
  })
  if (!hasHardLinks(ports, store.paths.temporary)) state.raise(noHardLinksNotice(paths.store))
  proof.begin()
  return {
    ...restoreDesk,
    getState: async () => state.get(),
    onState: state.onState,
    runCycle: () => runCycle(),
    requestCheckpoint,
    listCheckpoints: async ({ sessionId }: { readonly sessionId: string }) => {
      const listed = store.list(sessionId)
      if (!listed.ok) throw new Error(`${listed.message}. ${listed.remedy}`)
      return listed.records.flatMap(read => (read.ok ? [summariseCheckpoint(read.record)] : [])).toReversed()
    },
    pause: ({ untilMs }: { readonly untilMs: number | null }) => setPause(untilMs ?? Number.POSITIVE_INFINITY),
    resume: () => resume(),
    changeSettings: async ({ changes }: { readonly changes: SettingsChanges }) => settingsDesk.change(changes),
    getHistory: async ({ sessionId }: { readonly sessionId: string }) => scores.history(sessionId),
    measureStore: async () => {
      await inTurn(async () => gc.measure())
      return state.get()
    },
    refresh: async () => {
      await inTurn(look)
      return state.get()
    },
    start: () => scheduler.start(),
    stop: async () => {
      stopping.abort()
      retryWatch.disarm()
      hooks.stop()
      await detection.stopWatching()
      await stopWatchingSettings?.()
      await scheduler.stop()
      await worker.idle()
      await tail
      await detection.close()
      keeper?.save(state.get())
      scores.save(true)
      state.update({ phase: 'stopped', nextCycleAtMs: null })
    },
  }
}

function damageNotice(records: number): Notice {
  return {
    id: 'store-damaged',
    level: 'error',
    message: `${count(records, 'checkpoint')} cannot be read any more; older ones serve, and the next ones are complete`,
    remedy: 'Run `session-monitor verify`, and look after the disk.',
  }
}
