/**
 * The answering end of a wire. An unknown call or a bad request is refused in words, whatever else arrives is
 * ignored; what a pipe may call can be narrowed.
 */
import { type CallName, callNames, isCallName, type MonitorApi } from './monitor-api.ts'
import { BadRequest, parseRequest } from './monitor-requests.ts'
import { isMessage, type Wire } from './wire.ts'

export interface ServeOptions {
  /** What this pipe may call. Default: all of the contract. */
  readonly allowed?: readonly CallName[]
  /** Told of every refusal, in words. */
  readonly onRefused?: (message: string) => void
}

/** Answers the calls that come over `wire`. Returns the way to stop. */
export function serveMonitor(api: MonitorApi, wire: Wire, options: ServeOptions = {}): () => void {
  const allowed = options.allowed ?? callNames
  let stopState: (() => void) | null = null
  const refuse = (id: number, message: string) => {
    options.onRefused?.(message)
    wire.send({ kind: 'error', id, message })
  }
  const answer = async (id: number, call: unknown, request: unknown) => {
    if (!isCallName(call) || !allowed.includes(call)) return refuse(id, `there is no call ${nameOf(call)} here`)
    try {
      const run = api[call] as (request: unknown) => Promise<unknown>
      wire.send({ kind: 'result', id, value: (await run.call(api, parseRequest(call, request))) ?? null })
    } catch (error) {
      if (error instanceof BadRequest) refuse(id, error.message)
      else wire.send({ kind: 'error', id, message: error instanceof Error ? error.message : String(error) })
    }
  }
  const stopMessages = wire.onMessage(raw => {
    if (!isMessage(raw)) return
    if (raw['kind'] === 'call' && typeof raw['id'] === 'number') void answer(raw['id'], raw['call'], raw['request'])
    else if (raw['kind'] === 'subscribe') stopState ??= api.onState(state => wire.send({ kind: 'state', state }))
  })
  return () => {
    stopMessages()
    stopState?.()
  }
}

/** What was asked for, for the refusal: a foreign message may hold anything, of any length. */
function nameOf(call: unknown): string {
  return typeof call === 'string' ? JSON.stringify(call.slice(0, 80)) : 'without a name'
}
