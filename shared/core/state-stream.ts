/**
 * The state over a wire: the whole of it once, in pieces, and then only what has changed. Two ends that know nothing of
 * the pipe between them; nothing here reads a clock.
 *
 * Invariants
 * 1. A receiver never shows a state of lower revision after one of a higher, nor one of an engine after a later one's:
 *    an engine that it does not know yet is believed only as the answer to a question that was asked after the last one was believed.
 * 2. What is late or repeated is dropped. What does not fit shows that something was lost, and is asked for again.
 * 3. Pieces of two updates are never sent in turn: the next update begins when the last piece of this one is out, or
 *    when the other end has asked anew.
 * 4. While the sender has to wait, changes gather: the next update goes from what was last sent to the newest state.
 */
import type { MonitorState } from './monitor-state.ts'
import { applyPieces, piecesBetween, type StatePiece } from './state-patch.ts'

/** A piece as it is sent. */
export interface StateMessage extends StatePiece {
  readonly kind: 'state'
  /** The receiver's last question that the sender had heard; 0 for none. */
  readonly ask: number
}

/** Resolves when the next message may go out: after a piece with more to come, or after a whole update. */
export type Pace = (after: 'piece' | 'update') => Promise<void>

export interface StateSender {
  /** There is a new state. An older one than the last is ignored. */
  offer(state: MonitorState): void
  /** Begins again with the whole of the newest state, if there is one yet. */
  restart(ask: number): void
  /** Resolves when `state` or a newer one is out, or nothing will be sent any more. */
  bring(state: MonitorState): Promise<void>
  stop(): void
}

export interface SenderParts {
  readonly send: (message: StateMessage) => void
  /** Default: everything goes out at once. */
  readonly pace?: Pace | undefined
}

export function createStateSender({ send, pace }: SenderParts): StateSender {
  let newest: MonitorState | null = null
  /** What the other end has when all of `queue` has arrived. */
  let sent: MonitorState | null = null
  let queue: readonly StatePiece[] = []
  let asked = 0
  let isBusy = false
  let isStopped = false
  const arrivals = new Set<() => void>()

  const offer = (state: MonitorState) => {
    if (newest !== null && newest.engine === state.engine && state.revision <= newest.revision) return
    newest = state
    void run()
  }
  return {
    offer,
    restart(ask) {
      asked = ask
      queue = []
      sent = null
      void run()
    },
    async bring(state) {
      offer(state)
      if (isStopped || isOut()) return
      await new Promise<void>(resolve => arrivals.add(resolve))
    },
    stop() {
      isStopped = true
      tellArrivals()
    },
  }

  async function run(): Promise<void> {
    if (isBusy) return
    isBusy = true
    for (let piece = next(); piece !== null; piece = next()) {
      send({ kind: 'state', ask: asked, ...piece })
      if (isOut()) tellArrivals()
      if (pace !== undefined) await pace(queue.length > 0 ? 'piece' : 'update')
    }
    isBusy = false
  }

  function next(): StatePiece | null {
    if (isStopped) return null
    if (queue.length === 0 && newest !== null && newest !== sent) {
      queue = piecesBetween(sent, newest)
      sent = newest
    }
    const [piece, ...rest] = queue
    queue = rest
    return piece ?? null
  }

  function isOut(): boolean {
    return queue.length === 0 && sent === newest
  }

  function tellArrivals(): void {
    for (const arrive of arrivals) arrive()
    arrivals.clear()
  }
}

export interface StateReceiver {
  take(message: StateMessage): void
  /** Asks for everything anew. */
  ask(): void
  /** Resolves with the state as soon as it is of that revision or a newer one, or of a newer engine. */
  reach(engine: string, revision: number): Promise<MonitorState>
}

export interface ReceiverParts {
  /** Sends the question to the other end. */
  readonly onAsk: (ask: number) => void
  readonly onState: (state: MonitorState) => void
}

/** So many updates that do not fit may be on their way before a question has been heard; with more it was lost. */
const missesAtMost = 8

export function createStateReceiver({ onAsk, onState }: ReceiverParts): StateReceiver {
  let state: MonitorState | null = null
  /** Pieces of the update that is arriving. */
  let staged: { readonly head: StatePiece; readonly pieces: Map<number, StatePiece> } | null = null
  const waiting = new Set<Waiter>()
  let asked = 0
  /** The last question before the engine of `state` was believed. */
  let answered = -1
  let misses = 0

  return { take, ask, reach }

  function ask(): void {
    asked += 1
    misses = 0
    onAsk(asked)
  }

  function take(message: StateMessage): void {
    if (isOld(message)) return
    if (!fits(message)) {
      miss(message)
      return
    }
    if (staged === null || isOfNewer(message, staged.head)) staged = { head: message, pieces: new Map() }
    if (!isSameUpdate(message, staged.head)) return
    staged.pieces.set(message.part, message)
    if (staged.pieces.size < message.parts) return
    const pieces = [...staged.pieces.values()].sort((a, b) => a.part - b.part)
    staged = null
    const next = applyPieces(state, pieces)
    if (next === null) miss(message)
    else show(next)
  }

  /** As far as this end is: nothing to be gained from it. */
  function isOld({ engine, revision }: StatePiece): boolean {
    return state !== null && engine === state.engine && revision <= state.revision
  }

  function fits({ engine, base, ask: heard }: StateMessage): boolean {
    if (state?.engine === engine) return base === null || base === state.revision
    return base === null && heard > answered
  }

  /** Once the other end has heard the last question, whatever does not fit needs another one. */
  function miss({ ask: heard, part }: StateMessage): void {
    if (part === 0) misses += 1
    if (heard === asked || misses >= missesAtMost) ask()
  }

  function show(next: MonitorState): void {
    if (state?.engine !== next.engine) answered = asked
    state = next
    misses = 0
    for (const waiter of waiting) {
      if (!isReached(next, waiter)) continue
      waiting.delete(waiter)
      waiter.done(next)
    }
    onState(next)
  }

  function reach(engine: string, revision: number): Promise<MonitorState> {
    const wanted = { engine, revision, unlike: state?.engine ?? null }
    if (state !== null && isReached(state, wanted)) return Promise.resolve(state)
    // All of it was sent before: what has not arrived by now is lost.
    ask()
    return new Promise(done => waiting.add({ ...wanted, done }))
  }
}

interface Wanted {
  readonly engine: string
  readonly revision: number
  /** The engine of the state that was there before, if any: after it another one than the wanted may come too. */
  readonly unlike: string | null
}

interface Waiter extends Wanted {
  done(state: MonitorState): void
}

function isReached(state: MonitorState, { engine, revision, unlike }: Wanted): boolean {
  return state.engine === engine ? state.revision >= revision : unlike !== null && state.engine !== unlike
}

function isSameUpdate(a: StatePiece, b: StatePiece): boolean {
  return a.engine === b.engine && a.revision === b.revision && a.base === b.base && a.parts === b.parts
}

/** Updates come in the order of their revisions; of one revision the whole state makes a change needless. */
function isOfNewer(a: StatePiece, b: StatePiece): boolean {
  if (a.engine !== b.engine) return true
  return a.revision === b.revision ? a.base === null && b.base !== null : a.revision > b.revision
}
