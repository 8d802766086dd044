/** A process that restores until it is done or killed. Its one argument is a `RestoreJob` as JSON. */
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { applyRestore, type RestoreJob } from './applied.ts'

const job = JSON.parse(process.argv[2] ?? '{}') as RestoreJob
const done = await applyRestore(
  nodePorts(() => {}),
  job,
  () => process.stdout.write('begun\n'),
)
process.stdout.write(done.ok ? 'done\n' : `refused ${done.message}\n`)
