/** Type-checks every floor with its own `lib` and `types`, so that a wrong global does not compile. Exits 1 if any floor fails. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const top = path.resolve(import.meta.dirname, '..')
const floors = ['shared/core', 'shared/engine', 'cli', 'electron', 'renderer', 'build', 'test']
const only = process.argv.slice(2)

const failed = floors
  .filter(floor => only.length === 0 || only.includes(floor))
  .filter(floor => {
    const tsc = path.join(top, 'node_modules/typescript/bin/tsc')
    return spawnSync(process.execPath, [tsc, '--noEmit', '-p', floor], { cwd: top, stdio: 'inherit' }).status !== 0
  })
if (failed.length > 0) {
  console.error(`typecheck failed in: ${failed.join(', ')}`)
  process.exit(1)
}
