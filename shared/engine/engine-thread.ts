/**
 * The monitor in a thread of its own, for hosts that have something to keep responsive. To the host it is a
 * `MonitorApi` like any other; scans, hashing, compression and every synchronous read happen over there.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { MonitorApi } from '../core/monitor-api.ts'
import type { SettingValues } from '../core/setting-values.ts'
import { connectMonitor, type Wire } from '../core/wire.ts'
import type { MonitorOptions } from './monitor.ts'
import type { Log, LogLevel } from './ports.ts'

/** What the thread is started with: `MonitorOptions` as JSON. */
export interface EngineThreadOptions extends Omit<MonitorOptions, 'settingsOverride'> {
  /** Over the settings of the file, for flags of the command line: see `setting-values.ts`. */
  readonly settingValues?: SettingValues
}

/** What the thread tells its host beside the wire. */
export type EngineThreadMessage =
  | { readonly kind: 'started' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly remedy: string }
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly message: string
      readonly fields?: Record<string, unknown>
    }

export interface EngineThread {
  readonly monitor: MonitorApi
  /** Ends the monitor in order, and after `graceMs` the thread whatever it does. */
  stop(graceMs?: number): Promise<void>
}

export type EngineThreadStarted =
  | { readonly ok: true; readonly thread: EngineThread }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly remedy: string }

export interface EngineThreadHost {
  /** The built or source `engine-thread-main`. */
  readonly script: URL | string
  readonly options: EngineThreadOptions
  readonly log: Log
  /** Told once if the thread ends without having been stopped. Every open call is rejected. */
  readonly onCrash: (error: Error) => void
}

/** The entry that lies beside this module, built or as source. */
export function engineThreadBeside(): URL {
  const here = import.meta.url
  return new URL(here.endsWith('.ts') ? 'engine-thread-main.ts' : 'engine-thread.js', here)
}

export function startEngineThread({ script, options, log, onCrash }: EngineThreadHost): Promise<EngineThreadStarted> {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(script, { workerData: { options, port: port2 }, transferList: [port2], name: 'engine' })
  const monitor = connectMonitor(messagePortWire(port1))
  const exited = new Promise<void>(done => worker.once('exit', () => done()))
  let stopping = false
  return new Promise(resolve => {
    const ended = (error: Error) => {
      monitor.close(error.message)
      port1.close()
      resolve({
        ok: false,
        code: 'internal',
        message: `The engine did not start: ${error.message}`,
        remedy: 'Please report it.',
      })
      if (!stopping) onCrash(error)
      stopping = true
    }
    worker.on('error', ended)
    worker.on('exit', code => ended(new Error(`the engine's thread ended with code ${code}`)))
    worker.on('message', (message: EngineThreadMessage) => {
      if (message.kind === 'log') return log(message.level, message.message, message.fields)
      if (message.kind === 'started') return resolve({ ok: true, thread: { monitor, stop } })
      stopping = true
      resolve({ ...message, ok: false })
    })
    const stop = async (graceMs = 5_000): Promise<void> => {
      stopping = true
      worker.postMessage('stop')
      const timer = setTimeout(() => void worker.terminate(), graceMs)
      await exited
      clearTimeout(timer)
    }
  })
}

/** A wire over a `MessagePort`. */
export function messagePortWire(port: MessagePort): Wire {
  return {
    send: message => port.postMessage(message),
    onMessage: listener => {
      port.on('message', listener)
      return () => port.off('message', listener)
    },
  }
}
