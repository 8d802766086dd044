/** What a look at a work tree costs beside plain `git status`, in repositories of three sizes. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import type { Ports } from '../../../shared/engine/ports.ts'
import { createSnapshotter } from '../../../shared/engine/work-tree-snapshot.ts'
import { seededRandom } from '../../support/random.ts'
import { commitFiles, gitEnv, touchWorkTree } from '../../support/repositories.ts'
import { median } from '../measure.ts'

export interface ListingTimes {
  readonly files: number
  readonly rounds: number
  /** Medians, ms. */
  readonly ourMs: number
  readonly gitMs: number
  /** git processes per look in the steady state. */
  readonly spawns: number
  readonly failures: readonly string[]
}

const changes = { modify: 15, add: 5 } as const

export async function measureListing(folder: string, files: number, rounds: number): Promise<ListingTimes> {
  const root = path.join(folder, `repo-${files}`)
  const random = seededRandom(`listing ${files}`)
  const tracked = Array.from({ length: files }, (_, i) => {
    const name = i < changes.modify ? `src/module-${i}.ts` : `src/${i % 97}/file-${i}.ts`
    return { path: name, mode: '100644' as const, content: Buffer.from(`${random.hex(200)}\n`) }
  })
  const tree = commitFiles(root, tracked)
  touchWorkTree(tree, random, changes)
  const { ports, spawned } = countingPorts()
  const home = path.join(folder, 'nobody')
  const snapshotter = createSnapshotter(ports, {
    gitFolder: path.join(folder, `git-${files}`),
    home,
    environment: { PATH: process.env['PATH'] },
  })
  // Files that were just written vouch for nothing yet.
  await new Promise(resolve => setTimeout(resolve, 2_500))
  await status(root)
  await snapshotter.survey(root, null)
  const [ourMs, gitMs]: [number[], number[]] = [[], []]
  const failures: string[] = []
  const before = spawned()
  for (let round = 0; round < rounds; round++) {
    const ours = async () => {
      const fromMs = performance.now()
      const result = await snapshotter.survey(root, null)
      ourMs.push(performance.now() - fromMs)
      const found = result.ok ? result.manifest.files.length : -1
      if (found !== changes.modify + changes.add) failures.push(`${files} files: ${found} changes found`)
    }
    const theirs = async () => {
      gitMs.push(await status(root))
    }
    for (const run of random.shuffle([ours, theirs])) await run()
  }
  const spawns = (spawned() - before) / rounds
  fs.rmSync(root, { recursive: true, force: true })
  return { files, rounds, ourMs: median(ourMs), gitMs: median(gitMs), spawns, failures }
}

async function status(root: string): Promise<number> {
  const fromMs = performance.now()
  await promisify(execFile)('git', ['status'], { cwd: root, env: gitEnv(root) })
  return performance.now() - fromMs
}

function countingPorts() {
  let count = 0
  const real = nodePorts(() => {})
  const run: Ports['commands']['run'] = (...args) => {
    count += 1
    return real.commands.run(...args)
  }
  return { ports: { ...real, commands: { ...real.commands, run } }, spawned: () => count }
}
