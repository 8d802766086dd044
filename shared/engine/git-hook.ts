/**
 * Our `post-commit` hook of one repository, on the user's word alone: a hook that is there already is run first and is
 * never overwritten; taking ours out puts it back, the same file.
 */
import path from 'node:path'
import { errorCode, failureOf, readBounded, renameDurably, temporaryPath, writeNewFile } from './durable-file.ts'
import type { HookStep } from './hook-installer.ts'
import type { Ports } from './ports.ts'

export interface GitHookParts {
  readonly ports: Pick<Ports, 'clock' | 'files' | 'processes'>
  /** Where git looks for hooks, absolute: `git rev-parse --git-path hooks`. */
  readonly hooksFolder: string
  readonly node: string
  readonly script: string
}

export type GitHookState = 'installed' | 'other' | 'none'

/** By this line our hook is known. */
const mark = '# Active Session Monitor: tells it of a commit. "session-monitor hooks uninstall --git" takes this out.'
const sizeLimit = 1_048_576

export function createGitHook({ ports, hooksFolder, node, script }: GitHookParts) {
  const { files } = ports
  const file = path.join(hooksFolder, 'post-commit')
  const before = path.join(hooksFolder, 'post-commit.before-session-monitor')
  return { install, uninstall, status, file }

  function status(): GitHookState {
    const read = readBounded(files, file, sizeLimit)
    if (!read.ok) return read.reason === 'missing' ? 'none' : 'other'
    return read.bytes.includes(mark) ? 'installed' : 'other'
  }

  function install(): HookStep {
    return guarded(() => {
      const present = status()
      const text = Buffer.from(scriptText())
      const read = readBounded(files, file, sizeLimit)
      if (read.ok && read.bytes.equals(text)) return step('unchanged', null)
      if (present === 'other' && exists(before))
        return refused(`${before} is there already`, 'Move it away, or merge the two by hand.')
      files.makeFolder(hooksFolder)
      const temporary = `${temporaryPath(ports, hooksFolder)}.tmp`
      writeNewFile(files, temporary, text)
      files.chmod(temporary, 0o755)
      // Between these two there is no hook for a moment; a commit in it is seen at the next look.
      if (present === 'other') files.rename(file, before)
      renameDurably(files, temporary, file)
      return step('installed', present === 'other' || exists(before) ? before : null)
    })
  }

  function uninstall(): HookStep {
    return guarded(() => {
      const present = status()
      if (present === 'none') return step('unchanged', null)
      if (present === 'other') {
        return exists(before)
          ? refused(`${file} is not ours any more`, `What was there before us is kept as ${before}.`)
          : step('unchanged', null)
      }
      if (exists(before)) renameDurably(files, before, file)
      else files.unlink(file)
      return step('removed', null)
    })
  }

  function scriptText(): string {
    return [
      '#!/bin/sh',
      mark,
      'before="$(dirname "$0")/post-commit.before-session-monitor"',
      'code=0',
      'if [ -x "$before" ]; then "$before" "$@"; code=$?; fi',
      `${quote(node)} ${quote(script)} post-commit </dev/null >/dev/null 2>&1 || :`,
      'exit $code',
      '',
    ].join('\n')
  }

  function exists(at: string): boolean {
    try {
      files.lstat(at)
      return true
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false
      throw error
    }
  }

  function step(did: HookStep['did'], backup: string | null): HookStep {
    return { file, did, message: '', remedy: '', backup }
  }

  function refused(message: string, remedy: string): HookStep {
    return { file, did: 'refused', message, remedy, backup: null }
  }

  function guarded(work: () => HookStep): HookStep {
    try {
      return work()
    } catch (error) {
      const { message, remedy } = failureOf(error, `changing ${file}`)
      return refused(message, remedy)
    }
  }
}

/** For `sh`, which git brings along on every system. */
function quote(word: string): string {
  return `'${word.replaceAll('\\', '/').replaceAll("'", "'\\''")}'`
}
