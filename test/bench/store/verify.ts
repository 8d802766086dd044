/** `verify --read-data` of a store, as the command line does it. Argument: the store's folder. */
import { openStore } from '../../../shared/engine/checkpoint-store.ts'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { verifyStore } from '../../../shared/engine/verify-store.ts'
import { sayDone, sayResult } from '../child-voice.ts'

const ports = nodePorts(() => {})
const opened = openStore(ports, process.argv[2] ?? '')
if (!opened.ok) throw new Error(opened.message)
const report = await verifyStore(opened.store, ports.clock, { readData: true })
sayDone()
sayResult(report)
