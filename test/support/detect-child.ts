/** Prints what a detector says of the Claude folders that are its arguments, and whether it had WebAssembly to read them. */
import { createLineWalk } from '../../shared/engine/line-walk.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { plainSessions } from './plain-sessions.ts'

const detector = createDetector(
  nodePorts(() => {}),
  { roots: process.argv.slice(2) },
)
const sessions = plainSessions(await detector.refresh())
process.stdout.write(JSON.stringify({ hasWalk: createLineWalk() !== null, notices: detector.notices(), sessions }))
