/**
 * A run of the detector with an index, then, unmeasured, its result against the truth. Where there is no index yet it
 * leaves one; where there is one this is a warm start: everything is known and nothing is new.
 */
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { createDetector } from '../../../shared/engine/transcript-detector.ts'
import { sayDone, sayResult } from '../child-voice.ts'
import { compareWithTruth, readTruth } from './truth.ts'

const [, , configDir = '', truthFile = '', indexFolder = ''] = process.argv
const detector = createDetector(
  nodePorts(() => {}),
  { roots: [configDir], indexFolder },
)
const found = await detector.refresh()
sayDone()
await detector.close()
sayResult(compareWithTruth(readTruth(truthFile), found))
