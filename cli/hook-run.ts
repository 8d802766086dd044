/**
 * What runs at every event of Claude Code that a hook was installed for, and after a commit: leaves a word for the
 * monitor, and at the start of a session prints what the last one in its project left unfinished.
 *
 * Invariants
 * 1. It never fails: whatever happens, the caller ends with code 0.
 * 2. It prints nothing but that page, and that only for a session which is new and has a person before it.
 * 3. It is quick: no engine, no schema, no socket; two small files at most. The monitor finds the word at once.
 */
import fs from 'node:fs'
import path from 'node:path'
import { briefPage } from '../shared/core/brief-page.ts'
import {
  briefFileName,
  commitEvent,
  type HookEvent,
  type HookWord,
  hookEvents,
  wordFileName,
  wordOfCommit,
  wordOfPayload,
} from '../shared/core/hook-word.ts'

export interface HookWorld {
  /** Our data folder, absolute. */
  readonly dataFolder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly nowMs: number
  /** Everything on standard input. */
  readonly input: () => string
  readonly print: (text: string) => void
}

/** A payload may hold the whole last reply; more than this is none. Bytes. */
export const inputLimit = 4_194_304

/** So many words lie there only if nobody has looked for a long time. */
const spoolLimit = 4_096

/** Never throws. */
export function runHook(name: string | undefined, world: HookWorld): void {
  try {
    if (name === commitEvent) leave(wordOfCommit(world.cwd, world.nowMs), world)
    else answer(name, world)
  } catch {
    // Invariant 1: whoever called has other things to do.
  }
}

function answer(name: string | undefined, world: HookWorld): void {
  const payload = JSON.parse(world.input()) as Readonly<Record<string, unknown>>
  const event = eventOf(name) ?? eventOf(payload['hook_event_name'])
  if (event === undefined) return
  const pid = Number(world.env['CLAUDE_PID'])
  const word = wordOfPayload(event, payload, {
    atMs: world.nowMs,
    pid: Number.isSafeInteger(pid) && pid > 0 ? pid : null,
  })
  if (word === null) return
  // A sub-agent's stop is not its session's.
  if (event === 'Stop' && typeof payload['agent_id'] === 'string') return
  if (event !== 'SessionStart') leave(word, world)
  else if (payload['source'] === 'startup' && isInteractive(world)) tell(word, world)
}

function eventOf(name: unknown): HookEvent | undefined {
  return hookEvents.find(event => event === name)
}

/** A script that drives Claude Code gets what it asked for and nothing else. */
function isInteractive({ env }: HookWorld): boolean {
  const entrypoint = env['CLAUDE_CODE_ENTRYPOINT']
  return entrypoint === undefined || !entrypoint.startsWith('sdk')
}

/** Whole or not at all: a reader never sees half of it. */
function leave(word: HookWord, { dataFolder }: HookWorld): void {
  const spool = path.join(dataFolder, 'spool')
  fs.mkdirSync(spool, { recursive: true, mode: 0o700 })
  if (fs.readdirSync(spool).length >= spoolLimit) return
  const name = wordFileName(word)
  const temporary = path.join(spool, `${process.pid}.${name}.tmp`)
  fs.writeFileSync(temporary, `${JSON.stringify(word)}\n`, { mode: 0o600, flag: 'wx' })
  try {
    fs.renameSync(temporary, path.join(spool, name))
  } catch (error) {
    fs.unlinkSync(temporary)
    throw error
  }
}

function tell({ sessionId, cwd }: HookWord, { dataFolder, nowMs, print }: HookWorld): void {
  const root = projectRoot(cwd ?? '')
  if (root === null || sessionId === null) return
  const file = path.join(dataFolder, 'briefs', briefFileName(root))
  const shelf: unknown = JSON.parse(fs.readFileSync(file, 'utf8'))
  const page = briefPage(shelf, { sessionId, root, nowMs, isAlive })
  if (page !== null) print(page)
}

/** The nearest folder upwards with a repository, or the folder itself: as the monitor names a project. */
function projectRoot(cwd: string): string | null {
  if (!path.isAbsolute(cwd)) return null
  for (let at = path.resolve(cwd); ; at = path.dirname(at)) {
    if (isRepository(path.join(at, '.git'))) return at
    if (path.dirname(at) === at) return path.resolve(cwd)
  }
}

/** A folder with a HEAD, or a file that points at one, as in a linked worktree. */
function isRepository(git: string): boolean {
  const stat = fs.statSync(git, { throwIfNoEntry: false })
  return stat !== undefined && (stat.isFile() || fs.existsSync(path.join(git, 'HEAD')))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
