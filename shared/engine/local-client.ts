/**
 * A command's way to the monitor that runs: the contract over its local socket, or word that none can be had.
 *
 * Loads nothing of the engine, so that a command which only asks is quick.
 */
import { connect, type Socket } from 'node:net'
import type { MonitorApi } from '../core/monitor-api.ts'
import { connectMonitor } from '../core/wire.ts'
import { greetMonitor, type MonitorIdentity } from './local-handshake.ts'
import { readKey, whyUnsafe } from './local-key.ts'
import type { LocalPlace } from './local-place.ts'
import type { FileSystem } from './ports.ts'
import { socketWire } from './socket-wire.ts'

export interface LocalMonitor {
  readonly monitor: MonitorApi
  readonly identity: MonitorIdentity
  /** Calls `listener` once when the monitor has gone; every open call is rejected then. */
  onClosed(listener: (reason: string) => void): () => void
  close(): void
}

export type LocalAttempt =
  | ({ readonly kind: 'connected' } & LocalMonitor)
  /** Nobody listens there. */
  | { readonly kind: 'none' }
  /** Somebody does, or left something, that is not to be used; why, in words. */
  | { readonly kind: 'unusable'; readonly message: string }

export interface LocalClientOptions {
  /** For connection and handshake together. */
  readonly timeoutMs: number
  /** Of this process; null where the system has none. */
  readonly uid: number | null
  /** This program shows alerts on the user's desktop for as long as it is connected. Default false. */
  readonly tellsAlerts?: boolean
}

/** What a whole state may have at most. */
const maxMessageBytes = 536_870_912

export async function connectLocal(
  files: FileSystem,
  place: LocalPlace,
  options: LocalClientOptions,
): Promise<LocalAttempt> {
  const { timeoutMs, uid, tellsAlerts = false } = options
  const read = readKey(files, place.keyFile, uid)
  if (!read.ok) return read.reason === 'missing' ? { kind: 'none' } : { kind: 'unusable', message: read.message }
  let socket: Socket | null = null
  try {
    const unsafe = whyUnsafeSocket(files, place, uid)
    if (unsafe !== null) return { kind: 'unusable', message: unsafe }
    socket = await open(place.address, timeoutMs)
    const identity = await greetMonitor(socket, { key: read.key, timeoutMs, tellsAlerts })
    return { kind: 'connected', identity, ...overSocket(socket) }
  } catch (error) {
    socket?.destroy()
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ECONNREFUSED' ? { kind: 'none' } : { kind: 'unusable', message }
  }
}

function whyUnsafeSocket(files: FileSystem, { socketFolder, address }: LocalPlace, uid: number | null): string | null {
  if (socketFolder === null) return null
  return whyUnsafe(files, socketFolder, 'folder', uid) ?? whyUnsafe(files, address, 'other', uid)
}

function overSocket(socket: Socket): Omit<LocalMonitor, 'identity'> {
  const wire = socketWire(socket, { maxMessageBytes })
  const monitor = connectMonitor(wire)
  wire.onClosed(reason => monitor.close(`the monitor that was running has gone: ${reason}`))
  return { monitor, onClosed: wire.onClosed, close: () => wire.close('closed') }
}

function open(address: string, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address)
    const timer = setTimeout(() => socket.destroy(new Error('nobody took the connection in time')), timeoutMs)
    socket.on('error', reject)
    socket.once('close', () => clearTimeout(timer))
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.pause()
      resolve(socket)
    })
  })
}
