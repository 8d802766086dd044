/**
 * The first look from heads and tails. What it shows is provisional, so all that is asked of it is that every session is
 * there once; how many of the titles are right already is told.
 */
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { createDetector } from '../../../shared/engine/transcript-detector.ts'
import { sayDone, sayResult } from '../child-voice.ts'
import { readTruth } from './truth.ts'

const [, , configDir = '', truthFile = ''] = process.argv
const detector = createDetector(
  nodePorts(() => {}),
  { roots: [configDir] },
)
const glimpsed = await detector.glance()
sayDone()

const truth = new Map(readTruth(truthFile).map(session => [session.sessionId, session.truth]))
const shown = new Set(glimpsed.map(({ facts }) => facts.sessionId))
const missing = [...truth.keys()].filter(id => !shown.has(id))
const invented = [...shown].filter(id => !truth.has(id))
const titled = glimpsed.filter(({ facts }) => facts.title !== '')
const right = titled.filter(({ facts }) => facts.title === truth.get(facts.sessionId)?.title)
sayResult({
  checked: truth.size,
  wrong: missing.length + invented.length + glimpsed.length - shown.size,
  mistakes: [...missing, ...invented].slice(0, 5),
  titled: titled.length,
  right: right.length,
})
