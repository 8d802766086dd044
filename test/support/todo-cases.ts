/** Todo lists and task lists, of which a session uses one kind. */
import type { TodoItem } from '../../shared/core/session.ts'
import { turn } from './case-base.ts'
import { taskCreateCall, taskUpdateCall, todoWriteCall } from './tool-calls.ts'
import type { TranscriptWriter } from './transcript-writer.ts'

const steps = (writer: TranscriptWriter, count: number): TodoItem[] =>
  Array.from({ length: count }, () => ({ text: writer.filler.title(), status: 'pending' as const }))

/** `done` items are completed, the one after them is in progress. */
export const progressOf = (items: readonly TodoItem[], done: number): readonly TodoItem[] =>
  items.map((item, i) => ({ ...item, status: i < done ? 'completed' : i === done ? 'in_progress' : 'pending' }))

/** A session uses one kind of list. */
const usesTasks = (writer: TranscriptWriter) => writer.truth.todos.length > 0 && writer.toolsUsed.includes('TaskCreate')

export function todoList(writer: TranscriptWriter): void {
  if (usesTasks(writer)) return
  const items = steps(writer, writer.random.int(2, 6))
  const first = progressOf(items, 0)
  const later = progressOf(items, writer.random.int(1, items.length))
  turn(writer, [[todoWriteCall(writer, writer.truth.todos, first)], [todoWriteCall(writer, first, later)]])
}

export function taskList(writer: TranscriptWriter): void {
  if (writer.truth.todos.length > 0) return
  const items = steps(writer, writer.random.int(2, 4))
  const creations = items.map((_, i) => [taskCreateCall(writer, items.slice(0, i + 1))])
  const started = progressOf(items, 0)
  const done = items.map((item, i) => ({ ...item, status: i === 0 ? ('completed' as const) : item.status }))
  turn(writer, [
    ...creations,
    [taskUpdateCall(writer, started, 0, 'pending')],
    [taskUpdateCall(writer, done, 0, 'in_progress')],
  ])
}
