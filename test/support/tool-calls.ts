/**
 * Tool calls with their results, in the shapes that the real tool writes: values only, nothing is written here.
 *
 * Each says what calling it means and what its result means, as effects on the ground truth.
 */
import type { TodoItem } from '../../shared/core/session.ts'
import { type Effect, says } from './ground-truth.ts'
import type { JsonObject, TranscriptWriter } from './transcript-writer.ts'

export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly input: JsonObject
  /** `content` of the tool_result block: text or blocks. */
  readonly content: unknown
  readonly isError: boolean
  /** The structured twin beside the message: an object, an array or a string. Undefined where there is none. */
  readonly result: unknown
  readonly onCall: readonly Effect[]
  /** What the result means when it arrives at `atMs`. */
  readonly onResult: (atMs: number) => readonly Effect[]
  readonly resultFields: JsonObject
}

type Plan = Partial<Omit<ToolCall, 'id' | 'name'>>

function call(writer: TranscriptWriter, name: string, input: JsonObject, plan: Plan): ToolCall {
  return {
    id: `toolu_01${writer.random.hex(22)}`,
    name,
    input,
    content: plan.content ?? '',
    isError: plan.isError ?? false,
    result: plan.result,
    onCall: [says.toolCall(), ...(plan.onCall ?? [])],
    onResult: plan.onResult ?? (() => []),
    resultFields: plan.resultFields ?? {},
  }
}

const changes = (path: string) => (atMs: number) => [says.fileChanged(path, atMs)]
const updatedNote = (path: string) => `The file ${path} has been updated successfully.`

const patch = (oldText: string, newText: string) => [
  { oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, lines: [`-${oldText}`, `+${newText}`] },
]

export function readCall(writer: TranscriptWriter, path: string, bytes: number): ToolCall {
  const text = writer.filler.code(bytes)
  const numLines = text.split('\n').length
  const content = text.replaceAll('\n', `\n${numLines}\t`)
  const file = { filePath: path, content: text, numLines, startLine: 1, totalLines: numLines }
  return call(writer, 'Read', { file_path: path }, { content, result: { type: 'text', file } })
}

/** The picture is stored twice in the line: its size is about 2.7 times `bytes`. */
export function readImageCall(writer: TranscriptWriter, path: string, bytes: number): ToolCall {
  const base64 = writer.filler.base64(Math.ceil(bytes / 3) * 4)
  const source = { type: 'base64', data: base64, media_type: 'image/png' }
  const result = { type: 'image', file: { base64, type: 'image/png', originalSize: bytes } }
  return call(writer, 'Read', { file_path: path }, { content: [{ type: 'image', source }], result })
}

export function bashCall(writer: TranscriptWriter, command: string, bytes: number): ToolCall {
  const stdout = writer.filler.code(Math.min(bytes, 30_000))
  const result = { stdout, stderr: '', interrupted: false, isImage: false, noOutputExpected: false }
  const onCall = [says.command(command)]
  return call(writer, 'Bash', { command, description: 'Run it' }, { content: stdout, result, onCall })
}

/** Output over 30,000 characters: cut in the line, whole in `tool-results/<id>.txt`. */
export function bigBashCall(writer: TranscriptWriter, command: string, outputPath: string, bytes: number): ToolCall {
  const plain = bashCall(writer, command, 30_000)
  const content = `<persisted-output>\nOutput too large. Full output saved to: ${outputPath}\n</persisted-output>`
  const result = { ...(plain.result as JsonObject), persistedOutputPath: outputPath, persistedOutputSize: bytes }
  return { ...plain, content, result }
}

export function grepCall(writer: TranscriptWriter, pattern: string, bytes: number): ToolCall {
  const content = writer.filler.code(bytes)
  const result = { mode: 'content', numFiles: 3, filenames: ['a', 'b', 'c'], content, numLines: 12 }
  return call(writer, 'Grep', { pattern, output_mode: 'content' }, { content, result })
}

export function writeCall(writer: TranscriptWriter, path: string, bytes: number, original: string | null): ToolCall {
  const content = writer.filler.code(bytes)
  const result = {
    type: original === null ? 'create' : 'update',
    filePath: path,
    content,
    structuredPatch: original === null ? [] : patch('old', 'new'),
    originalFile: original,
    userModified: false,
  }
  const note = original === null ? `File created successfully at: ${path}` : updatedNote(path)
  return call(writer, 'Write', { file_path: path, content }, { content: note, result, onResult: changes(path) })
}

/** `bytes` is the size of the file that was edited: the result holds all of it. */
export function editCall(writer: TranscriptWriter, path: string, bytes: number): ToolCall {
  const oldString = writer.filler.prose(30)
  const newString = writer.filler.prose(40)
  const original = `${writer.filler.code(bytes)}${oldString}\n`
  const result = {
    filePath: path,
    oldString,
    newString,
    originalFile: original,
    structuredPatch: patch(oldString, newString),
    userModified: false,
    replaceAll: false,
  }
  const input = { file_path: path, old_string: oldString, new_string: newString, replace_all: false }
  return call(writer, 'Edit', input, { content: updatedNote(path), result, onResult: changes(path) })
}

