/** Things that few sessions hold, and that readers get wrong. Each writes complete turns or none. */
import { at, somePath, turn } from './case-base.ts'
import { compaction } from './everyday-cases.ts'
import { acpWriteCall, bashCall, failed, readCall, writeCall } from './tool-calls.ts'
import { writeCalls, writePrompt, writeReply, writeResult, writeText, writeTurnEnd } from './transcript-builder.ts'
import { usageRecord, writeAttachment, writeBare, writeSystem, writeUserText } from './transcript-records.ts'
import { emit, emitChained, emitDamaged, stamp, type Thread, type TranscriptWriter, tick } from './transcript-writer.ts'

export function apiError(writer: TranscriptWriter): void {
  writePrompt(writer, writer.filler.prompt())
  const message = {
    id: writer.random.uuid(),
    model: '<synthetic>',
    role: 'assistant',
    stop_reason: 'stop_sequence',
    stop_sequence: '',
    type: 'message',
    usage: usageRecord({ input: 0, cacheCreation: 0, cacheRead: 0, output: 0 }, false),
    content: [{ type: 'text', text: 'API Error: 400 invalid request' }],
  }
  emitChained(writer, writer.main, {
    before: { type: 'assistant', message },
    after: { error: 'invalid_request', isApiErrorMessage: true, apiErrorStatus: 400 },
    atMs: tick(writer, 300),
  })
  writeTurnEnd(writer)
}

/** Killed while a tool ran, resumed by another process: the result is made up by the tool, with an error. */
export function crashResumed(writer: TranscriptWriter): void {
  writePrompt(writer, writer.filler.prompt())
  const call = failed(
    writeCall(writer, somePath(writer), 100, null),
    '[Tool call interrupted: the session ended before the result was recorded.]',
  )
  const [source] = writeReply(writer, [{ kind: 'call', call }])
  tick(writer, 3_000)
  writeResult(writer, call, source ?? '')
  turn(writer, [[readCall(writer, somePath(writer), 90)]])
}

export function missingRequestId(writer: TranscriptWriter): void {
  writePrompt(writer, writer.filler.prompt())
  const texts = [30, 50, 70, 90, 110].map(length => ({ kind: 'text', text: writer.filler.prose(length) }) as const)
  writeReply(writer, texts, { noRequestId: true })
  writeTurnEnd(writer)
}

export function serverLoop(writer: TranscriptWriter): void {
  writePrompt(writer, writer.filler.prompt())
  writeText(writer, writer.filler.prose(200), { serverLoop: true })
  writeTurnEnd(writer)
}

export function unknownKinds(writer: TranscriptWriter): void {
  tick(writer, 20)
  writeSystem(writer, 'made_up_subtype', {
    content: writer.filler.prose(30),
    level: 'info',
    usage: { input_tokens: 5 },
  })
  writeAttachment(writer, {
    type: 'made_up_attachment',
    message: { role: 'assistant', content: [{ type: 'text', text: 'not a reply' }] },
  })
  writeBare(writer, { type: 'frame-link', url: 'https://example.invalid', message: { content: 'not a prompt' } })
  writeBare(writer, { type: 'hologram', nested: { type: 'user', message: { role: 'user', content: 'not a prompt' } } })
  writeBare(writer, { noTypeAtAll: true })
}

export function summaryLines(writer: TranscriptWriter): void {
  emit(writer, { type: 'summary', summary: writer.filler.title(), leafUuid: writer.random.uuid() })
  emit(writer, { type: 'summary', summary: writer.filler.title(), leafUuid: writer.random.uuid() })
}

export function controlCharacters(writer: TranscriptWriter): void {
  const text = `before\0after \u2028 line \u2029 paragraph \u0085 \ud83d\ude80 "quoted" \\ back\tslash`
  writePrompt(writer, `Why does ${text} end here?`)
  writeText(writer, `Because ${text}, ${writer.filler.unicode(120)}`)
  writeTurnEnd(writer)
}

