/**
 * In one process, in turn: a bare sweep over all session files (list folders, look at sizes and times), and a refresh
 * of a detector that knows everything already and finds nothing new. Their ratio is the price of looking again.
 */
import path from 'node:path'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { createDetector } from '../../../shared/engine/transcript-detector.ts'
import { sayDone, sayResult, usageNow } from '../child-voice.ts'
import { sweepFolder } from './sweep-folder.ts'
import { compareWithTruth, readTruth } from './truth.ts'

const [, , configDir = '', truthFile = '', repetitions = '5'] = process.argv
const detector = createDetector(
  nodePorts(() => {}),
  { roots: [configDir] },
)
await detector.refresh()

const bare: Took[] = []
const refresh: Took[] = []
let seen = 0
let found = await detector.refresh()
for (let i = 0; i < Number(repetitions); i++) {
  bare.push(
    await took(() => {
      seen = sweepFolder(path.join(configDir, 'projects'))
    }),
  )
  refresh.push(
    await took(async () => {
      found = await detector.refresh()
    }),
  )
}
sayDone()
sayResult({ bare, refresh, seen, ...compareWithTruth(readTruth(truthFile), found) })

interface Took {
  readonly wallMs: number
  readonly cpuMs: number
}

async function took(work: () => void | Promise<void>): Promise<Took> {
  const [fromMs, { cpuMs }] = [performance.now(), usageNow()]
  await work()
  return { wallMs: performance.now() - fromMs, cpuMs: usageNow().cpuMs - cpuMs }
}
