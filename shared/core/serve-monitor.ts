/**
 * The answering end of a wire. An unknown call or a bad request is refused in words, whatever else arrives is
 * ignored; what a pipe may call can be narrowed.
 */
import { type CallName, callNames, isCallName, type MonitorApi } from './monitor-api.ts'
import { BadRequest, parseRequest } from './monitor-requests.ts'
import type { MonitorState } from './monitor-state.ts'
import { createStateSender, type Pace } from './state-stream.ts'
import { isMessage, type Wire } from './wire.ts'

export interface ServeOptions {
  /** What this pipe may call. Default: all of the contract. */
  readonly allowed?: readonly CallName[]
  /** Told of every refusal, in words. */
  readonly onRefused?: (message: string) => void
  /** Gives the other end time between messages of the state, which gather meanwhile. Default: none is needed. */
  readonly pace?: Pace
}

/** Answers the calls that come over `wire`. Returns the way to stop. */
export function serveMonitor(api: MonitorApi, wire: Wire, options: ServeOptions = {}): () => void {
  const allowed = options.allowed ?? callNames
  const sender = createStateSender({ send: message => wire.send(message), pace: options.pace })
  let stopState: (() => void) | null = null
  const refuse = (id: number, message: string) => {
    options.onRefused?.(message)
    wire.send({ kind: 'error', id, message })
  }
  const answer = async (id: number, call: unknown, request: unknown) => {
    if (!isCallName(call) || !allowed.includes(call)) return refuse(id, `there is no call ${nameOf(call)} here`)
    try {
      const run = api[call] as (request: unknown) => Promise<unknown>
      const value = (await run.call(api, parseRequest(call, request))) ?? null
      if (call === 'getState' && isState(value)) {
        await sender.bring(value)
        wire.send({ kind: 'sent', id, engine: value.engine, revision: value.revision })
      } else wire.send({ kind: 'result', id, value })
    } catch (error) {
      if (error instanceof BadRequest) refuse(id, error.message)
      else wire.send({ kind: 'error', id, message: error instanceof Error ? error.message : String(error) })
    }
  }
  const stopMessages = wire.onMessage(raw => {
    if (!isMessage(raw)) return
    if (raw['kind'] === 'call' && typeof raw['id'] === 'number') void answer(raw['id'], raw['call'], raw['request'])
    else if (raw['kind'] === 'subscribe' && typeof raw['ask'] === 'number') {
      stopState ??= api.onState(sender.offer)
      sender.restart(raw['ask'])
    }
  })
  wire.send({ kind: 'serving' })
  return () => {
    stopMessages()
    stopState?.()
    sender.stop()
  }
}

function isState(value: unknown): value is MonitorState {
  return typeof value === 'object' && value !== null && 'engine' in value && 'revision' in value && 'sessions' in value
}

/** What was asked for, for the refusal: a foreign message may hold anything, of any length. */
function nameOf(call: unknown): string {
  return typeof call === 'string' ? JSON.stringify(call.slice(0, 80)) : 'without a name'
}