export function multiEditCall(writer: TranscriptWriter, path: string, bytes: number): ToolCall {
  const edits = [1, 2].map(n => ({ old_string: `old ${n}`, new_string: writer.filler.prose(20), replace_all: false }))
  const result = {
    filePath: path,
    edits,
    originalFileContents: writer.filler.code(bytes),
    structuredPatch: patch('a', 'b'),
  }
  return call(
    writer,
    'MultiEdit',
    { file_path: path, edits },
    { content: updatedNote(path), result, onResult: changes(path) },
  )
}

export function notebookCall(writer: TranscriptWriter, path: string): ToolCall {
  const input = { notebook_path: path, cell_id: 'c1', new_source: 'print(2)', cell_type: 'code', edit_mode: 'replace' }
  const result = {
    new_source: 'print(2)',
    old_source: 'print(1)',
    cell_type: 'code',
    language: 'python',
    edit_mode: 'replace',
    cell_id: 'c1',
    error: '',
    notebook_path: path,
    original_file: '{"cells":[]}',
    updated_file: '{"cells":[1]}',
  }
  return call(writer, 'NotebookEdit', input, { content: 'Updated cell c1', result, onResult: changes(path) })
}

/** Write through an editor's own server; its structured result is an array of blocks. */
export function acpWriteCall(writer: TranscriptWriter, path: string): ToolCall {
  const content = [{ type: 'text', text: updatedNote(path) }]
  const input = { file_path: path, content: writer.filler.code(200) }
  return call(writer, 'mcp__acp__Write', input, { content, result: content, onResult: changes(path) })
}

export function todoWriteCall(
  writer: TranscriptWriter,
  before: readonly TodoItem[],
  todos: readonly TodoItem[],
): ToolCall {
  const wire = (items: readonly TodoItem[]) =>
    items.map(item => ({ content: item.text, status: item.status, activeForm: `Doing: ${item.text}` }))
  return call(
    writer,
    'TodoWrite',
    { todos: wire(todos) },
    {
      content: 'Todos have been modified successfully.',
      result: { oldTodos: wire(before), newTodos: wire(todos) },
      onResult: () => [says.todos(todos)],
    },
  )
}

/** `todos` is the whole list afterwards; the new task is its last. Ids count from 1. */
export function taskCreateCall(writer: TranscriptWriter, todos: readonly TodoItem[]): ToolCall {
  const subject = todos.at(-1)?.text ?? ''
  const id = String(todos.length)
  return call(
    writer,
    'TaskCreate',
    { subject, description: writer.filler.prose(60) },
    {
      content: `Task #${id} created successfully: ${subject}`,
      result: { task: { id, subject } },
      onResult: () => [says.todos(todos)],
    },
  )
}

/** `todos` is the whole list afterwards; task `index` (from 0) changed its status. */
export function taskUpdateCall(
  writer: TranscriptWriter,
  todos: readonly TodoItem[],
  index: number,
  from: string,
): ToolCall {
  const taskId = String(index + 1)
  const status = todos[index]?.status ?? 'pending'
  return call(
    writer,
    'TaskUpdate',
    { taskId, status },
    {
      content: `Updated task #${taskId} status`,
      result: { success: true, taskId, updatedFields: ['status'], statusChange: { from, to: status } },
      onResult: () => [says.todos(todos)],
    },
  )
}

export function askCall(writer: TranscriptWriter): ToolCall {
  const question = `${writer.filler.title()}?`
  const questions = [{ question, header: 'Choice', options: [{ label: 'Yes' }, { label: 'No' }], multiSelect: false }]
  return call(
    writer,
    'AskUserQuestion',
    { questions },
    {
      content: `Your questions have been answered: "${question}"="Yes".`,
      result: { questions, answers: { [question]: 'Yes' }, annotations: {} },
    },
  )
}

export function agentCall(
  writer: TranscriptWriter,
  name: 'Agent' | 'Task',
  input: JsonObject,
  content: unknown,
  result: JsonObject,
): ToolCall {
  return call(writer, name, input, { content, result })
}

/** The same call, failed: `toolUseResult` is a string, and nothing was changed. */
export function failed(planned: ToolCall, message: string): ToolCall {
  return { ...planned, content: message, isError: true, result: `Error: ${message}`, onResult: () => [] }
}

/** The same call, malformed or refused by the tool itself. */
export function toolError(planned: ToolCall, message: string): ToolCall {
  return { ...failed(planned, message), content: `<tool_use_error>${message}</tool_use_error>` }
}

/** The same call, refused by the user. */
export function rejected(planned: ToolCall): ToolCall {
  const content = "The user doesn't want to proceed with this tool use."
  const resultFields = { toolDenialKind: 'user-rejected' }
  return { ...planned, content, isError: true, result: 'User rejected tool use', onResult: () => [], resultFields }
}
