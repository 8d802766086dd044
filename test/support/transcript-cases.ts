/**
 * The odd things that real transcripts hold, one function each: every case of the format's list for generators.
 *
 * Each writes complete turns, so that cases can follow one another in any order. What concerns whole files (torn
 * tails, forks, moved files, the live registry) is in `corpus-plan.ts`.
 */
import { backgroundAgent, besideAgentThread, foregroundAgent, inlineThread, newAgentThread } from './agent-cases.ts'
import { all, beforeCurrent, current, since2, somePath, type TranscriptCase } from './case-base.ts'
import {
  bashMode,
  bigOutput,
  compaction,
  failedTools,
  image,
  interrupted,
  localCommands,
  multiEdit,
  notebook,
  parallelCalls,
  progress,
  question,
  queuedPrompt,
  rejectedPermission,
  rename,
} from './everyday-cases.ts'
import {
  acpWrite,
  apiError,
  controlCharacters,
  crashResumed,
  customCommand,
  garbageLines,
  imagePrompt,
  longTexts,
  lookAlikes,
  missingRequestId,
  modelSwitch,
  serverLoop,
  summaryLines,
  twoWriters,
  unknownKinds,
  unknownLargeModel,
} from './rare-cases.ts'
import { taskList, todoList } from './todo-cases.ts'
import { bashCall, writeCall } from './tool-calls.ts'
import { writePrompt, writeReply } from './transcript-builder.ts'
import { writeAiTitle, writeApiRequest, writeCostState, writeMetadata } from './transcript-records.ts'
import type { TranscriptWriter } from './transcript-writer.ts'

/** Cases that sessions of every profile may have. */
export const commonCases: readonly TranscriptCase[] = [
  { name: 'parallel-results', ages: all, write: parallelCalls },
  { name: 'failed-tools', ages: all, write: failedTools },
  { name: 'rejected-permission', ages: all, write: rejectedPermission },
  { name: 'sub-agent', ages: since2, write: writer => foregroundAgent(writer, newAgentThread(writer, '')) },
  { name: 'sub-agent-beside', ages: ['old'], write: writer => foregroundAgent(writer, besideAgentThread(writer)) },
  { name: 'sub-agent-inline', ages: ['old'], write: writer => foregroundAgent(writer, inlineThread()) },
  { name: 'background-agent', ages: current, write: backgroundAgent },
  { name: 'compaction', ages: all, write: writer => compaction(writer, 'manual', true) },
  { name: 'custom-title', ages: current, write: rename },
  { name: 'ai-title', ages: current, write: writer => writeAiTitle(writer, writer.filler.title()) },
  { name: 'todo-write', ages: all, write: todoList },
  { name: 'task-tools', ages: current, write: taskList },
  { name: 'notebook', ages: all, write: notebook },
  { name: 'multi-edit', ages: ['old'], write: multiEdit },
  { name: 'queued-prompt', ages: current, write: queuedPrompt },
  { name: 'local-commands', ages: all, write: localCommands },
  { name: 'bash-mode', ages: all, write: bashMode },
  { name: 'interrupted', ages: all, write: interrupted },
  { name: 'question', ages: current, write: question },
  { name: 'big-output', ages: current, write: bigOutput },
  { name: 'image', ages: all, write: image },
  { name: 'progress', ages: ['early-2.1'], write: progress },
]

/** Cases of the 'nasty' profile only. */
export const rareCases: readonly TranscriptCase[] = [
  {
    name: 'workflow-agent',
    ages: current,
    write: writer => foregroundAgent(writer, newAgentThread(writer, 'workflows/wf_1/')),
  },
  { name: 'auto-compaction', ages: current, write: writer => compaction(writer, 'auto', true) },
  { name: 'compaction-last', ages: current, write: writer => compaction(writer, 'manual', false) },
  { name: 'api-error', ages: all, write: apiError },
  { name: 'crash-resumed', ages: current, write: crashResumed },
  { name: 'missing-request-id', ages: all, write: missingRequestId },
  { name: 'server-loop', ages: current, write: serverLoop },
  { name: 'unknown-kinds', ages: all, write: unknownKinds },
  { name: 'summary-lines', ages: beforeCurrent, write: summaryLines },
  { name: 'control-characters', ages: all, write: controlCharacters },
  { name: 'look-alikes', ages: all, write: lookAlikes },
  { name: 'two-writers', ages: all, write: twoWriters },
  { name: 'garbage-lines', ages: all, write: garbageLines },
  { name: 'acp-write', ages: all, write: acpWrite },
  { name: 'image-prompt', ages: all, write: imagePrompt },
  { name: 'long-texts', ages: all, write: longTexts },
  { name: 'custom-command', ages: current, write: customCommand },
  { name: 'model-switch', ages: current, write: modelSwitch },
  { name: 'unknown-large-model', ages: current, write: unknownLargeModel },
]

/** Ends: none of these is followed by anything. */
export const endings = {
  clean: (writer: TranscriptWriter) => {
    writeMetadata(writer)
    writeCostState(writer)
  },
  /** SIGKILL while a tool ran: a call without result, then metadata, no `cost-state`. */
  inTool: (writer: TranscriptWriter) => {
    writePrompt(writer, writer.filler.prompt())
    const calls = [bashCall(writer, writer.filler.command(), 10), writeCall(writer, somePath(writer), 50, null)]
    writeReply(
      writer,
      calls.map(call => ({ kind: 'call', call }) as const),
    )
    writeMetadata(writer)
  },
  /** SIGKILL while a reply streamed: nothing of it is there. */
  inStream: (writer: TranscriptWriter) => {
    writePrompt(writer, writer.filler.prompt())
    writeApiRequest(writer)
  },
} as const
