/** The real program in child processes, in a scratch home with two tiny sessions over one real git repository. */
import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gitEnv } from '../support/repositories.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  /** Resolves once standard output and error together contain `text`; rejects when it ends before. */
  shows(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Closes our end of its standard output. */
  leave(): void
  readonly ended: Promise<Ended>
}

export interface ProgramWorld {
  readonly scratch: ScratchHome
  readonly repository: string
  /** Runs `session-monitor` to its end. */
  run(...args: readonly string[]): Promise<Ended>
  start(...args: readonly string[]): Running
  /** One more prompt and reply in a session's transcript. */
  converse(sessionId: string, text: string): void
  transcriptPath(sessionId: string): string
}

export const loginId = '3f2a9c1e-0000-4000-8000-000000000001'
export const docsId = '7b11d0c5-0000-4000-8000-000000000002'

const main = path.resolve(import.meta.dirname, '../../cli/main.ts')

export function createProgramWorld(): ProgramWorld {
  const scratch = makeScratchHome('cli')
  const repository = makeRepository(path.join(scratch.home, 'shop'))
  const folder = path.join(scratch.configDir, 'projects', repository.replace(/[^A-Za-z0-9]/g, '-'))
  mkdirSync(folder)
  const transcriptPath = (sessionId: string) => path.join(folder, `${sessionId}.jsonl`)
  let line = 0
  const converse = (sessionId: string, text: string) => {
    const frame = { cwd: repository, sessionId, version: '2.1.0', gitBranch: 'main', isSidechain: false }
    const at = () => new Date(Date.UTC(2026, 0, 5, 9, 0, line)).toISOString()
    const prompt = {
      type: 'user',
      message: { role: 'user', content: text },
      ...frame,
      uuid: uuid(++line),
      timestamp: at(),
    }
    const reply = { type: 'assistant', message: replyMessage(++line), ...frame, uuid: uuid(line), timestamp: at() }
    appendFileSync(transcriptPath(sessionId), `${JSON.stringify(prompt)}\n${JSON.stringify(reply)}\n`)
  }
  converse(loginId, 'Fix the login')
  converse(docsId, 'Write \u001b[31mdocs\u0007')
  const start = (...args: readonly string[]) => startProgram(scratch, args)
  return { scratch, repository, start, run: (...args) => start(...args).ended, converse, transcriptPath }
}

function makeRepository(folder: string): string {
  mkdirSync(folder)
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, env: gitEnv(folder), stdio: 'ignore' })
  git('init', '-q', '-b', 'main')
  writeFileSync(path.join(folder, 'app.txt'), 'one\n')
  git('add', '.')
  git('commit', '-q', '-m', 'Begin')
  writeFileSync(path.join(folder, 'app.txt'), 'two\n')
  writeFileSync(path.join(folder, 'new file.txt'), 'untracked\n')
  return folder
}

function replyMessage(n: number) {
  return {
    id: `msg_${n}`,
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-4-5',
    content: [{ type: 'text', text: 'Done.' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 40_000, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 100 },
  }
}

function uuid(n: number): string {
  return `00000000-0000-4000-9000-${String(n).padStart(12, '0')}`
}

function startProgram(scratch: ScratchHome, args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...args], { cwd: scratch.folder, env: scratch.env })
  const text = { out: '', err: '' }
  const waiting = new Set<() => void>()
  const collect = (name: 'out' | 'err') => (chunk: Buffer) => {
    text[name] += chunk.toString('utf8')
    for (const look of waiting) look()
  }
  child.stdout.on('data', collect('out'))
  child.stderr.on('data', collect('err'))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ code, ...text }))
  })
  return {
    ended,
    leave: () => void child.stdout.destroy(),
    kill: signal => void child.kill(signal),
    shows: wanted =>
      new Promise((resolve, reject) => {
        const look = () => {
          if ((text.out + text.err).includes(wanted)) resolve()
        }
        waiting.add(look)
        look()
        void ended.then(end => reject(new Error(`ended with ${end.code} before "${wanted}": ${end.out}${end.err}`)))
      }),
  }
}
