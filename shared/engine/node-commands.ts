/**
 * Programs, run by Node itself: {@link CommandRunner} as it is in an entry point that runs few of them. A long-lived one
 * on Linux starts them through `small-spawner.ts`.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { CommandOptions, CommandResult, CommandRunner } from './ports.ts'

export const nodeCommands: CommandRunner = { run: runCommand, which }

function which(name: string): string | null {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd'] : ['']
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    // A relative part of PATH would let the current folder, perhaps a hostile repository, name the program.
    if (!path.isAbsolute(folder)) continue
    for (const suffix of suffixes) {
      const file = path.join(folder, name + suffix)
      try {
        fs.accessSync(file, fs.constants.X_OK)
        if (fs.statSync(file).isFile()) return file
      } catch {}
    }
  }
  return null
}

/** How much of stderr an answer has, and of stdout unless it is asked for more, bytes. */
export const stderrBytes = 65_536
export const defaultOutBytes = 268_435_456

/** After this the caller of an ended program is answered, whatever still holds its output open, ms. */
export const lingerMs = 2_000

function runCommand(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise(resolve => {
    const out: Buffer[] = []
    let outBytes = 0
    let stderr = ''
    let failure: string | null = null
    let overdue: NodeJS.Timeout | undefined
    // Loaded where something is run: a list runs nothing.
    const { spawn } = process.getBuiltinModule('node:child_process')
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: [options.input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const stop = (why: string) => {
      failure ??= why
      killGroup(child.pid)
      overdue ??= setTimeout(giveUp, lingerMs)
    }
    const onAbort = () => stop('EABORTED')
    const timer = setTimeout(() => stop('ETIMEDOUT'), options.timeoutMs)
    const finish = (code: number | null) => {
      clearTimeout(timer)
      clearTimeout(overdue)
      options.signal?.removeEventListener('abort', onAbort)
      resolve({ code: failure === null ? code : null, stdout: Buffer.concat(out), stderr, failure })
    }
    // A child that left its group, or on Windows any, may hold the output open for ever.
    const giveUp = () => {
      finish(null)
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
      child.unref()
    }
    child.stdout?.on('data', (chunk: Buffer) => {
      outBytes += chunk.length
      if (outBytes > (options.maxBytes ?? defaultOutBytes)) stop('ETOOBIG')
      else out.push(chunk)
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      if (stderr.length < stderrBytes) stderr = (stderr + chunk.toString('utf8')).slice(0, stderrBytes)
    })
    child.once('error', (error: NodeJS.ErrnoException) => {
      failure ??= error.code ?? 'EUNKNOWN'
      finish(null)
    })
    child.once('close', (code, signal) => {
      if (signal !== null) failure ??= `E${signal}`
      finish(code)
    })
    if (options.signal?.aborted) onAbort()
    else options.signal?.addEventListener('abort', onAbort, { once: true })
    // The program may end before it has read everything; its exit code tells, not EPIPE.
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input)
  })
}

/** Only a group that we made ourselves (`detached`), so nobody else's process is in it. False if there is none. */
export function killGroup(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    return false
  }
}
