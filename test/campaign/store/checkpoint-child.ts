/**
 * A process that works in shared sessions and checkpoints them, without any lock, until it is killed or the stop file
 * is there. What it reported saved stands in its log before it goes on.
 *
 * Its one argument is a `ChildPlan` as JSON. Log lines: `saved <session> <seq> <bytes> <sha256 of so many bytes>`.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionId } from '../../../shared/core/session.ts'
import { defaultSettings } from '../../../shared/core/settings.ts'
import { createHistory } from '../../../shared/engine/checkpoint-history.ts'
import { createMaker, type MakeItem } from '../../../shared/engine/checkpoint-maker.ts'
import { openStore } from '../../../shared/engine/checkpoint-store.ts'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import type { FileSystem, Ports } from '../../../shared/engine/ports.ts'
import { createSnapshotter } from '../../../shared/engine/work-tree-snapshot.ts'
import { requestOf, sessionOf } from '../../support/core-values.ts'
import { seededRandom } from '../../support/random.ts'
import { describeTranscript, transcriptLines } from '../../support/stores.ts'
import type { ChildPlan } from './checkpoint-processes.ts'

const plan = JSON.parse(process.argv[2] ?? '{}') as ChildPlan
const random = seededRandom(plan.seed)
const ports = portsOf(plan)
const opened = openStore(ports, plan.storeFolder, { minimumFreeShare: 0 })
if (!opened.ok) throw new Error(opened.message)
const { store } = opened
const history = createHistory(store, () => {})
const gitFolder = path.join(plan.workFolder, 'git')
const snapshotter = createSnapshotter(ports, {
  gitFolder,
  home: plan.workFolder,
  limits: defaultSettings.limits,
})
const maker = createMaker({ ports, store, snapshotter })
const project = path.join(plan.workFolder, 'project')

/** The real world without git, so that a kill leaves no process behind; in a control run without syncs, too. */
function portsOf({ synced }: ChildPlan): Ports {
  const real = nodePorts(() => {})
  const open: FileSystem['open'] = (at, mode) => ({ ...real.files.open(at, mode), sync: () => {} })
  const files: FileSystem = synced
    ? real.files
    : { ...real.files, open, syncFolder: () => {}, syncTogether: async jobs => jobs.map(() => null) }
  const run: Ports['commands']['run'] = async () => {
    return { code: null, stdout: Buffer.alloc(0), stderr: '', failure: 'ENOENT' }
  }
  return { ...real, files, commands: { run, which: () => null } }
}

/** Names its own content's hash, so that any version of it can be told from a mixture. */
function writeProjectFile(): void {
  const content = `${random.hex(64)}\n`.repeat(random.int(1, 40))
  const temporary = path.join(plan.workFolder, `new-${process.pid}`)
  fs.writeFileSync(temporary, `${createHash('sha256').update(content).digest('hex')}\n${content}`)
  fs.renameSync(temporary, path.join(project, `file-${random.int(0, 11)}.txt`))
}

function itemOf(sessionId: SessionId, at: number): MakeItem & { readonly content: Buffer } {
  const transcript = path.join(plan.workFolder, `${sessionId}.jsonl`)
  fs.appendFileSync(transcript, transcriptLines(random, random.int(200, 1_500)))
  const content = fs.readFileSync(transcript)
  const session = {
    ...sessionOf({ facts: { sessionId, cwd: project }, streams: [describeTranscript(transcript, content)] }),
    project: { root: project, name: 'project', kind: 'folder' as const },
  }
  const last = history.last(sessionId)
  const request = { ...requestOf(at), sessionId }
  return { session, request, last, afterSeq: history.highestSeq(sessionId), content }
}

while (!fs.existsSync(plan.stopFile)) {
  writeProjectFile()
  const chosen = random.shuffle(plan.sessions).slice(0, random.int(1, 3))
  const items = chosen.map(itemOf)
  const guard = { signal: new AbortController().signal, held: () => true }
  const outcomes = await maker.makeCheckpoints(items, history.treeOf(project), guard)
  for (const outcome of outcomes) {
    if (outcome.kind === 'failed') throw new Error(`${outcome.code}: ${outcome.message}`)
    if (outcome.kind !== 'saved') continue
    const content = items.find(item => item.session.facts.sessionId === outcome.sessionId)?.content ?? Buffer.alloc(0)
    const whole = content.subarray(0, content.lastIndexOf(0x0a) + 1)
    const hash = createHash('sha256').update(whole).digest('hex')
    fs.appendFileSync(plan.logFile, `saved ${outcome.sessionId} ${outcome.seq} ${whole.length} ${hash}\n`)
  }
  if (plan.restMs > 0) await sleep(plan.restMs)
}
