/** Sub-agents in all the places where the ages of the tool kept them. */
import { somePath, turn } from './case-base.ts'
import { agentCall, editCall, grepCall, readCall, type ToolCall, writeCall } from './tool-calls.ts'
import {
  type ReplyOptions,
  writePrompt,
  writeReply,
  writeResult,
  writeSubAgentWork,
  writeText,
  writeTurnEnd,
} from './transcript-builder.ts'
import { usageRecord, writeQueueOperation, writeUserText } from './transcript-records.ts'
import { emitRaw, type Thread, type TranscriptWriter, tick } from './transcript-writer.ts'

/** Where the current tool keeps a sub-agent: below the session's own folder. */
export function newAgentThread(writer: TranscriptWriter, below: string): Thread {
  const agentId = `a${writer.random.hex(16)}`
  return { stream: `subagents/${below}agent-${agentId}.jsonl`, agentId, sidechain: true, tip: null }
}

export function besideAgentThread(writer: TranscriptWriter): Thread {
  const agentId = writer.random.hex(8)
  return { stream: `legacy/agent-${agentId}.jsonl`, agentId, sidechain: true, tip: null }
}

export const inlineThread = (): Thread => ({ stream: 'main', agentId: null, sidechain: true, tip: null })

function agentMeta(writer: TranscriptWriter, thread: Thread, toolUseId: string, requestShape: string): void {
  if (!thread.stream.startsWith('subagents/')) return
  const meta = {
    agentType: 'general-purpose',
    isBuiltIn: true,
    description: 'Look around',
    toolUseId,
    spawnDepth: 1,
    requestShape,
    model: writer.model.id,
    finished: true,
  }
  emitRaw(writer, thread.stream.replace(/jsonl$/, 'meta.json'), JSON.stringify(meta), true)
}

function agentRounds(writer: TranscriptWriter): readonly (readonly ToolCall[])[] {
  return [
    [readCall(writer, somePath(writer), 200), grepCall(writer, 'export', 120)],
    [writeCall(writer, somePath(writer), 120, null), editCall(writer, somePath(writer), 100)],
  ]
}

/** A turn in which a sub-agent works. @param thread where its records go */
export function foregroundAgent(writer: TranscriptWriter, thread: Thread): void {
  writePrompt(writer, writer.filler.prompt())
  runAgent(writer, thread, agentRounds(writer))
  writeText(writer, writer.filler.prose(100))
  writeTurnEnd(writer)
}

/** The call, the sub-agent's own records, and its answer. */
export function runAgent(
  writer: TranscriptWriter,
  thread: Thread,
  rounds: readonly (readonly ToolCall[])[],
  options: ReplyOptions = {},
): void {
  const prompt = `Please look at ${writer.filler.path()}`
  const input = { description: 'Look around', prompt, subagent_type: 'general-purpose' }
  const name = writer.options.age === 'current' ? 'Agent' : 'Task'
  const answer = [{ type: 'text', text: writer.filler.prose(120) }]
  const usage = usageRecord({ input: 5, cacheCreation: 360, cacheRead: 160_000, output: 91 }, false)
  const result = { status: 'completed', prompt, agentId: thread.agentId, content: answer, totalTokens: 9100, usage }
  const call = agentCall(writer, name, input, answer, result)
  const [source] = writeReply(writer, [{ kind: 'call', call }], options)
  writeSubAgentWork(writer, thread, prompt, rounds)
  agentMeta(writer, thread, call.id, 'foreground')
  writeResult(writer, call, source ?? '')
}

/** The turn ends first; the sub-agent works on, and a turn that nobody typed follows. */
export function backgroundAgent(writer: TranscriptWriter): void {
  const thread = newAgentThread(writer, '')
  const prompt = 'Please count files slowly.'
  const launched = {
    isAsync: true,
    status: 'async_launched',
    agentId: thread.agentId,
    description: 'Count',
    prompt,
    outputFile: '/tmp/out',
  }
  const call = agentCall(
    writer,
    'Agent',
    { description: 'Count', prompt, run_in_background: true },
    'Async agent launched',
    launched,
  )
  turn(writer, [[call]])
  writeSubAgentWork(writer, thread, prompt, agentRounds(writer))
  agentMeta(writer, thread, call.id, 'background')
  const note = `<task-notification>\n<task-id>${thread.agentId}</task-id>\n<status>completed</status>\n</task-notification>`
  writeQueueOperation(writer, 'enqueue', note)
  tick(writer, 10)
  writeUserText(writer, note, { origin: { kind: 'task-notification', taskId: thread.agentId }, promptSource: 'system' })
  writeText(writer, writer.filler.prose(60))
  writeTurnEnd(writer)
}
