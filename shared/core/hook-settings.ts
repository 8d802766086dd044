/**
 * Our hooks in the text of a settings file of Claude Code: put in and taken out without touching another byte. Pure.
 *
 * A file that does not parse is refused, and so is one whose `hooks` are not what Claude Code reads: a file that is
 * broken loses its user every hook and permission rule.
 */
import { findNodeAtLocation, type Node, parseTree } from 'jsonc-parser'
import type { HookEvent } from './hook-word.ts'

/** How a hook is started. */
export interface HookCommand {
  readonly node: string
  /** Absolute path of the installed hook; by its name our entries are known. */
  readonly script: string
  /** `exec`: without a shell, as Claude Code does since 2.1.139; an older one needs the words in one line. */
  readonly form: 'exec' | 'shell'
}

/** No other program's file has this name. */
export const hookScriptName = 'session-monitor-hook.cjs'

/** Claude Code ends a hook that takes longer. Seconds. */
const timeoutSeconds = 5

export type HookEdit = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string }

/** What of ours is in a file, by event. */
export type HooksFound =
  | {
      readonly ok: true
      /** `current`: as it would be put in now. `other`: ours, but started in another way, such as by a Node that moved. */
      readonly events: Readonly<Partial<Record<HookEvent, 'current' | 'other'>>>
      /** The user has turned all hooks off. */
      readonly disabled: boolean
    }
  | { readonly ok: false; readonly message: string }

export function findHooks(text: string, command: HookCommand): HooksFound {
  const read = readSettings(text)
  if (!read.ok) return read
  const events: Partial<Record<HookEvent, 'current' | 'other'>> = {}
  for (const { event, value } of ownEntries(read.root)) {
    const wanted = JSON.stringify(entryFor(event as HookEvent, command))
    const state = JSON.stringify(value) === wanted ? 'current' : 'other'
    if (events[event as HookEvent] !== 'other') events[event as HookEvent] = state
  }
  return { ok: true, events, disabled: isTrue(read.root, 'disableAllHooks') }
}

/** The text with exactly one entry of ours for each of `events` and none elsewhere. */
export function addHooks(text: string, events: readonly HookEvent[], command: HookCommand): HookEdit {
  const found = findHooks(text, command)
  if (!found.ok) return found
  const present = Object.entries(found.events)
  const isDone = present.length === events.length && events.every(event => found.events[event] === 'current')
  if (isDone) return { ok: true, text }
  const cleared = removeHooks(text)
  if (!cleared.ok) return cleared
  let { bom, body } = withoutBom(cleared.text)
  if (body.trim() === '') body = '{}\n'
  for (const event of events) body = withEntry(body, event, entryFor(event, command))
  return { ok: true, text: `${bom}${body}` }
}

/** The text without our entries, and without the lists and objects that were there for them alone. */
export function removeHooks(text: string): HookEdit {
  const read = readSettings(text)
  if (!read.ok) return read
  const { bom } = withoutBom(text)
  let { body } = withoutBom(text)
  if (read.root === undefined) return { ok: true, text }
  for (;;) {
    const [own] = ownEntries(treeOf(body))
    if (own === undefined) return { ok: true, text: `${bom}${body}` }
    body = without(body, emptiedBy(treeOf(body), own))
  }
}

function entryFor(event: HookEvent, { node, script, form }: HookCommand): object {
  const hook =
    form === 'exec'
      ? { type: 'command', command: node, args: [script, event], timeout: timeoutSeconds }
      : { type: 'command', command: [node, script, event].map(shellWord).join(' '), timeout: timeoutSeconds }
  return { hooks: [hook] }
}

