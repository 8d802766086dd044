/**
 * Starts programs for a large process by a small one.
 *
 * On Linux, Node copies the page tables of the whole process to start another: at 250 MB that takes 20 ms, in which
 * the thread does nothing else. So one shell of a megabyte is started early, and told what to run; it needs 2 to 5 ms,
 * in which nobody waits. Other systems start programs without that copy.
 *
 * Invariants (tests cite them by number):
 * 1. What runs is what was asked for: every word is quoted, so nothing in it means anything to the shell. What cannot
 *    be said to a shell is run directly.
 * 2. What one program writes never reaches the answer of another: its channel is lent to nobody else until a mark of
 *    128 random bits, written after its end, has come through both of its streams. Not for programs that leave a child
 *    behind which goes on writing; git, with what we let it do, leaves none.
 * 3. Answers are those of running it directly, but that an exit code above 128 is taken for a signal, as shells tell it.
 *    What finds no channel free, or loses its shell, is run directly; the next run starts another shell.
 * 4. The shell ends with whoever started it, because its input does, and holds nobody up who wants to end.
 * 5. A program that is to be ended is ended, however early, and its caller is answered even if the system cannot end it.
 * 6. No ended process is left in the shell: it waits for what it has started once that has written its marks.
 */
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import os from 'node:os'
import { defaultOutBytes, killGroup, lingerMs, stderrBytes } from './node-commands.ts'
import type { CommandOptions, CommandResult, CommandRunner } from './ports.ts'

/** A program that is to be run. */
interface Order {
  readonly file: string
  readonly args: readonly string[]
  readonly options: CommandOptions
}

/** The two streams that a program writes to, by their number in the shell. Some shells know no number above 9. */
interface Channel {
  readonly out: number
  readonly err: number
}
const channels: readonly Channel[] = [
  { out: 3, err: 4 },
  { out: 5, err: 6 },
  { out: 7, err: 8 },
]

/** Input is written into what the shell reads, so it is text and short. */
const inputLimit = 1_048_576

/**
 * @param direct Runs what the shell cannot, and everything where there is no `setsid`.
 * @param setsid Absolute path of the program that gives each program a process group of its own.
 */
export function createSmallSpawner(
  direct: CommandRunner,
  setsid = direct.which('setsid'),
  shellFile = '/bin/sh',
): CommandRunner {
  let shell: Shell | null = null

  async function run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    const order = { file, args, options }
    if (setsid === null || !canBeSaid(order)) return direct.run(file, args, options)
    if (shell === null || shell.hasEnded()) shell = startShell(shellFile, setsid)
    const result = await shell.run(order)
    // 126, 127: a folder or a program that is not there; only the system itself names the reason.
    return result === null || result.code === 126 || result.code === 127 ? direct.run(file, args, options) : result
  }

  return { run, which: name => direct.which(name) }
}

function canBeSaid({ file, args, options }: Order): boolean {
  const { cwd, env, input } = options
  const words = [file, cwd, ...args, ...Object.values(env)]
  const names = Object.keys(env)
  return (
    words.every(word => !word.includes('\0')) &&
    names.every(name => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) &&
    (input === undefined || isShortText(input))
  )
}

/** Whole lines of printable ASCII. */
function isShortText(input: Uint8Array): boolean {
  return (
    input.byteLength > 0 &&
    input.byteLength <= inputLimit &&
    input.at(-1) === 0x0a &&
    input.every(byte => byte === 0x0a || byte === 0x09 || (byte >= 0x20 && byte <= 0x7e))
  )
}

interface Shell {
  /** Null if no channel was free, or the shell ended before the program: then nothing of it runs any more. */
  run(order: Order): Promise<CommandResult | null>
  hasEnded(): boolean
}

/** A program that runs. */
interface Job {
  /** To be told once its pid is known. */
  started(pid: number): void
  /** The shell is gone. */
  lost(): void
}

function startShell(shellFile: string, setsid: string): Shell {
  const streams = channels.flatMap(() => ['pipe', 'pipe'] as const)
  const child = process.getBuiltinModule('node:child_process').spawn(shellFile, [], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'ignore', ...streams],
    detached: true,
  })
  const free = [...channels]
  const jobs = new Map<number, Job>()
  let lastId = 0
  let ended = false

  const end = () => {
    ended = true
    for (const job of jobs.values()) job.lost()
  }
  child.once('error', end)
  // It could not be started; then it may have no streams either.
  if (child.pid === undefined) return { run: () => Promise.resolve(null), hasEnded: () => true }
  child.once('exit', end)
  child.stdin?.on('error', end)
  letGo(child)
  onLines(child.stdout as Socket, line => {
    const [id, pid] = line.split(' ').map(Number)
    if (id !== undefined && pid !== undefined) jobs.get(id)?.started(pid)
  })

  async function run(order: Order): Promise<CommandResult | null> {
    const channel = ended ? undefined : free.shift()
    if (channel === undefined) return null
    const id = ++lastId
    const mark = process.getBuiltinModule('node:crypto').randomBytes(16).toString('hex')
    const { job, result } = follow(order.options, mark, {
      out: child.stdio[channel.out] as Socket,
      err: child.stdio[channel.err] as Socket,
      onStuck: () => killGroup(child.pid),
    })
    jobs.set(id, job)
    child.stdin?.write(scriptOf(order, { id, mark, channel, setsid }))
    try {
      return await result
    } finally {
      jobs.delete(id)
      if (!ended) child.stdin?.write(`wait $${waiterOf(channel)}\n`)
      free.push(channel)
    }
  }

  return { run, hasEnded: () => ended }
}

