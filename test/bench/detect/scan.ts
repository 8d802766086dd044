/** A cold full scan with the product's detector on the main thread; then, unmeasured, its result against the truth. */
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { createDetector } from '../../../shared/engine/transcript-detector.ts'
import { sayDone, sayResult } from '../child-voice.ts'
import { compareWithTruth, readTruth } from './truth.ts'

const [, , configDir = '', truthFile = ''] = process.argv
const detector = createDetector(
  nodePorts(() => {}),
  { roots: [configDir] },
)
const found = await detector.refresh()
sayDone()
sayResult(compareWithTruth(readTruth(truthFile), found))
