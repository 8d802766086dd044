/** Acts on the words of hooks while a monitor runs: what is urgent is asked for, a commit is looked at, the rest is noted. */
import type { HookWord } from '../core/hook-word.ts'
import type { HookHints } from './hinted-detector.ts'
import type { HookSpool } from './hook-spool.ts'
import type { Log } from './ports.ts'

export interface HookServiceParts {
  readonly spool: HookSpool
  readonly hints: HookHints
  readonly log: Log
  /** Resolves when every one of them is answered. */
  readonly requestUrgent: (sessionIds: readonly string[], event: HookUrgency) => Promise<unknown>
  readonly lookAtCommit: () => Promise<void>
  /** Looks at the sessions again, with new hints. */
  readonly lookAgain: () => Promise<void>
}

export interface HookService {
  /** Takes what lies there, and from now on whatever comes. */
  start(): void
  /** Takes what lies there now. Resolves when all that it asked for is answered. */
  drain(): Promise<void>
  stop(): void
}

const urgentEvents = { PreCompact: 'before-compaction', SessionEnd: 'session-ended' } as const
type HookUrgency = (typeof urgentEvents)[keyof typeof urgentEvents]

export function createHookService({ spool, hints, log, ...parts }: HookServiceParts): HookService {
  let stopWatching: (() => void) | null = null
  let running: Promise<void> | null = null
  let isAskedAgain = false

  return {
    start() {
      stopWatching ??= spool.watch(() => void drain())
      void drain()
    },
    drain,
    stop() {
      stopWatching?.()
      stopWatching = null
    },
  }

  /** One at a time; what comes meanwhile is taken right after. */
  function drain(): Promise<void> {
    if (running !== null) {
      isAskedAgain = true
      return running
    }
    running = takeAll().finally(() => {
      running = null
    })
    return running
  }

  async function takeAll(): Promise<void> {
    do {
      isAskedAgain = false
      try {
        await act(spool.take())
      } catch (error) {
        log('error', 'words of hooks were not acted on', { error: String(error) })
      }
    } while (isAskedAgain)
  }

  async function act(words: readonly HookWord[]): Promise<void> {
    if (words.length === 0) return
    for (const word of words) hints.note(word)
    for (const [event, urgency] of Object.entries(urgentEvents)) {
      const ids = words.flatMap(word => (word.event === event && word.sessionId !== null ? [word.sessionId] : []))
      if (ids.length > 0) await parts.requestUrgent(ids, urgency)
    }
    if (words.some(({ event }) => event === 'post-commit')) await parts.lookAtCommit()
    else if (words.some(({ event }) => event === 'Stop' || event === 'Notification')) await parts.lookAgain()
  }
}
