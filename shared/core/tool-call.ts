/**
 * What a model asked a tool to do, and what became of it: the part of a transcript that names files, commands and
 * to-do lists. Pure, and never throws.
 */
import { clip, type JsonObject, listOf, nameOf, objectOf, textOf } from './json-value.ts'
import type { TodoItem } from './session.ts'

/** A tool call of the model. What it asks for counts as done only when its result says so. */
export type ToolCall =
  | { readonly kind: 'edit'; readonly id: string; readonly path: string }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'todos'; readonly id: string; readonly items: readonly TodoItem[] }
  | { readonly kind: 'task-create'; readonly id: string; readonly text: string }
  | {
      readonly kind: 'task-update'
      readonly id: string
      readonly taskId: string
      readonly status: TodoItem['status'] | 'deleted' | null
      readonly text: string | null
    }
  | { readonly kind: 'other' }

export interface ToolResult {
  readonly callId: string
  readonly failed: boolean
  /** Id of the task that a TaskCreate made. */
  readonly taskId: string | null
}

/** Characters that are kept of each text. */
export const textLimits = { prompt: 2_000, reply: 2_000, command: 300, title: 200, todo: 300 } as const
/** Items that are kept of a todo list. */
export const todoLimit = 200

/** Where each editing tool names its file. `mcp__acp__*` are the same tools offered by an editor. */
export const editTools: ReadonlyMap<string, 'file_path' | 'notebook_path'> = new Map([
  ['Write', 'file_path'],
  ['Edit', 'file_path'],
  ['MultiEdit', 'file_path'],
  ['NotebookEdit', 'notebook_path'],
  ['mcp__acp__Write', 'file_path'],
  ['mcp__acp__Edit', 'file_path'],
])

/** The call in a content block of a reply; empty if the block is none. */
export function callOf(block: unknown): ToolCall[] {
  const call = objectOf(block)
  if (call?.['type'] !== 'tool_use') return []
  return [toolCall(nameOf(call['id']), nameOf(call['name']) ?? '', objectOf(call['input']) ?? {})]
}

const otherCall: ToolCall = { kind: 'other' }

/** What a call asks for. Looks at no more of `input` than the tool's own fields. @param id Null if it has none: no result can name it. */
export function toolCall(id: string | null, name: string, input: JsonObject): ToolCall {
  if (name === 'Bash') {
    const command = textOf(input['command'])
    return command === null ? otherCall : { kind: 'command', command: clip(command, textLimits.command) }
  }
  if (id === null) return otherCall
  const pathKey = editTools.get(name)
  if (pathKey !== undefined) {
    const path = nameOf(input[pathKey])
    return path === null ? otherCall : { kind: 'edit', id, path }
  }
  if (name === 'TodoWrite')
    return { kind: 'todos', id, items: listOf(input['todos']).slice(0, todoLimit).flatMap(todoOf) }
  if (name === 'TaskCreate')
    return { kind: 'task-create', id, text: clip(textOf(input['subject']) ?? '', textLimits.todo) }
  return name === 'TaskUpdate' ? taskUpdate(id, input) : otherCall
}

function taskUpdate(id: string, input: JsonObject): ToolCall {
  const status = input['status'] === 'deleted' ? 'deleted' : todoStatus(input['status'])
  const subject = textOf(input['subject'])
  const text = subject === null ? null : clip(subject, textLimits.todo)
  return { kind: 'task-update', id, taskId: clip(String(input['taskId'] ?? ''), 100), status, text }
}

function todoOf(item: unknown): TodoItem[] {
  const todo = objectOf(item)
  const text = textOf(todo?.['content'])
  return text === null ? [] : [{ text: clip(text, textLimits.todo), status: todoStatus(todo?.['status']) ?? 'pending' }]
}

function todoStatus(value: unknown): TodoItem['status'] | null {
  return value === 'pending' || value === 'in_progress' || value === 'completed' ? value : null
}

/** The result in a content block of a user record; empty if the block is none. */
export function resultOf(block: unknown, toolUseResult: unknown): ToolResult[] {
  const result = objectOf(block)
  const callId = nameOf(result?.['tool_use_id'])
  if (result?.['type'] !== 'tool_result' || callId === null) return []
  const content = result['content']
  const failed = result['is_error'] === true || (typeof content === 'string' && content.startsWith('<tool_use_error>'))
  return [{ callId, failed, taskId: taskIdOf(content, toolUseResult) }]
}

/**
 * The structured result of a TaskCreate begins with the task; one that holds a `task` elsewhere is another tool's.
 * Sub-agents' files have no structured result, only the words.
 */
export function taskIdOf(content: unknown, toolUseResult: unknown): string | null {
  const [first, task] = Object.entries(objectOf(toolUseResult) ?? {})[0] ?? []
  const id = first === 'task' ? objectOf(task)?.['id'] : undefined
  if (typeof id === 'string' || typeof id === 'number') return clip(String(id), 100)
  return typeof content === 'string' ? (/^Task #(\d{1,9})\b/.exec(content)?.[1] ?? null) : null
}
