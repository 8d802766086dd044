/** A fake monitor behind a real local socket in a scratch folder, and ways to knock at it. */
import { connect, type Socket } from 'node:net'
import type { LocalPlace } from '../../shared/engine/local-place.ts'
import { localPlace } from '../../shared/engine/local-place.ts'
import { type LocalServer, type LocalServerOptions, startLocalServer } from '../../shared/engine/local-server.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { createFakeMonitorApi, type FakeMonitorApi } from './fake-monitor-api.ts'
import { makeScratchFolder, removeScratchFolder } from './scratch.ts'

export interface LocalWorld {
  readonly folder: string
  readonly place: LocalPlace
  readonly ports: Ports
  readonly fake: FakeMonitorApi
  readonly server: LocalServer
  /** Every warning so far. */
  readonly logged: readonly string[]
  close(): Promise<void>
}

export const uid = process.getuid?.() ?? null
export const identity = { pid: process.pid, name: 'the test', version: '1.2.3', startedMs: 1_000 }

export async function openLocalWorld(options: Partial<LocalServerOptions> = {}): Promise<LocalWorld> {
  const folder = makeScratchFolder('local')
  const place = localPlace(folder, process.platform, folder)
  const logged: string[] = []
  const ports = nodePorts((_level, message, fields) => logged.push(`${message} ${JSON.stringify(fields)}`))
  const fake = createFakeMonitorApi()
  const started = await startLocalServer(ports, fake.api, { place, identity, uid, ...options })
  if (!started.ok) throw new Error(started.message)
  const { server } = started
  const close = async () => {
    await server.close()
    removeScratchFolder(folder)
  }
  return { folder, place, ports, fake, server, logged, close }
}

/** A bare connection, and everything that came over it until it ended. */
export interface Knock {
  readonly socket: Socket
  readonly ended: Promise<string>
}

export function knock(address: string): Knock {
  const socket = connect(address)
  let text = ''
  const ended = new Promise<string>(resolve => {
    socket.on('data', chunk => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.once('close', () => resolve(text))
  })
  return { socket, ended }
}
