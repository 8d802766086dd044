/**
 * A cold full scan with the product's detector; then, unmeasured, its result against the truth. With a scan worker's
 * script as third argument one worker reads beside the main thread: two threads.
 */
import { pathToFileURL } from 'node:url'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { createDetector } from '../../../shared/engine/transcript-detector.ts'
import { sayDone, sayResult } from '../child-voice.ts'
import { compareWithTruth, readTruth } from './truth.ts'

const [, , configDir = '', truthFile = '', workerScript] = process.argv
const workers = workerScript === undefined ? {} : { workers: { script: pathToFileURL(workerScript), count: 1 } }
const detector = createDetector(
  nodePorts(() => {}),
  { roots: [configDir], ...workers },
)
const found = await detector.refresh()
sayDone()
sayResult(compareWithTruth(readTruth(truthFile), found))
