/** Things that many sessions hold. Each writes complete turns. */
import { at, somePath, turn } from './case-base.ts'
import { says } from './ground-truth.ts'
import {
  askCall,
  bashCall,
  bigBashCall,
  editCall,
  failed,
  grepCall,
  multiEditCall,
  notebookCall,
  readCall,
  readImageCall,
  rejected,
  toolError,
  writeCall,
} from './tool-calls.ts'
import { writeCalls, writePrompt, writeReply, writeResult, writeText, writeTurnEnd } from './transcript-builder.ts'
import {
  usageRecord,
  writeAttachment,
  writeCustomTitle,
  writeQueueOperation,
  writeSystem,
  writeUserText,
} from './transcript-records.ts'
import { emitChained, emitRaw, stamp, type TranscriptWriter, tick } from './transcript-writer.ts'

export function parallelCalls(writer: TranscriptWriter): void {
  const calls = [
    readCall(writer, somePath(writer), 300),
    grepCall(writer, 'TODO', 200),
    writeCall(writer, somePath(writer), 200, null),
    editCall(writer, somePath(writer), 150),
  ]
  turn(writer, [calls, [bashCall(writer, writer.filler.command(), 80)]])
}

export function failedTools(writer: TranscriptWriter): void {
  const bash = failed(bashCall(writer, 'npm test', 40), 'Exit code 3\noops')
  const edit = toolError(editCall(writer, somePath(writer), 100), 'String to replace not found in file.')
  turn(writer, [[bash], [edit, writeCall(writer, somePath(writer), 90, 'old text\n')]])
}

export function rejectedPermission(writer: TranscriptWriter): void {
  writePrompt(writer, writer.filler.prompt())
  writeCalls(writer, [rejected(writeCall(writer, somePath(writer), 80, null))])
  tick(writer, 20)
  writeUserText(writer, [{ type: 'text', text: '[Request interrupted by user for tool use]' }])
}

/** @param goesOn whether a turn follows: else the context is what the boundary says is left */
export function compaction(writer: TranscriptWriter, trigger: 'manual' | 'auto', goesOn: boolean): void {
  if (trigger === 'auto') writePrompt(writer, writer.filler.prompt())
  compact(writer, trigger, writer.random.int(2000, 9000))
  if (goesOn) turn(writer, [[readCall(writer, somePath(writer), 100)]])
}

/** The boundary and the summary. @param after tokens that are left, which only the current age tells */
export function compact(writer: TranscriptWriter, trigger: 'manual' | 'auto', after: number): void {
  const before = writer.contextTokens
  const current = writer.options.age === 'current'
  const tip = writer.main.tip
  tick(writer, 400)
  const sizes = current ? { postTokens: after, cumulativeDroppedTokens: before - after, durationMs: 341 } : {}
  const compactMetadata = { trigger, preTokens: before, ...sizes }
  const known = current && writer.truth.model !== null
  emitChained(writer, writer.main, {
    before: {
      type: 'system',
      subtype: 'compact_boundary',
      content: 'Conversation compacted',
      level: 'info',
      compactMetadata,
    },
    after: { logicalParentUuid: tip },
    atMs: writer.nowMs,
    parent: null,
    effects: [says.compaction(), ...(known ? [says.context(after, writer.model.windowTokens)] : [])],
  })
  if (trigger === 'auto') writeAttachment(writer, { type: 'date', date: stamp(writer.nowMs).slice(0, 10) })
  const summary = `This session is being continued from a previous conversation that ran out of context.\nSummary:\n${writer.filler.prose(700)}`
  writeUserText(writer, summary, { isVisibleInTranscriptOnly: true, isCompactSummary: true })
  writer.contextTokens = after + 4000
  writer.slug ??= `${writer.random.pick(['staged', 'lucky'])}-moseying-bentley`
}

export function rename(writer: TranscriptWriter): void {
  const title = writer.filler.title()
  tick(writer, 30)
  writeCustomTitle(writer, title)
  writeSystem(writer, 'local_command', {
    content: `<command-name>/rename</command-name>\n<command-args>${title}</command-args>`,
    level: 'info',
  })
  writeUserText(writer, `<system-reminder>\nThe user named this session "${title}".\n</system-reminder>`, {
    isMeta: true,
  })
}

export function notebook(writer: TranscriptWriter): void {
  turn(writer, [[notebookCall(writer, at(writer, `analysis-${writer.random.int(1, 5)}.ipynb`))]])
}

export function multiEdit(writer: TranscriptWriter): void {
  turn(writer, [
    [multiEditCall(writer, somePath(writer), 200)],
    [failed(multiEditCall(writer, somePath(writer), 10), 'No match')],
  ])
}

