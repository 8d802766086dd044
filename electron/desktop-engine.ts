/**
 * The monitor that the app shows: its own, or the one that runs already for this user (`session-monitor run`), which it
 * then asks as any other program does. Two would only stand in each other's way.
 */
import { homedir, tmpdir } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { claudeRoots } from '../shared/engine/claude-roots.ts'
import { dataFolder } from '../shared/engine/data-folder.ts'
import { type HostedMonitorStarted, startHostedMonitor } from '../shared/engine/hosted-monitor.ts'
import { connectLocal } from '../shared/engine/local-client.ts'
import { type LocalPlace, localPlace } from '../shared/engine/local-place.ts'
import type { Ports } from '../shared/engine/ports.ts'
import type { AppLog } from './app-log.ts'
import type { EngineStarted } from './engine-keeper.ts'

export interface DesktopEngineParts {
  readonly ports: Ports
  readonly appLog: Pick<AppLog, 'begin' | 'end'>
  /** The built engine thread. */
  readonly script: string
  readonly version: string
}

/** For connection and handshake together. Ms. */
const connectMs = 5_000

/** @param onEnded Told once, in words, if it ends without having been stopped. */
export async function startDesktopEngine(
  { ports, appLog, script, version }: DesktopEngineParts,
  onEnded: (reason: string) => void,
): Promise<EngineStarted> {
  // Taking the monitor's place writes to the disk and waits for it: tray and window come first.
  await nextTurn()
  const environment = { env: process.env, home: homedir(), platform: process.platform }
  const folder = dataFolder(environment)
  const place = localPlace(folder, process.platform, tmpdir())
  const uid = process.getuid?.() ?? null
  const started = await startHostedMonitor(ports, {
    place,
    version,
    uid,
    script,
    onEnded(reason) {
      ports.log('error', reason)
      appLog.end()
      onEnded(reason)
    },
    engine: {
      dataFolder: folder,
      roots: claudeRoots(environment),
      home: environment.home,
      environment: { ...environment.env },
      automatic: true,
      hostName: 'desktop app',
    },
  })
  return started.kind === 'taken' ? ask(ports, place, uid, started.by, onEnded) : own(ports, appLog, version, started)
}

function own(
  ports: Ports,
  appLog: DesktopEngineParts['appLog'],
  version: string,
  started: Exclude<HostedMonitorStarted, { readonly kind: 'taken' }>,
): EngineStarted {
  if (started.kind === 'failed') return { ok: false, message: started.message, remedy: started.remedy }
  const { monitor, unreachable, stop } = started.hosted
  appLog.begin()
  ports.log('info', `Started: the desktop app, version ${version}, process ${process.pid}.`)
  if (unreachable !== null) ports.log('warn', `${unreachable.message}. ${unreachable.remedy}`)
  return {
    ok: true,
    monitor,
    async stop(graceMs) {
      await stop(graceMs)
      ports.log('info', 'Stopped.')
      appLog.end()
    },
  }
}

async function ask(
  ports: Ports,
  place: LocalPlace,
  uid: number | null,
  by: string,
  onEnded: (reason: string) => void,
): Promise<EngineStarted> {
  const attempt = await connectLocal(ports.files, place, { timeoutMs: connectMs, uid, tellsAlerts: true })
  if (attempt.kind === 'connected') {
    attempt.onClosed(() => onEnded(`The monitor that was running has ended (${by}).`))
    return { ok: true, monitor: attempt.monitor, stop: async () => attempt.close() }
  }
  const why = attempt.kind === 'none' ? 'it does not listen' : attempt.message
  return { ok: false, message: `Another monitor runs, ${by}, and cannot be asked: ${why}`, remedy: 'End it.' }
}
