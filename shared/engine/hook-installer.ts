/**
 * Puts our hooks into settings files of Claude Code, and takes them out again, on the user's word alone.
 *
 * Invariants
 * 1. A file that does not parse, or whose hooks have another shape than Claude Code reads, is left byte for byte.
 * 2. Outside of our own entries no byte changes; what was there before is kept, and comes back byte for byte when the
 *    file is still as it was left here.
 * 3. A file is replaced as a whole, with its permissions, through a link to where it really lies, and only if it is
 *    still what was read a moment before: Claude Code writes it too.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import {
  addHooks,
  findHooks,
  type HookCommand,
  type HookEdit,
  hookScriptName,
  removeHooks,
} from '../core/hook-settings.ts'
import { type HookEvent, hookEvents } from '../core/hook-word.ts'
import {
  errorCode,
  failureOf,
  makeFolderDurably,
  readBounded,
  renameDurably,
  replaceFile,
  temporaryPath,
  writeNewFile,
} from './durable-file.ts'
import type { Ports } from './ports.ts'

export interface InstallerParts {
  readonly ports: Pick<Ports, 'clock' | 'files' | 'processes'>
  /** `<data>/hooks`, absolute. */
  readonly folder: string
  readonly command: Omit<HookCommand, 'script'>
}

/** What became of one file. */
export interface HookStep {
  readonly file: string
  readonly did: 'installed' | 'removed' | 'unchanged' | 'refused'
  /** Why it was refused, in words; else ''. */
  readonly message: string
  /** What the user can do; '' where there is nothing to do. */
  readonly remedy: string
  /** Where what was there before is kept; null if nothing was. */
  readonly backup: string | null
}

export interface HookState {
  readonly file: string
  readonly exists: boolean
  readonly events: Readonly<Partial<Record<HookEvent, 'current' | 'other'>>>
  readonly disabled: boolean
  /** Why nothing can be told of it; '' when all is well. */
  readonly problem: string
}

/** What was done to a file, so that it can be undone. */
interface Installed {
  readonly file: string
  /** Of what was there before; null if there was no file. */
  readonly beforeSha256: string | null
  /** Of what was left there. */
  readonly leftSha256: string
}

/** Claude Code's settings are small. Bytes. */
const sizeLimit = 4_194_304

export function hookScript(folder: string): string {
  return path.join(folder, hookScriptName)
}