/** Typed while a tool ran: there is no user record of it. Stamped when it was typed. */
export function queuedPrompt(writer: TranscriptWriter): void {
  const prompt = writer.filler.prompt()
  const call = bashCall(writer, writer.filler.command(), 60)
  writePrompt(writer, writer.filler.prompt())
  const [source] = writeReply(writer, [{ kind: 'call', call }])
  writeQueueOperation(writer, 'enqueue', prompt)
  const typedMs = writer.nowMs
  writeResult(writer, call, source ?? '')
  writeQueueOperation(writer, 'remove', prompt, { reason: 'absorbed_mid_turn' })
  const attachment = {
    type: 'queued_command',
    prompt,
    source_uuid: writer.random.uuid(),
    commandMode: 'prompt',
    origin: { kind: 'human' },
    humanTurn: true,
  }
  writeAttachment(writer, attachment, {
    rendered: prompt,
    minus: writer.nowMs - typedMs,
    effects: [says.prompt(prompt, typedMs)],
  })
  writeText(writer, writer.filler.prose(90))
  writeTurnEnd(writer)
}

export function localCommands(writer: TranscriptWriter): void {
  tick(writer, 900)
  writeUserText(
    writer,
    '<local-command-caveat>Caveat: the messages below were generated by local commands.</local-command-caveat>',
    { isMeta: true },
  )
  writeUserText(
    writer,
    '<command-name>/model</command-name>\n<command-message>model</command-message>\n<command-args></command-args>',
  )
  writeUserText(writer, '<local-command-stdout>Set model</local-command-stdout>')
  writeSystem(writer, 'local_command', {
    content: '<local-command-stderr>Unknown</local-command-stderr>',
    level: 'info',
  })
  writeSystem(writer, 'informational', { content: 'Unknown command: /tag.', level: 'warning' })
}

export function bashMode(writer: TranscriptWriter): void {
  tick(writer, 500)
  writeUserText(writer, '<bash-input>ls -la</bash-input>')
  writeUserText(writer, `<bash-stdout>${writer.filler.code(80)}</bash-stdout><bash-stderr></bash-stderr>`)
}

/** Esc in mid reply, then the next prompt hangs beside the cancelled one. */
export function interrupted(writer: TranscriptWriter): void {
  const parent = writer.main.tip
  writePrompt(writer, writer.filler.prompt())
  writeReply(writer, [{ kind: 'text', text: writer.filler.prose(120) }], { aborted: true })
  tick(writer, 6)
  writeUserText(writer, [{ type: 'text', text: '[Request interrupted by user]' }])
  writePrompt(writer, writer.filler.prompt(), { parent })
  writeText(writer, writer.filler.prose(70))
  writeTurnEnd(writer)
}

export function question(writer: TranscriptWriter): void {
  turn(writer, [[askCall(writer)]])
}

export function bigOutput(writer: TranscriptWriter): void {
  const id = `b${writer.random.hex(8)}`
  const bytes = 40_000
  emitRaw(writer, `tool-results/${id}.txt`, writer.filler.code(bytes), true)
  turn(writer, [[bigBashCall(writer, 'cat big.log', `/somewhere/tool-results/${id}.txt`, bytes)]])
}

export function image(writer: TranscriptWriter): void {
  turn(writer, [[readImageCall(writer, at(writer, 'docs/screen.png'), 600)]])
}

/** `data` repeats whole messages of a sub-agent: none of it belongs to this session's conversation. */
export function progress(writer: TranscriptWriter): void {
  writePrompt(writer, writer.filler.prompt())
  const call = bashCall(writer, writer.filler.command(), 100)
  const [source] = writeReply(writer, [{ kind: 'call', call }])
  const nested = {
    type: 'assistant',
    message: {
      role: 'assistant',
      model: 'claude-other',
      content: [{ type: 'tool_use', id: 'x', name: 'Write', input: {} }],
      usage: usageRecord({ input: 1, cacheCreation: 2, cacheRead: 190_000, output: 3 }, false),
    },
  }
  for (const data of [
    { type: 'bash_progress', output: writer.filler.code(200), elapsedTimeSeconds: 3 },
    { type: 'agent_progress', message: nested, prompt: 'x' },
  ]) {
    emitChained(writer, writer.main, {
      before: { type: 'progress', data, toolUseID: 'bash-progress-0', parentToolUseID: call.id },
      atMs: tick(writer, 500),
    })
  }
  writeResult(writer, call, source ?? '')
  writeText(writer, writer.filler.prose(80))
  writeTurnEnd(writer)
}