/** Good for `sh`, Git Bash and, with double quotes, for what starts with a drive letter. */
function shellWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word
  return /^[A-Za-z]:[\\/]/.test(word) ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`
}

interface OwnEntry {
  readonly event: string
  /** Place in the event's list, and in that entry's own list. */
  readonly group: number
  readonly hook: number
  readonly value: unknown
}

/** Every hook that starts our script, wherever a user has put it. */
function ownEntries(root: Node | undefined): readonly OwnEntry[] {
  const hooks = root && findNodeAtLocation(root, ['hooks'])
  return (hooks?.children ?? []).flatMap(property => {
    const [name, list] = property.children ?? []
    return (list?.children ?? []).flatMap((group, groupAt) => {
      const commands = findNodeAtLocation(group, ['hooks'])?.children ?? []
      return commands.flatMap((one, hook) =>
        isOwn(plain(one)) ? [{ event: String(name?.value), group: groupAt, hook, value: plain(group) }] : [],
      )
    })
  })
}

function isOwn(hook: unknown): boolean {
  const { command, args } = (typeof hook === 'object' && hook !== null ? hook : {}) as Record<string, unknown>
  const words = [command, ...(Array.isArray(args) ? args : [])]
  return words.some(word => typeof word === 'string' && word.includes(hookScriptName))
}

/** The path of what goes: the hook, or the outermost thing that holds nothing else. */
function emptiedBy(root: Node | undefined, own: OwnEntry): (string | number)[] {
  const paths: (string | number)[][] = [
    ['hooks', own.event, own.group, 'hooks', own.hook],
    ['hooks', own.event, own.group],
    ['hooks', own.event],
    ['hooks'],
  ]
  let goes = paths[0] ?? []
  for (const [i, holder] of [['hooks', own.event, own.group, 'hooks'], ['hooks', own.event], ['hooks']].entries()) {
    const count = (root && findNodeAtLocation(root, holder)?.children?.length) ?? 0
    if (count > 1) break
    goes = paths[i + 1] ?? goes
  }
  return goes
}

type Read = { readonly ok: true; readonly root: Node | undefined } | { readonly ok: false; readonly message: string }

/** Strictly, as Claude Code reads it; an empty file is as good as none. */
function readSettings(text: string): Read {
  const { body } = withoutBom(text)
  if (body.trim() === '') return { ok: true, root: undefined }
  try {
    JSON.parse(body)
  } catch (error) {
    return { ok: false, message: `is not valid JSON (${(error as Error).message})` }
  }
  const root = treeOf(body)
  const message = root.type === 'object' ? wrongShape(root) : 'is not a JSON object'
  return message === null ? { ok: true, root } : { ok: false, message }
}

/** What would make an edit land elsewhere than where Claude Code looks. */
function wrongShape(root: Node): string | null {
  const hooks = findNodeAtLocation(root, ['hooks'])
  if (isRepeated(root, 'hooks')) return 'has "hooks" twice'
  if (hooks === undefined) return null
  if (hooks.type !== 'object') return 'has "hooks" that is not an object'
  for (const property of hooks.children ?? []) {
    const [name, list] = property.children ?? []
    const event = String(name?.value)
    if (isRepeated(hooks, event)) return `has "hooks.${event}" twice`
    if (list?.type !== 'array') return `has "hooks.${event}" that is not a list`
  }
  return null
}

function isRepeated(object: Node, key: string): boolean {
  return (object.children ?? []).filter(property => property.children?.[0]?.value === key).length > 1
}

function isTrue(root: Node | undefined, key: string): boolean {
  return (root && findNodeAtLocation(root, [key]))?.value === true
}

function plain(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(plain)
  if (node.type !== 'object') return node.value
  const pairs = (node.children ?? []).map(({ children }) => {
    const [name, value] = children ?? []
    return [String(name?.value), value && plain(value)]
  })
  return Object.fromEntries(pairs)
}

/** @throws {Error} for text that is not JSON: that was checked before. */
function treeOf(body: string): Node {
  const root = parseTree(body)
  if (root === undefined) throw new Error('not JSON')
  return root
}

function withoutBom(text: string): { readonly bom: string; readonly body: string } {
  return text.startsWith('\uFEFF') ? { bom: '\uFEFF', body: text.slice(1) } : { bom: '', body: text }
}

/** `body` with one more entry at the end of the event's list; what is missing on the way there is made. */
function withEntry(body: string, event: HookEvent, entry: object): string {
  const root = treeOf(body)
  const hooks = findNodeAtLocation(root, ['hooks'])
  const list = findNodeAtLocation(root, ['hooks', event])
  if (list !== undefined) return append(body, list, '', entry)
  if (hooks !== undefined) return append(body, hooks, `${JSON.stringify(event)}: `, [entry])
  return append(body, root, '"hooks": ', { [event]: [entry] })
}

/** Puts a value last into a list or an object, written as its neighbours are. No other byte changes. */
function append(body: string, holder: Node, name: string, value: unknown): string {
  const eol = body.includes('\r\n') ? '\r\n' : '\n'
  const last = holder.children?.at(-1)
  const inside = body.slice(holder.offset + 1, holder.children?.[0]?.offset ?? holder.offset + holder.length - 1)
  const isOneLine = last !== undefined && !inside.includes('\n')
  if (isOneLine) return splice(body, last.offset + last.length, 0, `, ${name}${JSON.stringify(value)}`)
  const unit = indentOf(body)
  const outer = /[ \t]*/.exec(body.slice(body.lastIndexOf('\n', holder.offset) + 1))?.[0] ?? ''
  const inner = last === undefined ? outer + unit : (/[ \t]*$/.exec(inside)?.[0] ?? '')
  const text = `${eol}${inner}${name}${JSON.stringify(value, null, unit).replaceAll('\n', `${eol}${inner}`)}`
  if (last !== undefined) return splice(body, last.offset + last.length, 0, `,${text}`)
  return splice(body, holder.offset + 1, inside.length, `${text}${eol}${outer}`)
}

/** Cuts out what lies at `path`, with the comma that joined it to its neighbour. */
function without(body: string, path: (string | number)[]): string {
  const found = findNodeAtLocation(treeOf(body), path)
  const node = typeof path.at(-1) === 'string' ? found?.parent : found
  const siblings = node?.parent?.children ?? []
  if (node === undefined) throw new Error(`nothing at ${path.join('.')}`)
  const at = siblings.indexOf(node)
  const [before, after] = [siblings[at - 1], siblings[at + 1]]
  const end = node.offset + node.length
  if (before !== undefined) return splice(body, before.offset + before.length, end - before.offset - before.length, '')
  if (after !== undefined) return splice(body, node.offset, after.offset - node.offset, '')
  const { offset = 0, length = 0 } = node.parent ?? {}
  return splice(body, offset + 1, length - 2, '')
}

function splice(text: string, offset: number, length: number, insert: string): string {
  return text.slice(0, offset) + insert + text.slice(offset + length)
}

/** As the file is written already: the white space before its first indented line. */
function indentOf(body: string): string {
  return /\n([ \t]+)\S/.exec(body)?.[1] ?? '  '
}
