/** The host's end of `host-api.ts`: checks what arrives, answers, and says where a page should go. */
import { z } from 'zod'
import { type HostApi, type HostCallName, type HostCalls, type HostMessage, isHostCallName } from './host-api.ts'
import { BadRequest, sessionIdSchema } from './monitor-requests.ts'
import { isMessage, type Wire } from './wire.ts'

const nothing = z.strictObject({})
const schemas = {
  describe: nothing,
  open: z.strictObject({ what: z.enum(['folder', 'terminal', 'editor']), sessionId: sessionIdSchema }),
  setStartAtLogin: z.strictObject({ enabled: z.boolean() }),
  testNotification: nothing,
  quit: nothing,
} satisfies { readonly [K in HostCallName]: z.ZodType<Parameters<HostCalls[K]>[0]> }

export interface ServeHostOptions {
  /** Told of every refusal, in words. */
  readonly onRefused?: (message: string) => void
}

/** Answers the calls that come over `wire`. Returns the way to stop. */
export function serveHost(host: HostApi, wire: Wire, { onRefused }: ServeHostOptions = {}): () => void {
  const send = (message: HostMessage) => wire.send(message)
  const refuse = (id: number, message: string) => {
    onRefused?.(message)
    send({ kind: 'host-error', id, message })
  }
  const answer = async (id: number, call: unknown, request: unknown) => {
    if (!isHostCallName(call)) return refuse(id, 'there is no such call of the host')
    try {
      const run = host[call] as (request: unknown) => Promise<unknown>
      send({ kind: 'host-result', id, value: (await run.call(host, checked(call, request))) ?? null })
    } catch (error) {
      if (error instanceof BadRequest) refuse(id, error.message)
      else send({ kind: 'host-error', id, message: error instanceof Error ? error.message : String(error) })
    }
  }
  const stopMessages = wire.onMessage(raw => {
    if (!isMessage(raw) || raw['kind'] !== 'host-call' || typeof raw['id'] !== 'number') return
    void answer(raw['id'], raw['call'], raw['request'])
  })
  const stopNavigation = host.onNavigate(target => send({ kind: 'navigate', target }))
  return () => {
    stopMessages()
    stopNavigation()
  }
}

/** @throws {BadRequest} if `request` is not one for `call` */
function checked(call: HostCallName, request: unknown): unknown {
  const parsed = schemas[call].safeParse(request)
  if (!parsed.success) throw new BadRequest(`${call}: ${parsed.error.issues[0]?.message ?? 'bad request'}`)
  return parsed.data
}
