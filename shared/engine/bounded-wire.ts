/**
 * What every wire to a side that may be slow, gone or hostile has in common, whatever pipe it runs over: text messages
 * of JSON, and every amount bounded.
 *
 * Invariants (tests of `socket-wire.ts` and `page-wire.ts` cite them by number):
 * 1. What is no JSON is ignored.
 * 2. While more than `backlogBytes` wait to be read by the other side, state is left out, and nothing it sends is
 *    taken. Once it has caught up, `onCaughtUp` is told if anything was left out.
 * 3. At most `unanswered` of its calls are under way; the next ones wait in its own pipe.
 */
import type { Wire } from '../core/wire.ts'

/** A wire that may break for good. */
export interface ClosableWire extends Wire {
  /** Resolves when the other side has read what was sent, or nothing will be sent any more. */
  whenRead(): Promise<void>
  /** Calls `listener` once, with the reason in words, when nothing will come over this wire any more. */
  onClosed(listener: (reason: string) => void): () => void
  close(reason: string): void
}

/** A pipe for text, as a wire needs it. */
export interface TextPipe {
  write(text: string): void
  /** Bytes that the other side has not read yet. */
  waitingBytes(): number
  /** True once what was written has been read, as far as the pipe can tell. */
  isRead(): boolean
  /** Takes nothing from the other side until {@link go}. What it has taken already may still come. */
  rest(): void
  go(): void
}

export interface WireLimits {
  /** Default: nothing is ever left out. */
  readonly backlogBytes?: number | undefined
  /** Default: no limit. */
  readonly unanswered?: number | undefined
  readonly onCaughtUp?: (() => void) | undefined
}

/** The pipe's own end of a wire. */
export interface BoundedWire extends Omit<ClosableWire, 'close'> {
  /** A message has arrived. Several may come at once; {@link settled} is called after them. */
  receive(text: string): void
  /** Some was read by the other side, or has arrived from it. */
  settled(): void
  /** The pipe is broken or was closed. @returns true the first time */
  end(reason: string): boolean
  isOver(): boolean
}

type Kind = 'call' | 'answer' | 'state' | 'other'

export function boundedWire(pipe: TextPipe, limits: WireLimits): BoundedWire {
  const { backlogBytes = Number.POSITIVE_INFINITY, unanswered = Number.POSITIVE_INFINITY, onCaughtUp } = limits
  const listeners = new Set<(message: unknown) => void>()
  const closedListeners = new Set<(reason: string) => void>()
  const readers = new Set<() => void>()
  /** Arrived and not taken yet: no more than what was under way when the pipe was told to rest. */
  let held: string[] = []
  let open = 0
  let leftOut = false
  let reason: string | null = null

  const mayTake = () => open < unanswered && pipe.waitingBytes() <= backlogBytes && reason === null

  function take(): void {
    while (held.length > 0 && mayTake()) {
      const message = parseText(held.shift() ?? '')
      if (kindOf(message) === 'call') open++
      for (const listener of listeners) listener(message)
    }
    if (held.length > 0 || !mayTake()) pipe.rest()
    else pipe.go()
  }

  function tellReaders(): void {
    for (const resolve of readers) resolve()
    readers.clear()
  }

  return {
    receive: text => {
      if (reason === null) held.push(text)
    },
    settled() {
      if (reason !== null) return
      if (pipe.isRead()) tellReaders()
      if (leftOut && pipe.waitingBytes() <= backlogBytes / 2) {
        leftOut = false
        onCaughtUp?.()
      }
      take()
    },
    end(why) {
      if (reason !== null) return false
      reason = why
      held = []
      tellReaders()
      for (const listener of closedListeners) listener(why)
      return true
    },
    isOver: () => reason !== null,
    send(message) {
      if (reason !== null) return
      const kind = kindOf(message)
      if (kind === 'state' && pipe.waitingBytes() > backlogBytes) {
        leftOut = true
        return
      }
      if (kind === 'answer') open--
      pipe.write(JSON.stringify(message))
      // Not within the call that is being answered.
      if (kind === 'answer') setImmediate(take)
    },
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    whenRead: () =>
      new Promise(resolve => {
        if (reason !== null || pipe.isRead()) resolve()
        else readers.add(resolve)
      }),
    onClosed(listener) {
      closedListeners.add(listener)
      return () => closedListeners.delete(listener)
    },
  }
}

/** Undefined for what is no JSON; nobody takes that for a message. */
function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** State is all that goes out unasked: what is no answer. */
function kindOf(message: unknown): Kind {
  const kind = typeof message === 'object' && message !== null && 'kind' in message ? message.kind : null
  if (kind === 'call') return 'call'
  if (kind === 'result' || kind === 'error' || kind === 'sent') return 'answer'
  return kind === 'state' ? 'state' : 'other'
}
