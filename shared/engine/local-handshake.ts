/**
 * The first four lines of every local connection, before anything of the contract:
 *
 *     command → monitor   { hello: 1, challenge, tellsAlerts? }
 *     monitor → command   { identity, challenge, proof }
 *     command → monitor   { proof }
 *     monitor → command   { ready: true }
 *
 * After them both sides know that the other may read this data folder's key. Who shows less is cut off.
 */
import type { Socket } from 'node:net'
import { createLineReader } from './line-frames.ts'
import { isSignature, newChallenge, signChallenge } from './local-key.ts'

/** Who runs, as it says of itself. */
export interface MonitorIdentity {
  readonly pid: number
  /** Which program, in words, such as "the desktop app". */
  readonly name: string
  readonly version: string
  /** Epoch ms. */
  readonly startedMs: number
}

/** What a command that was let in says of itself. */
export interface Greeting {
  /** It shows alerts on the user's desktop for as long as it is connected. */
  readonly tellsAlerts: boolean
}

export type Received = ({ readonly ok: true } & Greeting) | { readonly ok: false; readonly why: string }

/** A line of the handshake is short. */
const maxLineBytes = 2_048

/** The monitor's side. Resolves once the other side is known, or with why it was cut off, in words. */
export async function receiveCommand(
  socket: Socket,
  {
    key,
    identity,
    timeoutMs,
  }: { readonly key: Buffer; readonly identity: MonitorIdentity; readonly timeoutMs: number },
): Promise<Received> {
  const lines = readLines(socket, timeoutMs)
  try {
    const hello = fieldsOf(await lines.next())
    if (hello['hello'] !== 1 || !isChallenge(hello['challenge']))
      return cutOff('it did not begin as a command of this program does')
    const challenge = newChallenge()
    const proof = signChallenge(key, 'monitor', hello['challenge'])
    socket.write(`${JSON.stringify({ identity, challenge, proof })}\n`)
    const { proof: answer } = fieldsOf(await lines.next())
    if (!isSignature(key, 'command', challenge, answer)) return cutOff('it does not know the key of this data folder')
    socket.write(`${JSON.stringify({ ready: true })}\n`)
    return { ok: true, tellsAlerts: hello['tellsAlerts'] === true }
  } catch (error) {
    return cutOff((error as Error).message)
  } finally {
    lines.end()
  }
}

function cutOff(why: string): Received {
  return { ok: false, why }
}

/** The command's side. Resolves to who runs. @throws {Error} why it is not to be trusted, or did not answer in time. */
export async function greetMonitor(
  socket: Socket,
  { key, timeoutMs, tellsAlerts }: { readonly key: Buffer; readonly timeoutMs: number } & Greeting,
): Promise<MonitorIdentity> {
  const lines = readLines(socket, timeoutMs)
  try {
    const challenge = newChallenge()
    socket.write(`${JSON.stringify({ hello: 1, challenge, tellsAlerts })}\n`)
    const welcome = fieldsOf(await lines.next())
    if (!isIdentity(welcome['identity']) || !isChallenge(welcome['challenge'])) {
      throw new Error('what answers is no monitor of this version')
    }
    if (!isSignature(key, 'monitor', challenge, welcome['proof'])) throw new Error('what answers does not know our key')
    socket.write(`${JSON.stringify({ proof: signChallenge(key, 'command', welcome['challenge']) })}\n`)
    const { ready } = fieldsOf(await lines.next())
    if (ready !== true) throw new Error('the monitor refused the connection')
    return welcome['identity']
  } finally {
    lines.end()
  }
}

interface Lines {
  /** The next line. @throws {Error} when none comes. */
  next(): Promise<string>
  /** Stops reading and leaves the socket to whoever reads it next. */
  end(): void
}

/** Reads line by line. Neither side sends anything ahead, so nothing is left over at the end. */
function readLines(socket: Socket, timeoutMs: number): Lines {
  const ready: string[] = []
  let wanted: PromiseWithResolvers<string> | null = null
  let broken: Error | null = null
  const fail = (why: string) => {
    broken ??= new Error(why)
    wanted?.reject(broken)
    wanted = null
  }
  const give = (line: string) => {
    if (wanted === null) return void ready.push(line)
    wanted.resolve(line)
    wanted = null
  }
  const read = createLineReader(maxLineBytes, give, () => fail('its first lines are too long'))
  const onGone = () => fail('it went away at once')
  const onError = (error: Error) => fail(error.message)
  const timer = setTimeout(() => fail('it did not answer in time'), timeoutMs)
  socket.on('data', read).on('close', onGone).on('error', onError).resume()
  return {
    next() {
      if (broken !== null) return Promise.reject(broken)
      const line = ready.shift()
      if (line !== undefined) return Promise.resolve(line)
      wanted = Promise.withResolvers<string>()
      return wanted.promise
    },
    end() {
      clearTimeout(timer)
      socket.pause()
      socket.off('data', read).off('close', onGone).off('error', onError)
    },
  }
}

/** The fields of a line; none for what is no JSON object. Checked by hand: a schema's library would cost a command its start. */
function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return isFields(value) ? value : {}
  } catch {
    return {}
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isChallenge(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)
}

function isIdentity(value: unknown): value is MonitorIdentity {
  if (!isFields(value)) return false
  const { pid, name, version, startedMs } = value
  return (
    Number.isSafeInteger(pid) && typeof name === 'string' && typeof version === 'string' && Number.isFinite(startedMs)
  )
}
