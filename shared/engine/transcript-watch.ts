/**
 * Tells at once which transcripts and registry files change, as far as the system can tell; elsewhere it asks for a
 * look at everything now and then. The first change after a quiet time is told at once, those that follow are gathered.
 *
 * It is a shortcut, never the truth: a change that the system keeps to itself is found by the next whole look.
 */
import path from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import type { Notice, WatchState } from '../core/monitor-state.ts'
import { errorCode } from './durable-file.ts'
import type { Ports } from './ports.ts'

export interface WatchParts {
  readonly ports: Pick<Ports, 'clock' | 'files' | 'log'>
  /** Claude Code's config folders. Absolute. */
  readonly roots: readonly string[]
  /** Null: anything may have changed. Never called while the last call has not resolved. Must not reject. */
  readonly onTouched: (paths: readonly string[] | null) => Promise<void>
  /** Told whenever it changes. */
  readonly onState: (state: WatchState) => void
}

export interface TranscriptWatch {
  stop(): Promise<void>
}

/** Changes are gathered for at least this long after one was told. */
const gatherMs = 50
/** A whole look may take one part in so many of the time while it polls. */
const pollShare = 20
const pollEveryMs = 5_000

export function startTranscriptWatch({ ports, roots, onTouched, onState }: WatchParts): TranscriptWatch {
  const { clock, files, log } = ports
  const stopping = new AbortController()
  const watchers: FSWatcher[] = []
  let waiting: Set<string> | null = null
  let running: Promise<void> = Promise.resolve()
  let isPolling = false

  const reasons = new Map(roots.map(root => [root, whyPoll(files, root)]))
  const watched = roots.filter(root => reasons.get(root) === null)
  onState({ mode: 'watching', reason: null })
  const polled = [...reasons.values()].find(reason => reason !== null)
  if (polled !== undefined && polled !== null) poll(polled)
  if (watched.length > 0) watchers.push(watchRoots(watched))

  return {
    stop: async () => {
      stopping.abort()
      await Promise.all(watchers.map(watcher => watcher.close()))
      await running
    },
  }

  function watchRoots(watchedRoots: readonly string[]): FSWatcher {
    const folders = watchedRoots.flatMap(root => [path.join(root, 'projects'), path.join(root, 'sessions')])
    const watcher = watch(folders, {
      ignoreInitial: true,
      ignored: (at, stats) => stats?.isFile() === true && !isOfInterest(at),
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
    })
    watcher.on('all', (event, at) => {
      if (event === 'add' || event === 'change' || event === 'unlink') touch(at)
    })
    // What came while it looked around is nobody's event.
    watcher.on('ready', () => touch(null))
    watcher.on('error', error => fail(watcher, error))
    return watcher
  }

  /** The system has no more watches to give: from now on everything is looked at now and then. */
  function fail(watcher: FSWatcher, error: unknown): void {
    const code = errorCode(error)
    if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') {
      void watcher.close()
      poll(exhausted)
    } else {
      log('warn', 'part of the transcripts is not watched', { message: String(error) })
    }
  }

  function touch(at: string | null): void {
    if (stopping.signal.aborted) return
    if (waiting !== null) {
      waiting.add(at ?? everything)
      return
    }
    waiting = new Set([at ?? everything])
    running = tell()
  }

  async function tell(): Promise<void> {
    while (waiting !== null && waiting.size > 0 && !stopping.signal.aborted) {
      const paths: readonly string[] = [...waiting]
      waiting.clear()
      await onTouched(paths.includes(everything) ? null : paths)
      await clock.sleep(gatherMs, stopping.signal)
    }
    waiting = null
  }

  function poll(reason: string): void {
    onState({ mode: 'polling', reason })
    if (isPolling) return
    isPolling = true
    void repeat()
  }

  async function repeat(): Promise<void> {
    let tookMs = 0
    while (!stopping.signal.aborted) {
      await clock.sleep(Math.max(pollEveryMs, pollShare * tookMs), stopping.signal)
      const fromMs = clock.monotonicMs()
      touch(null)
      await running
      tookMs = clock.monotonicMs() - fromMs - gatherMs
    }
  }
}

export const pollingId = 'polling'

/** What it means that nobody tells of changes, in words; null where somebody does. */
export function pollingNotice({ mode, reason }: WatchState): Notice | null {
  if (mode !== 'polling') return null
  return {
    id: pollingId,
    level: 'info',
    message: `What changes is looked for every few seconds, because ${reason}`,
    remedy: 'Nothing is missed: it only shows a few seconds later.',
  }
}

/** Not a path. */
const everything = ''

const exhausted =
  'the system has no more file watches to give (on Linux: raise fs.inotify.max_user_watches or fs.inotify.max_user_instances)'

function isOfInterest(at: string): boolean {
  return at.endsWith('.jsonl') || /[/\\]sessions[/\\]\d+\.json$/.test(at)
}

/** Where no system tells of changes that others make, in words; null where watching can be trusted. */
function whyPoll(files: Ports['files'], root: string): string | null {
  if (/^[/\\]{2}(wsl\$|wsl\.localhost)[/\\]/i.test(root)) return `${root} belongs to a Linux inside this Windows`
  try {
    return files.diskSpace(root).kind === 'network' ? `${root} is on a network drive` : null
  } catch (error) {
    if (errorCode(error) === null) throw error
    // Not there yet: whatever makes it will be seen.
    return null
  }
}
