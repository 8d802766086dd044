/** What runs inside the engine's thread: an entry point, so the real ports are chosen here. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { serveMonitor } from '../core/serve-monitor.ts'
import { withSettingValues } from '../core/setting-values.ts'
import { type EngineThreadMessage, type EngineThreadOptions, messagePortWire } from './engine-thread.ts'
import { startMonitor } from './monitor.ts'
import { longLivedPorts } from './node-ports.ts'
import { scanWorkersBeside } from './scan-crew.ts'
import { statePace } from './state-pace.ts'

const { options: given, port } = workerData as { readonly options: EngineThreadOptions; readonly port: MessagePort }
const { settingValues = {}, ...options } = given
const tell = (message: EngineThreadMessage) => parentPort?.postMessage(message)
const ports = longLivedPorts((level, message, fields) =>
  tell({ kind: 'log', level, message, ...(fields ? { fields } : {}) }),
)

async function serve(): Promise<void> {
  const started = await startMonitor(ports, {
    ...options,
    settingsOverride: settings => withSettingValues(settings, settingValues),
    scanWorkers: scanWorkersBeside(),
  })
  if (started.ok) {
    const stopServing = serveMonitor(started.monitor, messagePortWire(port), {
      onRefused: message => ports.log('warn', 'a request was refused', { message }),
      pace: statePace,
    })
    parentPort?.once('message', async () => {
      await started.monitor.stop()
      stopServing()
      port.close()
      parentPort?.unref()
      process.exit(0)
    })
    tell({ kind: 'started' })
  } else {
    tell({ kind: 'refused', code: started.code, message: started.message, remedy: started.remedy })
    port.close()
  }
}

// No top-level await: the command line's bundle is CommonJS, which knows none.
void serve()