/** Nothing of the shell keeps this process from ending; what waits for an answer has a timer that does. */
function letGo(child: ChildProcess): void {
  child.unref()
  for (const stream of child.stdio) (stream as Socket | null)?.unref()
}

function onLines(stream: Socket, take: (line: string) => void): void {
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
}

interface Place {
  readonly id: number
  readonly mark: string
  readonly channel: Channel
  readonly setsid: string
}

/** Names the process that waits for the channel's program. */
function waiterOf({ out }: Channel): string {
  return `w${out}`
}

/** One line that starts the program, says its pid, waits for its end and writes the mark with its exit code. */
function scriptOf({ file, args, options }: Order, { id, mark, channel, setsid }: Place): string {
  const { cwd, env, input } = options
  const settings = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`)
  const clear = 'unset PWD OLDPWD SHLVL'
  const set = settings.length === 0 ? clear : `${clear}; export ${settings.join(' ')}`
  const program = [setsid, file, ...args].map(quote).join(' ')
  const closed = channels.flatMap(({ out, err }) => [`${out}>&-`, `${err}>&-`]).join(' ')
  const from = input === undefined ? '</dev/null' : `<<'${mark}'`
  const to = `${from} >&${channel.out} 2>&${channel.err} ${closed}`
  const ended = (stream: number) => `printf '${mark} %03d\\n' $c >&${stream}`
  const after = `p=$!; echo "${id} $p"; wait $p; c=$?; ${ended(channel.out)}; ${ended(channel.err)}`
  const text = input === undefined ? '' : `${Buffer.from(input).toString('latin1')}${mark}\n`
  const start = `{ { cd ${quote(cwd)} || exit 126; ${set}; exec ${program}; } ${to} & ${after}; }`
  return `${start} & ${waiterOf(channel)}=$!\n${text}`
}

/** Within single quotes nothing means anything but the quote. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

interface Streams {
  readonly out: Socket
  readonly err: Socket
  /** The program was to be ended, and its end has not come through. */
  readonly onStuck: () => void
}

/** Reads the answer of a program that is about to start; null if its shell is gone. */
function follow(options: CommandOptions, mark: string, { out, err, onStuck }: Streams) {
  const { promise, resolve } = Promise.withResolvers<CommandResult | null>()
  let pid: number | null = null
  let failure: string | null = null
  let overdue: NodeJS.Timeout | undefined
  const stop = (why: string) => {
    failure ??= why
    if (pid !== null) killProgram(pid)
    overdue ??= setTimeout(giveUp, lingerMs)
  }
  const stdout = readToMark(out, mark, options.maxBytes ?? defaultOutBytes, () => stop('ETOOBIG'))
  const stderr = readToMark(err, mark, stderrBytes, () => {})
  const onAbort = () => stop('EABORTED')
  const timer = setTimeout(() => stop('ETIMEDOUT'), options.timeoutMs)
  const finish = (result: CommandResult | null) => {
    clearTimeout(timer)
    clearTimeout(overdue)
    options.signal?.removeEventListener('abort', onAbort)
    stdout.leave()
    stderr.leave()
    resolve(result)
  }
  const giveUp = () => {
    finish({ code: null, stdout: stdout.sofar(), stderr: stderr.sofar().toString('utf8'), failure })
    onStuck()
  }
  const answer = async () => {
    const [{ code, bytes }, { bytes: words }] = await Promise.all([stdout.ended, stderr.ended])
    // How a shell tells that a signal ended the program.
    if (code > 128) failure ??= `E${signalName(code - 128)}`
    finish({ code: failure === null ? code : null, stdout: bytes, stderr: words.toString('utf8'), failure })
  }
  void answer()
  if (options.signal?.aborted) onAbort()
  else options.signal?.addEventListener('abort', onAbort, { once: true })
  const job: Job = {
    started(known) {
      pid = known
      if (failure !== null) killProgram(known)
    },
    lost() {
      if (pid !== null) killProgram(pid)
      finish(null)
    },
  }
  return { job, result: promise }
}

/** One that has only just begun has no group of its own yet, and no children either. */
function killProgram(pid: number): void {
  if (killGroup(pid)) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {}
}

function signalName(number: number): string {
  const known = Object.entries(os.constants.signals).find(([, value]) => value === number)
  return known?.[0] ?? `SIGNAL${number}`
}

interface Ended {
  readonly code: number
  /** At most `maxBytes`. */
  readonly bytes: Buffer
}

/** Collects what a stream brings before the mark and the three digits of an exit code. */
function readToMark(stream: Socket, mark: string, maxBytes: number, onTooMuch: () => void) {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const endBytes = mark.length + ' 000\n'.length
  const chunks: Buffer[] = []
  let bytes = 0
  /** The last bytes, as many as the end has. */
  let last: Buffer = Buffer.alloc(0)
  const sofar = (most = bytes) => Buffer.concat(chunks).subarray(0, Math.min(maxBytes, most))
  const take = (chunk: Buffer) => {
    last = Buffer.concat([last, chunk.subarray(-endBytes)]).subarray(-endBytes)
    bytes += chunk.length
    if (bytes - chunk.length <= maxBytes + endBytes) chunks.push(chunk)
    if (bytes > maxBytes + endBytes) onTooMuch()
    if (last.length < endBytes || last.toString('latin1', 0, mark.length) !== mark) return
    const code = Number(last.toString('latin1', mark.length))
    resolve({ code, bytes: sofar(bytes - endBytes) })
  }
  stream.on('data', take)
  return { ended: promise, sofar, leave: () => stream.off('data', take) }
}