export function createHookInstaller({ ports, folder, command }: InstallerParts) {
  const { files } = ports
  const listFile = path.join(folder, 'installed.json')
  const how: HookCommand = { ...command, script: hookScript(folder) }

  return { install, uninstall, status, places: () => readList().map(({ file }) => file), refreshScript }

  /** @param script The hook's program. @param events Those to be told of. */
  function install(file: string, script: Uint8Array, events: readonly HookEvent[]): HookStep {
    return guarded(file, () => {
      makeFolderDurably(files, folder)
      refreshScript(script)
      return edit(file, text => addHooks(text, events, how), 'installed')
    })
  }

  function uninstall(file: string): HookStep {
    return guarded(file, () => {
      const step = putBack(file) ?? edit(file, removeHooks, 'removed')
      if (step.did !== 'refused') forget(file)
      return step
    })
  }

  function status(file: string): HookState {
    const read = readText(file)
    const none = { file, exists: false, events: {}, disabled: false, problem: '' }
    if (read.kind === 'missing') return none
    if (read.kind === 'unreadable') return { ...none, exists: true, problem: read.message }
    const found = findHooks(read.text, how)
    return found.ok
      ? { file, exists: true, events: found.events, disabled: found.disabled, problem: '' }
      : { ...none, exists: true, problem: `${file} ${found.message}` }
  }

  /** Brings the program that lies in the data folder up to date. */
  function refreshScript(script: Uint8Array): void {
    const present = readBounded(files, how.script, sizeLimit)
    if (!present.ok || !present.bytes.equals(script)) replaceFile(ports, how.script, script)
  }

  function edit(file: string, change: (text: string) => HookEdit, did: 'installed' | 'removed'): HookStep {
    const read = readText(file)
    if (read.kind === 'unreadable') return refused(file, read.message, 'Look after its permissions.')
    const text = read.kind === 'missing' ? '' : read.text
    const changed = change(text)
    if (!changed.ok) return refused(file, `${file} ${changed.message}`, 'Mend it; nothing was changed.')
    if (changed.text === text) return { file, did: 'unchanged', message: '', remedy: '', backup: null }
    const before = read.kind === 'missing' ? null : Buffer.from(text)
    const backup = did === 'installed' ? remember(file, before, changed.text) : null
    write(file, Buffer.from(changed.text), before)
    return { file, did, message: '', remedy: '', backup }
  }

  /** What was there before, if the file is still as it was left here; null if it is not. */
  function putBack(file: string): HookStep | null {
    const known = readList().find(one => one.file === file)
    const read = readText(file)
    if (known === undefined || read.kind !== 'text' || sha256(read.text) !== known.leftSha256) return null
    const step: HookStep = { file, did: 'removed', message: '', remedy: '', backup: null }
    if (known.beforeSha256 === null) {
      files.unlink(realFile(file))
      return step
    }
    const backup = readBounded(files, backupFile(file), sizeLimit)
    if (!backup.ok || sha256(backup.bytes) !== known.beforeSha256) return null
    write(file, backup.bytes, Buffer.from(read.text))
    return step
  }

  /** Keeps the text without our hooks. @returns where, or null if there was no file */
  function remember(file: string, before: Buffer | null, left: string): string | null {
    const known = readList().find(one => one.file === file)
    const isOurs = before !== null && known?.leftSha256 === sha256(before)
    let beforeSha256 = isOurs ? known.beforeSha256 : null
    if (before !== null && !isOurs) {
      const clean = removeHooks(before.toString('utf8'))
      const bytes = clean.ok ? Buffer.from(clean.text) : before
      replaceFile(ports, backupFile(file), bytes)
      beforeSha256 = sha256(bytes)
    }
    const others = readList().filter(one => one.file !== file)
    writeList([...others, { file, beforeSha256, leftSha256: sha256(left) }])
    return beforeSha256 === null ? null : backupFile(file)
  }

  function forget(file: string): void {
    const list = readList()
    const rest = list.filter(one => one.file !== file)
    if (rest.length < list.length) writeList(rest)
  }

  function backupFile(file: string): string {
    return path.join(folder, `before-${sha256(file).slice(0, 16)}.json`)
  }

  function readList(): readonly Installed[] {
    const read = readBounded(files, listFile, sizeLimit)
    if (!read.ok) return []
    try {
      const { v, installed } = JSON.parse(read.bytes.toString('utf8')) as { v?: unknown; installed?: unknown }
      return v === 1 && Array.isArray(installed) ? installed.filter(isInstalled) : []
    } catch {
      return []
    }
  }

  function writeList(installed: readonly Installed[]): void {
    replaceFile(ports, listFile, Buffer.from(`${JSON.stringify({ v: 1, installed }, null, 2)}\n`))
  }

  /** @param before What was read; another process may have written since. */
  function write(file: string, bytes: Buffer, before: Buffer | null): void {
    const at = realFile(file)
    makeFolderDurably(files, path.dirname(at))
    const temporary = `${temporaryPath(ports, path.dirname(at))}.tmp`
    writeNewFile(files, temporary, bytes)
    if (before !== null) files.chmod(temporary, files.lstat(at).mode & 0o777)
    const now = readText(file)
    const isSame =
      before === null ? now.kind === 'missing' : now.kind === 'text' && before.equals(Buffer.from(now.text))
    if (!isSame) {
      files.unlink(temporary)
      throw Object.assign(new Error(`${file} was changed meanwhile`), { code: 'EBUSY' })
    }
    renameDurably(files, temporary, at)
  }

  function readText(file: string): Text {
    try {
      const read = readBounded(files, realFile(file), sizeLimit)
      if (!read.ok)
        return read.reason === 'missing' ? { kind: 'missing' } : { kind: 'unreadable', message: read.message }
      const text = read.bytes.toString('utf8')
      const isText = Buffer.from(text).equals(read.bytes)
      return isText ? { kind: 'text', text } : { kind: 'unreadable', message: `${file} is not UTF-8 text` }
    } catch (error) {
      if (errorCode(error) === null) throw error
      return { kind: 'unreadable', message: (error as Error).message }
    }
  }

  /** Where a link points at last; the file itself if it is none or is not there. */
  function realFile(file: string): string {
    let at = file
    for (let links = 0; links < 16; links++) {
      if (!isLink(at)) return at
      at = path.resolve(path.dirname(at), files.readLink(at).toString('utf8'))
    }
    throw Object.assign(new Error(`${file} is a link that never ends`), { code: 'ELOOP' })
  }

  function isLink(at: string): boolean {
    try {
      return files.lstat(at).kind === 'link'
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false
      throw error
    }
  }

  function guarded(file: string, work: () => HookStep): HookStep {
    try {
      return work()
    } catch (error) {
      const { message, remedy } = failureOf(error, `changing ${file}`)
      return refused(file, message, remedy)
    }
  }
}

type Text =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly message: string }

function refused(file: string, message: string, remedy: string): HookStep {
  return { file, did: 'refused', message, remedy, backup: null }
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function isInstalled(value: unknown): value is Installed {
  const { file, beforeSha256, leftSha256 } = (value ?? {}) as Partial<Record<keyof Installed, unknown>>
  const hasBefore = beforeSha256 === null || typeof beforeSha256 === 'string'
  return typeof file === 'string' && hasBefore && typeof leftSha256 === 'string'
}

export type HookInstaller = ReturnType<typeof createHookInstaller>

/** All, or without the one that prints. */
export function eventsToInstall(withBrief: boolean): readonly HookEvent[] {
  return hookEvents.filter(event => withBrief || event !== 'SessionStart')
}
