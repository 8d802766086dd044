/**
 * The one contract between the monitor and every user interface. JSON values only; times are epoch ms.
 *
 * `parseRequest` has one entry per call: it checks what arrives, and it is the list of what may be called.
 */
import { z } from 'zod'
import type { CheckpointOutcome, CheckpointSummary } from './checkpoint.ts'
import type { CycleSummary, MonitorState } from './monitor-state.ts'
import { parseSessionId } from './session.ts'

export type CheckpointTarget =
  | { readonly sessionIds: readonly string[] }
  /** `due`: what the policy asks for now; `changed`: all with something new, whatever the score. */
  | { readonly which: 'due' | 'changed' }

/** Everything that a user interface may ask of the monitor. */
export interface MonitorCalls {
  /** The whole current state. */
  getState(request: Record<string, never>): Promise<MonitorState>
  /** Look at everything now and checkpoint what is due. A cycle that already runs is joined. */
  runCycle(request: Record<string, never>): Promise<CycleSummary>
  /** Checkpoint now. Resolves when every outcome is known: durable, or with the reason it was not taken. */
  requestCheckpoint(request: CheckpointTarget): Promise<readonly CheckpointOutcome[]>
  /** All checkpoints of a session, newest first. */
  listCheckpoints(request: { readonly sessionId: string }): Promise<readonly CheckpointSummary[]>
  /** Stop automatic checkpoints until then, or until resumed (`null`). By hand still works. */
  pause(request: { readonly untilMs: number | null }): Promise<void>
  resume(request: Record<string, never>): Promise<void>
}

export type CallName = keyof MonitorCalls

/** The calls, and the state whenever it has changed. */
export interface MonitorApi extends MonitorCalls {
  /** Calls `listener` with each new state; returns the way to stop. */
  onState(listener: (state: MonitorState) => void): () => void
}

/** A request that does not fit the contract. The message names the call and what is wrong. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
}

const sessionId = z.string().transform((text, context) => {
  const id = parseSessionId(text)
  if (id !== null) return id
  context.addIssue({ code: 'custom', message: 'not a session id' })
  return z.NEVER
})
const nothing = z.strictObject({})

const requestSchemas = {
  getState: nothing,
  runCycle: nothing,
  requestCheckpoint: z.union([
    z.strictObject({ sessionIds: z.array(sessionId).min(1).max(10_000) }),
    z.strictObject({ which: z.enum(['due', 'changed']) }),
  ]),
  listCheckpoints: z.strictObject({ sessionId }),
  pause: z.strictObject({ untilMs: z.number().nullable() }),
  resume: nothing,
} satisfies { readonly [K in CallName]: z.ZodType<Parameters<MonitorCalls[K]>[0]> }

export const callNames = Object.keys(requestSchemas) as readonly CallName[]

/** True only for a name of the contract; `toString` and the like are none. */
export function isCallName(name: unknown): name is CallName {
  return typeof name === 'string' && Object.hasOwn(requestSchemas, name)
}

/** @throws {BadRequest} if `call` is none of the contract, or `value` is not a request for it. */
export function parseRequest<K extends CallName>(call: K, value: unknown): Parameters<MonitorCalls[K]>[0] {
  if (!isCallName(call)) throw new BadRequest('there is no such call')
  const parsed = requestSchemas[call].safeParse(value)
  if (!parsed.success) throw new BadRequest(`${call}: ${parsed.error.issues[0]?.message ?? 'bad request'}`)
  return parsed.data as Parameters<MonitorCalls[K]>[0]
}
