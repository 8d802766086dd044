/**
 * The running monitor's door for its own user: the contract over a local socket, for any number of commands.
 *
 * Invariants (tests cite them by number):
 * 1. Nobody but the folder's owner can connect (socket 0600 in a folder 0700), and who cannot show that it may read
 *    the key is cut off before anything of the contract.
 * 2. At most `maxClients` connections; one more is closed at once. Each has bounded messages, calls and backlog
 *    (`socket-wire.ts`), so that no client makes the monitor grow or wait.
 * 3. A connection that fails, however it fails, ends alone.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { MonitorApi } from '../core/monitor-api.ts'
import { serveMonitor } from '../core/serve-monitor.ts'
import { removeQuietly } from './durable-file.ts'
import { type MonitorIdentity, receiveCommand } from './local-handshake.ts'
import { keepKey, whyUnsafe } from './local-key.ts'
import type { LocalPlace } from './local-place.ts'
import type { Ports } from './ports.ts'
import { socketWire } from './socket-wire.ts'
import { statePace } from './state-pace.ts'

export interface LocalServerOptions {
  readonly place: LocalPlace
  readonly identity: MonitorIdentity
  /** Of this process; null where the system has none. */
  readonly uid: number | null
  readonly maxClients?: number
  /** Of one message that arrives. */
  readonly maxMessageBytes?: number
  /** What may wait for one client before states are left out for it. */
  readonly backlogBytes?: number
  /** For the handshake. */
  readonly helloMs?: number
}

export interface LocalServer {
  /** Ends every connection and takes the socket away. */
  close(): Promise<void>
  /** Connections just now, those that have not shown the key included. */
  clients(): number
  /** Somebody who is connected shows alerts on the user's desktop. */
  alertsAreTold(): boolean
}

export type LocalServerStarted =
  | { readonly ok: true; readonly server: LocalServer }
  | { readonly ok: false; readonly message: string; readonly remedy: string }

/** Only for the one that holds the lock of `one-monitor.ts`: what is at the address is replaced. */
export async function startLocalServer(
  ports: Ports,
  api: MonitorApi,
  options: LocalServerOptions,
): Promise<LocalServerStarted> {
  const { place, uid } = options
  try {
    prepareFolder(ports, place, uid)
    const key = keepKey(ports, place.keyFile, uid)
    const door = createDoor(ports, api, key, options)
    await listen(door.server, place.address)
    if (place.socketFolder !== null) ports.files.chmod(place.address, 0o600)
    return { ok: true, server: door }
  } catch (error) {
    const message = `Other commands cannot reach this monitor: ${(error as Error).message}.`
    return {
      ok: false,
      message,
      remedy: `Look after ${place.folder}, or choose another data folder with SESSION_MONITOR_HOME.`,
    }
  }
}

/** @throws {Error} if somebody else could get in. */
function prepareFolder({ files }: Ports, { folder, socketFolder, address }: LocalPlace, uid: number | null): void {
  for (const made of new Set([folder, ...(socketFolder === null ? [] : [socketFolder])])) {
    files.makeFolder(made)
    const unsafe = whyUnsafe(files, made, 'folder', uid)
    if (unsafe !== null) throw new Error(unsafe)
  }
  // What a crash left: the lock says that nobody listens on it any more.
  if (socketFolder !== null) removeQuietly(files, address)
}

function createDoor(ports: Ports, api: MonitorApi, key: Buffer, options: LocalServerOptions) {
  const { maxClients = 64, helloMs = 2_000, identity } = options
  const sockets = new Set<Socket>()
  const tellers = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, socket => {
    if (sockets.size >= maxClients) return void socket.destroy()
    sockets.add(socket)
    socket
      .on('error', () => {})
      .once('close', () => {
        sockets.delete(socket)
        tellers.delete(socket)
      })
    void admit(socket)
  })
  const admit = async (socket: Socket): Promise<void> => {
    const received = await receiveCommand(socket, { key, identity, timeoutMs: helloMs })
    if (received.ok) {
      if (received.tellsAlerts && !socket.destroyed) tellers.add(socket)
      return serveSocket(ports, api, socket, options)
    }
    ports.log('warn', 'A local connection was refused.', { why: received.why })
    socket.destroy()
  }
  server.on('error', error => ports.log('error', 'The local socket failed.', { message: error.message }))
  return {
    server,
    clients: () => sockets.size,
    alertsAreTold: () => tellers.size > 0,
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function serveSocket(ports: Ports, api: MonitorApi, socket: Socket, options: LocalServerOptions): void {
  const { maxMessageBytes = 1_048_576, backlogBytes = 4_194_304 } = options
  const wire = socketWire(socket, {
    maxMessageBytes,
    backlogBytes,
    unanswered: 64,
    // What it missed is made good by the whole state of now, for which it asks.
    onCaughtUp: () => wire.send({ kind: 'serving' }),
  })
  const stop = serveMonitor(api, wire, {
    onRefused: message => ports.log('warn', 'A local request was refused.', { message }),
    pace: async after => {
      await wire.whenRead()
      await statePace(after)
    },
  })
  wire.onClosed(stop)
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(error)
    server.once('error', onError)
    server.listen(address, () => {
      server.off('error', onError)
      resolve()
    })
  })
}
