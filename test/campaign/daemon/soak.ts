/**
 * A monitor that runs on and on while sessions change: its memory stays flat, and it keeps no handle and no process.
 *
 * The transcripts are real files; time is compressed by a clock that runs ahead, so that a minute's interval comes
 * every few seconds.
 */
import { execFileSync, fork } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { idOf } from '../../support/core-values.ts'
import { promptLine } from '../../support/monitor-world.ts'
import { seededRandom } from '../../support/random.ts'
import { gitEnv } from '../../support/repositories.ts'
import type { ScratchHome } from '../../support/scratch.ts'

/** What the child is started with. */
export interface SoakChild {
  readonly dataFolder: string
  readonly root: string
  readonly home: string
  /** How many times as fast its clock runs. */
  readonly speed: number
}

/** What it holds at one moment, after its garbage was collected. Bytes and counts. */
export interface SoakSample {
  readonly rss: number
  readonly heap: number
  readonly files: number
  readonly handles: number
  /** Pids of children that have ended and were not waited for yet. */
  readonly zombies: readonly number[]
  readonly connections: number
  readonly cycles: number
  readonly checkpoints: number
  readonly visits: number
  /** By its own clock, since its start. */
  readonly seenMs: number
}

export interface SoakOptions {
  readonly home: ScratchHome
  readonly seed: number
  readonly sessions: number
  readonly repositories: number
  readonly speed: number
  /** By the child's clock. */
  readonly minutes: number
  readonly say?: (message: string) => void
}

export interface SoakResult {
  readonly changes: number
  /** After the first third, in which caches fill, until the end. */
  readonly samples: readonly SoakSample[]
  readonly exitCode: number | null
}

const script = path.join(import.meta.dirname, 'soak-child.ts')
const stepMs = 500

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { home, speed, minutes, say = () => {} } = options
  const transcripts = makeSessions(options)
  const child = fork(
    script,
    [JSON.stringify({ dataFolder: home.dataDir, root: home.configDir, home: home.home, speed } satisfies SoakChild)],
    { env: { ...home.env }, execArgv: ['--expose-gc'] },
  )
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  const next = () => new Promise<unknown>(resolve => child.once('message', resolve))
  await Promise.race([next(), exited])
  const random = seededRandom(options.seed)
  const samples: SoakSample[] = []
  let changes = 0
  for (let seenMs = 0; seenMs < minutes * 60_000 && child.connected; ) {
    for (let n = 0; n < options.sessions / 50; n++, changes++) {
      const { file, id, cwd } = random.pick(transcripts)
      appendFileSync(file, promptLine(id, cwd, `Change ${changes}`))
    }
    await sleep(stepMs)
    child.send('sample')
    const sample = (await Promise.race([next(), exited.then(() => null)])) as SoakSample | null
    if (sample === null) break
    seenMs = sample.seenMs
    if (seenMs > (minutes * 60_000) / 3) samples.push(sample)
    if (samples.length % 20 === 1) say(JSON.stringify(sample))
  }
  if (child.connected) child.send('end')
  return { changes, samples, exitCode: await exited }
}

function makeSessions({ home, sessions, repositories }: SoakOptions) {
  return Array.from({ length: sessions }, (_, n) => {
    const cwd = path.join(home.home, `project-${n % repositories}`)
    if (n < repositories) makeRepository(cwd)
    const folder = path.join(home.configDir, 'projects', cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'))
    mkdirSync(folder, { recursive: true })
    const [id, file] = [idOf(n), path.join(folder, `${idOf(n)}.jsonl`)]
    writeFileSync(file, promptLine(id, cwd).repeat(20))
    return { id, cwd, file }
  })
}

function makeRepository(folder: string): void {
  mkdirSync(folder)
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, env: gitEnv(folder), stdio: 'ignore' })
  git('init', '-q', '-b', 'main')
  for (let n = 0; n < 10; n++) writeFileSync(path.join(folder, `file-${n}.txt`), `${n}\n`.repeat(100))
  git('add', '.')
  git('commit', '-q', '-m', 'Begin')
  writeFileSync(path.join(folder, 'new.txt'), 'untracked\n')
}

/** How much more, or less, the last third of the samples holds on average than the first third of them; 0.1 is 10 %. */
export function drift(samples: readonly SoakSample[], what: 'rss' | 'heap' | 'files' | 'handles'): number {
  const third = Math.max(1, Math.floor(samples.length / 3))
  const mean = (some: readonly SoakSample[]) => some.reduce((sum, one) => sum + one[what], 0) / some.length
  return mean(samples.slice(-third)) / mean(samples.slice(0, third)) - 1
}

/** Children that were left: dead in two samples in a row. Who has died just now is waited for a moment later. */
export function leftZombies(samples: readonly Pick<SoakSample, 'zombies'>[]): readonly number[] {
  const left = samples.flatMap(({ zombies }, n) => zombies.filter(pid => samples[n - 1]?.zombies.includes(pid)))
  return [...new Set(left)]
}
