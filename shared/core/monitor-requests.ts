/**
 * Checks of what arrives over a wire, one per call: the host's side of the contract. A call without a check does
 * not compile. Pure.
 */
import { z } from 'zod'
import { type CallName, isCallName, type MonitorCalls } from './monitor-api.ts'
import { restoreRequestSchemas } from './restore-requests.ts'
import { parseSessionId } from './session.ts'

/** A request that does not fit the contract. The message names the call and what is wrong. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
}

export const sessionIdSchema = z.string().transform((text, context) => {
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
    z.strictObject({
      sessionIds: z.array(sessionIdSchema).min(1).max(10_000),
      urgent: z.enum(['before-compaction', 'session-ended']).exactOptional(),
    }),
    z.strictObject({ which: z.enum(['due', 'changed']) }),
  ]),
  listCheckpoints: z.strictObject({ sessionId: sessionIdSchema }),
  pause: z.strictObject({ untilMs: z.number().nullable() }),
  resume: nothing,
  ...restoreRequestSchemas,
  changeSettings: z.strictObject({ changes: z.record(z.string().max(100), z.json()) }),
  getHistory: z.strictObject({ sessionId: sessionIdSchema }),
} satisfies { readonly [K in CallName]: z.ZodType<Parameters<MonitorCalls[K]>[0]> }

/** @throws {BadRequest} if `call` is none of the contract, or `value` is not a request for it. */
export function parseRequest<K extends CallName>(call: K, value: unknown): Parameters<MonitorCalls[K]>[0] {
  if (!isCallName(call)) throw new BadRequest('there is no such call')
  const parsed = requestSchemas[call].safeParse(value)
  if (!parsed.success) throw new BadRequest(`${call}: ${parsed.error.issues[0]?.message ?? 'bad request'}`)
  return parsed.data as Parameters<MonitorCalls[K]>[0]
}
