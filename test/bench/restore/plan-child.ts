/**
 * One measured process: reads every file of a project once, or plans a restore of it. Its arguments: a `PlanJob` as
 * JSON. Prints a `PlanMeasured` as JSON. Bundled, so that loading costs little.
 */
import fs from 'node:fs'
import path from 'node:path'
import { createGit } from '../../../shared/engine/git-command.ts'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { withPlan } from '../../../shared/engine/restore-planner.ts'
import { createSnapshotter } from '../../../shared/engine/work-tree-snapshot.ts'
import { openTestStore, sessionA } from '../../support/stores.ts'

export interface PlanJob {
  readonly what: 'read' | 'plan'
  readonly root: string
  readonly dataFolder: string
  readonly home: string
}

export interface PlanMeasured {
  readonly ms: number
  /** Of this process and its children. */
  readonly cpuMs: number
  readonly maxRssMegabytes: number
  readonly files: number
  readonly counts: Readonly<Record<string, number>>
}

const job = JSON.parse(process.argv[2] ?? '{}') as PlanJob
const fromMs = performance.now()
const answer = job.what === 'read' ? readAll(job.root) : await plan(job)
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
const measured: PlanMeasured = {
  ...answer,
  ms: performance.now() - fromMs,
  cpuMs: (userCPUTime + systemCPUTime) / 1_000,
  maxRssMegabytes: maxRSS / 1_024,
}
process.stdout.write(JSON.stringify(measured))

/** As plainly as it can be done. */
function readAll(root: string) {
  const { files } = nodePorts(() => {})
  const chunk = Buffer.allocUnsafe(1_048_576)
  const names = fs.readdirSync(root, { recursive: true, withFileTypes: true })
  const wanted = names.filter(each => each.isFile() && !each.parentPath.includes('.git'))
  for (const { parentPath, name } of wanted) {
    const file = files.open(path.join(parentPath, name), 'read')
    for (let at = 0, read = -1; read !== 0; at += read) read = file.read(chunk, at)
    file.close()
  }
  return { files: wanted.length, counts: {} }
}

async function plan({ dataFolder, home }: PlanJob) {
  const ports = nodePorts(() => {})
  const store = openTestStore(path.join(dataFolder, 'store'), ports)
  const newest = store.newest(sessionA)
  if (!newest.ok || newest.record === null) throw new Error('there is no checkpoint')
  const environment = process.env
  const gitFolder = path.join(dataFolder, 'git')
  const snapshotter = createSnapshotter(ports, { gitFolder, home, environment })
  const git = createGit(ports.commands, environment)
  const request = {
    checkpoint: `${sessionA}/${newest.record.seq}`,
    selection: { what: 'files' },
    target: { kind: 'in-place' },
    rules: { conflicts: 'keep', deleted: 'restore' },
  } as const
  const parts = { ports, git, store, snapshotter, roots: [], sessions: () => [] }
  const planned = await withPlan(parts, newest.record, request, async open => ({
    ok: true as const,
    counts: open.plan.counts,
  }))
  if (!planned.ok) throw new Error(planned.message)
  return { files: Object.values(planned.counts).reduce((sum, n) => sum + n, 0), counts: planned.counts }
}
