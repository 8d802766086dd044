/** Many monitors, each a process of its own, over one store: whether each due session is checkpointed exactly once. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import type { ScratchHome } from './scratch.ts'
import { openTestStore } from './stores.ts'

export interface RaceChild {
  readonly dataFolder: string
  readonly root: string
  readonly home: string
}

/** What one monitor's cycle came to. */
export interface RaceAnswer {
  readonly due: number
  readonly created: number
  readonly failed: number
  readonly notDone: Readonly<Record<string, number>>
}

export interface RaceRound {
  /** Checkpoints that the monitors say they made. */
  readonly created: number
  /** Records that the store has more than before. */
  readonly records: number
  readonly failed: number
  /** Monitors that took at least one session for due: more than one means that they raced. */
  readonly racing: number
  /** Due sessions that a monitor found to be done already, inside the lock. */
  readonly tooLate: number
}

export interface RaceOptions {
  readonly home: ScratchHome
  readonly monitors: number
  readonly sessions: number
  readonly rounds: number
  readonly onRound?: (round: RaceRound) => void
}

const childFile = path.join(import.meta.dirname, 'monitor-race-child.ts')
const hourMs = 3_600_000

/** In each round every session has something new and its last checkpoint is three hours old. */
export async function raceMonitors({ home, ...options }: RaceOptions): Promise<readonly RaceRound[]> {
  const sessions = Array.from({ length: options.sessions }, (_, n) => sessionIdOf(n + 1))
  const write = writerOf(home)
  for (const id of sessions) write(id, 'Begin')
  const race: RaceChild = { dataFolder: home.dataDir, root: home.configDir, home: home.home }
  const children = Array.from({ length: options.monitors }, () =>
    fork(childFile, [JSON.stringify(race)], { env: home.env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  )
  try {
    await Promise.all(children.map(child => once(child, 'message')))
    const rounds: RaceRound[] = []
    for (let round = 0; round < options.rounds; round += 1) {
      const before = countRecords(home, sessions)
      const answers = await Promise.all(children.map(child => askFor(child, round * 3 * hourMs)))
      const done = summarise(answers, countRecords(home, sessions) - before)
      rounds.push(done)
      options.onRound?.(done)
      for (const id of sessions) write(id, `Round ${round}`)
    }
    return rounds
  } finally {
    await Promise.all(children.map(end))
  }
}

function askFor(child: ChildProcess, aheadMs: number): Promise<RaceAnswer> {
  const answer = Promise.race([
    once(child, 'message').then(([message]) => message as RaceAnswer),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`a monitor ended with code ${code}`))),
  ])
  child.send(aheadMs)
  return answer
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
}

function summarise(answers: readonly RaceAnswer[], records: number): RaceRound {
  const sum = (of: (answer: RaceAnswer) => number) => answers.reduce((all, answer) => all + of(answer), 0)
  return {
    created: sum(answer => answer.created),
    records,
    failed: sum(answer => answer.failed),
    racing: answers.filter(answer => answer.due > 0).length,
    tooLate: sum(answer => (answer.notDone['cooling-down'] ?? 0) + (answer.notDone['locked-elsewhere'] ?? 0)),
  }
}

function countRecords(home: ScratchHome, sessions: readonly string[]): number {
  const store = openTestStore(dataPaths(home.dataDir).store)
  return sessions.reduce((all, id) => {
    const numbers = store.numbers(id)
    return all + (numbers.ok ? numbers.seqs.length : 0)
  }, 0)
}

function sessionIdOf(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
}

/** One small prompt more in a session's transcript; ten sessions share a project folder. */
function writerOf(home: ScratchHome): (sessionId: string, text: string) => void {
  let line = 0
  return (sessionId, text) => {
    const cwd = path.join(home.home, `project-${Number(sessionId.slice(-12)) % 20}`)
    const folder = path.join(home.configDir, 'projects', cwd.replaceAll(/[^A-Za-z0-9]/g, '-'))
    mkdirSync(cwd, { recursive: true })
    mkdirSync(folder, { recursive: true })
    line += 1
    const record = {
      parentUuid: null,
      isSidechain: false,
      type: 'user',
      message: { role: 'user', content: text },
      uuid: `00000000-0000-4000-9000-${String(line).padStart(12, '0')}`,
      timestamp: new Date(Date.UTC(2026, 0, 5, 9) + line * 1000).toISOString(),
      cwd,
      sessionId,
      version: '2.1.330',
      gitBranch: 'main',
    }
    appendFileSync(path.join(folder, `${sessionId}.jsonl`), `${JSON.stringify(record)}\n`)
  }
}
