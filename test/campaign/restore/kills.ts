/**
 * Real processes that restore a real project are killed with SIGKILL at a random moment: each file has its old or its
 * new content then, and resuming or undoing afterwards gives the whole of one of them.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { createInPlaceRestorer } from '../../../shared/engine/restore-in-place.ts'
import { isOver } from '../../../shared/engine/restore-journal.ts'
import { bundleScripts } from '../../bench/bundle.ts'
import { type Random, seededRandom } from '../../support/random.ts'
import { checkpoint, manifestOf, openTestStore, sessionA, treeRecordOf } from '../../support/stores.ts'
import type { CampaignContext, CampaignResult } from '../campaign.ts'
import { journalsOf, type RestoreJob } from './applied.ts'

const kills = 150
const fileCount = 250
const ports = nodePorts(() => {})

type Contents = ReadonlyMap<string, string>

export async function killRestores({ seed, home, say }: CampaignContext): Promise<readonly CampaignResult[]> {
  const { dataDir: dataFolder, folder, env } = home()
  const root = path.join(folder, 'project')
  const random = seededRandom(`${seed}/restore-kills`)
  const entries = { child: 'test/campaign/restore/restore-child.ts' }
  const { child } = await bundleScripts(entries, path.join(folder, 'scripts'), new AbortController().signal)
  const [saved, before] = [contents(random, 'saved', fileCount), contents(random, 'now', fileCount)]
  const job: RestoreJob = { dataFolder, root, seq: save(path.join(dataFolder, 'store'), root, saved) }
  const after = new Map([...before, ...saved])
  const counts = { inTheMiddle: 0, resumed: 0, undone: 0, late: 0 }
  const failures: string[] = []
  reset(root, before)
  const wholeMs = await run(child, job, env, null)
  for (let n = 0; n < kills; n++) {
    reset(root, before)
    fs.rmSync(path.join(dataFolder, 'restores'), { recursive: true, force: true })
    await run(child, job, env, random.next() * wholeMs)
    failures.push(...neither(read(root), before, after))
    const journals = journalsOf(ports, job)
    const journal = journals.list().find(one => !isOver(one))
    if (!journal) {
      counts.late++
      const now = read(root)
      if (different(now, before) !== null && different(now, after) !== null)
        failures.push(`neither old nor new as a whole`)
      continue
    }
    counts.inTheMiddle++
    const restorer = createInPlaceRestorer(ports, journals)
    if (random.chance(0.5)) {
      counts.resumed++
      await restorer.resume(journal.id)
      note(failures, 'resumed', different(read(root), journal.phase === 'committing' ? after : before))
    } else {
      counts.undone++
      await restorer.undo(journal.id, 'keep')
      note(failures, 'undone', different(read(root), before))
    }
    if (n % 50 === 49) say(`${n + 1} of ${kills} kills`)
  }
  const figures = `${kills} kills of a restore of ${saved.size} files (${Math.round(wholeMs)} ms undisturbed), ${counts.inTheMiddle} in its middle, ${counts.resumed} resumed, ${counts.undone} undone, ${counts.late} before or after`
  return [{ title: 'SIGKILL in the middle of a restore', figures, failures: failures.slice(0, 10) }]
}

function note(failures: string[], what: string, wrong: string | null): void {
  if (wrong !== null) failures.push(`${what}, but ${wrong}`)
}

function contents(random: Random, word: string, many: number): Contents {
  const made = new Map<string, string>()
  for (let n = 0; n < many; n++) {
    if (random.chance(0.8))
      made.set(`d${n % 7}/e${n % 3}/file-${n}.txt`, `${word} ${random.hex(200)}\n`.repeat(random.int(1, 40)))
  }
  return made
}

/** A checkpoint of these files. Returns its number. */
function save(storeFolder: string, root: string, files: Contents): number {
  const store = openTestStore(storeFolder, ports)
  const listed = [...files].map(([name, content]) => ({ path: name, content }))
  return checkpoint(store, {
    session: sessionA,
    tree: (sink, table) => treeRecordOf(sink, table, manifestOf(sink, listed, { root })),
  }).seq
}

function reset(root: string, files: Contents): void {
  fs.rmSync(root, { recursive: true, force: true })
  for (const [name, content] of files) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    fs.writeFileSync(path.join(root, name), content, { mode: 0o644 })
  }
}

function read(root: string): Contents {
  const names = fs.readdirSync(root, { recursive: true, withFileTypes: true })
  const files = names.filter(each => each.isFile()).map(each => path.join(each.parentPath, each.name))
  return new Map(files.map(at => [path.relative(root, at), fs.readFileSync(at, 'utf8')]))
}

function neither(now: Contents, before: Contents, after: Contents): readonly string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])]
  const wrong = names.filter(name => now.get(name) !== before.get(name) && now.get(name) !== after.get(name))
  return wrong.slice(0, 1).map(name => `${name} is neither old nor new`)
}

/** The first path that differs, or null. */
function different(now: Contents, should: Contents): string | null {
  const name = [...new Set([...now.keys(), ...should.keys()])].find(one => now.get(one) !== should.get(one))
  return name === undefined ? null : `${name} is not as it should be`
}

/** Milliseconds from the beginning of the restore to its end, or to the kill. */
async function run(
  script: string,
  job: RestoreJob,
  env: Readonly<Record<string, string>>,
  killAfterMs: number | null,
): Promise<number> {
  const child = spawn(process.execPath, [script, JSON.stringify(job)], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise(resolve => child.once('exit', resolve))
  await new Promise<void>(resolve => child.stdout.once('data', () => resolve()))
  const fromMs = performance.now()
  if (killAfterMs !== null) {
    await sleep(killAfterMs)
    child.kill('SIGKILL')
  }
  await ended
  return performance.now() - fromMs
}