/** A tool reads a transcript: its lines stand in the result, and must not be taken for this session's own. */
export function lookAlikes(writer: TranscriptWriter): void {
  const line = JSON.stringify({
    type: 'user',
    isSidechain: true,
    cwd: '/elsewhere',
    gitBranch: 'other',
    sessionId: writer.random.uuid(),
    timestamp: '2001-01-01T00:00:00.000Z',
    message: { role: 'user', content: 'not mine' },
  })
  const title = JSON.stringify({ type: 'custom-title', customTitle: 'not mine' })
  const read = readCall(writer, at(writer, 'transcript.jsonl'), 50)
  turn(writer, [
    [
      {
        ...read,
        content: `${line}\n${title}\n`,
        result: { type: 'text', file: { filePath: 'transcript.jsonl', content: `${line}\n${title}\n`, numLines: 2 } },
      },
    ],
  ])
}

/** Another process appends to the same file: its turns hang on an old record and lie between ours, and a line lies there twice. */
export function twoWriters(writer: TranscriptWriter): void {
  const shared = writer.main.tip
  const other: Thread = { ...writer.main, tip: shared }
  writePrompt(writer, writer.filler.prompt())
  writePrompt(writer, writer.filler.prompt(), { thread: other })
  writeText(writer, writer.filler.prose(60))
  writeText(writer, writer.filler.prose(60), { thread: other })
  const duplicate = {
    parentUuid: shared,
    isSidechain: false,
    type: 'system',
    subtype: 'informational',
    content: 'twice',
    uuid: writer.random.uuid(),
    timestamp: stamp(writer.nowMs),
    sessionId: writer.sessionId,
  }
  emit(writer, duplicate)
  emit(writer, duplicate)
  writeTurnEnd(writer)
}

export function garbageLines(writer: TranscriptWriter): void {
  const whole = JSON.stringify({
    parentUuid: null,
    type: 'user',
    message: { role: 'user', content: 'cut off by a crash' },
    sessionId: writer.sessionId,
  })
  emitDamaged(writer, whole.slice(0, 70))
  emitDamaged(writer, 'this is not JSON')
  emitDamaged(writer, '[{"type":"user"}]')
  emitDamaged(writer, '"assistant"')
  emitDamaged(writer, '42')
  emitDamaged(writer, Buffer.alloc(64))
  emitDamaged(writer, Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0x41, 0xf8]))
}

export function acpWrite(writer: TranscriptWriter): void {
  turn(writer, [[acpWriteCall(writer, somePath(writer))]])
}

export function imagePrompt(writer: TranscriptWriter): void {
  const text = writer.filler.prompt()
  const source = { type: 'base64', media_type: 'image/png', data: writer.filler.base64(400) }
  writePrompt(writer, text, {
    content: [
      { type: 'text', text },
      { type: 'image', source },
    ],
  })
  writeUserText(writer, [{ type: 'text', text: '[Image: source: /tmp/pasted.png]' }], { isMeta: true })
  writeText(writer, writer.filler.prose(60))
  writeTurnEnd(writer)
}

/** Longer than what is kept of a prompt, a reply and a command. */
export function longTexts(writer: TranscriptWriter): void {
  const long = (length: number) => writer.filler.prose(length).replaceAll(' ', '-')
  writePrompt(writer, `${writer.filler.prompt()}\n\n${long(5000)}`)
  writeCalls(writer, [bashCall(writer, `echo ${long(900)}`, 40)])
  writeText(writer, long(4000))
  writeTurnEnd(writer)
}

/** A command of the user's own is typed by a human, and counts as typed; the text it expands to is the tool's. */
export function customCommand(writer: TranscriptWriter): void {
  const echo =
    '<command-message>demo</command-message>\n<command-name>/demo</command-name>\n<command-args>with args</command-args>'
  writePrompt(writer, '/demo with args', { content: echo })
  writeUserText(writer, [{ type: 'text', text: writer.filler.prose(100) }], { isMeta: true, turnCompanion: true })
  writeText(writer, writer.filler.prose(60))
  writeTurnEnd(writer)
}

export function modelSwitch(writer: TranscriptWriter): void {
  writer.model = { id: 'claude-opus-4-6', requested: 'claude-opus-4-6[1m]', windowTokens: 1_000_000 }
  turn(writer, [[readCall(writer, somePath(writer), 60)]])
}

/** No table knows it, but it held more than 200,000 tokens once, so its window is the large one. */
export function unknownLargeModel(writer: TranscriptWriter): void {
  writer.model = { id: 'claude-nova-7', requested: 'claude-nova-7', windowTokens: 1_000_000 }
  writer.contextTokens = 300_000
  turn(writer, [[readCall(writer, somePath(writer), 60)]])
  compaction(writer, 'manual', true)
}
