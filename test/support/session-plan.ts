/**
 * One made-up session from its plan: how large, how old, in which folder, with which odd cases, and how it ended.
 *
 * The plan is all that is random about a session's shape; {@link writeSession} carries it out.
 */

import type { TranscriptCase } from './case-base.ts'
import { bashCall, editCall, grepCall, readCall, readImageCall, type ToolCall, writeCall } from './tool-calls.ts'
import { writeCalls, writePrompt, writeText, writeTurn, writeTurnEnd } from './transcript-builder.ts'
import { endings } from './transcript-cases.ts'
import {
  writeAiTitle,
  writeBare,
  writeCustomTitle,
  writeHeavyRecords,
  writeHookOutput,
  writeMetadata,
  writeSessionStart,
} from './transcript-records.ts'
import { type Age, emitRaw, type ModelChoice, type TranscriptWriter } from './transcript-writer.ts'

export interface SessionShape {
  /** Size of the main file to reach, in bytes; the last turn may exceed it by a turn. */
  readonly targetBytes: number
  /** Median size of what a tool gives back, in bytes. */
  readonly toolBytes: number
  readonly startMs: number
  readonly endMs: number
  readonly cases: readonly TranscriptCase[]
  readonly ending: keyof typeof endings | 'none'
  /** A picture of this many bytes is read; its line is 2.7 times as large. 0: none. */
  readonly pictureBytes: number
  readonly hookOutput: boolean
  readonly aiTitle: boolean
  /** Of the window, at the end. */
  readonly fill: number
  /** No prompt was ever typed: titles copied by `/clear` are all there is. */
  readonly titlesOnly: boolean
}

/** Bytes after the last line end. `cut`: no JSON. `whole`: a whole record that lacks its line end only. */
export type TornTail = 'cut' | 'whole'

const models: Readonly<Record<Age, readonly ModelChoice[]>> = {
  current: [
    { id: 'claude-opus-5-5', requested: 'claude-opus-5-5', windowTokens: 1_000_000 },
    { id: 'claude-sonnet-5-5', requested: 'claude-sonnet-5-5', windowTokens: 1_000_000 },
    { id: 'claude-haiku-5-5', requested: 'claude-haiku-5-5', windowTokens: 1_000_000 },
    { id: 'claude-opus-4-6', requested: 'claude-opus-4-6', windowTokens: 200_000 },
    { id: 'claude-sonnet-4-6', requested: 'claude-sonnet-4-6', windowTokens: 200_000 },
    { id: 'claude-opus-4-6', requested: 'claude-opus-4-6[1m]', windowTokens: 1_000_000 },
    { id: 'claude-made-up-9', requested: 'claude-made-up-9', windowTokens: 200_000 },
  ],
  'early-2.1': [
    { id: 'claude-sonnet-4-5-20250929', requested: 'claude-sonnet-4-5-20250929', windowTokens: 200_000 },
    { id: 'claude-opus-4-5', requested: 'claude-opus-4-5', windowTokens: 200_000 },
    { id: 'claude-haiku-4-5', requested: 'claude-haiku-4-5', windowTokens: 200_000 },
  ],
  old: [
    { id: 'claude-sonnet-4-20250514', requested: 'claude-sonnet-4-20250514', windowTokens: 200_000 },
    { id: 'claude-opus-4-1-20250805', requested: 'claude-opus-4-1-20250805', windowTokens: 200_000 },
    { id: 'claude-3-5-haiku-20241022', requested: 'claude-3-5-haiku-20241022', windowTokens: 200_000 },
  ],
}
const versions: Readonly<Record<Age, readonly string[]>> = {
  current: ['2.1.330', '2.1.318', '2.1.297'],
  'early-2.1': ['2.1.20', '2.1.61'],
  old: ['1.0.60', '1.0.128', '2.0.14'],
}

export const modelsOf = (age: Age): readonly ModelChoice[] => models[age]
export const versionsOf = (age: Age): readonly string[] => versions[age]

/** Writes the whole session. Cases are spread over its length. */
export function writeSession(writer: TranscriptWriter, shape: SessionShape): void {
  if (shape.titlesOnly) writeCustomTitle(writer, writer.filler.title())
  else writeConversation(writer, shape)
}

function writeConversation(writer: TranscriptWriter, shape: SessionShape): void {
  const paths = Array.from({ length: 40 }, () => `${writer.options.cwd}/${writer.filler.path()}`)
  const expectedReplies = Math.max(6, shape.targetBytes / (2000 + 3 * shape.toolBytes))
  writer.contextStep = Math.max(50, (shape.fill * writer.model.windowTokens - writer.contextTokens) / expectedReplies)
  writeFirstTurn(writer, shape, paths)
  const waiting = [...shape.cases]
  const every = shape.targetBytes / (waiting.length + 1)
  for (let caseAt = every; mainBytes(writer) < shape.targetBytes || waiting.length > 0; ) {
    passTime(writer, shape)
    if (waiting.length > 0 && mainBytes(writer) >= Math.min(caseAt, shape.targetBytes)) {
      waiting.shift()?.write(writer)
      caseAt += every
    } else {
      writeOrdinaryTurn(writer, shape, paths)
    }
  }
  if (shape.pictureBytes > 0) writePictureTurn(writer, shape.pictureBytes)
  if (shape.ending !== 'none') endings[shape.ending](writer)
}

export const mainBytes = (writer: TranscriptWriter): number => writer.truth.bytes.get('main') ?? 0

/** Moves the clock to where the session's size is between its start and its end. */
function passTime(writer: TranscriptWriter, shape: SessionShape): void {
  const part = Math.min(1, mainBytes(writer) / shape.targetBytes)
  const due = shape.startMs + (shape.endMs - shape.startMs) * part * (0.9 + 0.1 * writer.random.next())
  writer.nowMs = Math.max(writer.nowMs, Math.floor(due))
}

function writeFirstTurn(writer: TranscriptWriter, shape: SessionShape, paths: readonly string[]): void {
  if (writer.options.age === 'current' && writer.options.entrypoint === 'cli') {
    writeBare(writer, { type: 'mode', mode: 'normal' })
    writeBare(writer, { type: 'permission-mode', permissionMode: 'acceptEdits' })
  }
  if (shape.hookOutput) writeHookOutput(writer, 60)
  writePrompt(writer, writer.filler.prompt())
  writeSessionStart(writer)
  writeHeavyRecords(writer, writer.options.heavyBytes * 0.3)
  writeCalls(writer, [randomCall(writer, shape, paths)])
  writeHeavyRecords(writer, writer.options.heavyBytes * 0.7)
  writeText(writer, writer.filler.prose(writer.random.int(30, 300)))
  writeTurnEnd(writer)
  if (shape.aiTitle) writeAiTitle(writer, writer.filler.title())
  writeMetadata(writer)
}

/** One prompt, up to six rounds of up to three calls, one last text. */
export function writeOrdinaryTurn(
  writer: TranscriptWriter,
  shape: Pick<SessionShape, 'toolBytes'>,
  paths: readonly string[],
): void {
  const rounds = Array.from({ length: writer.random.int(1, 6) }, () =>
    Array.from(
      {
        length: writer.random.weighted([
          [6, 1],
          [2, 2],
          [1, 3],
        ]),
      },
      () => randomCall(writer, shape, paths),
    ),
  )
  const prompt = writer.random.chance(0.1)
    ? `${writer.filler.prompt()}\n${writer.filler.unicode(200)}`
    : writer.filler.prompt()
  writeTurn(writer, prompt, rounds, writer.filler.prose(writer.random.int(40, 1500)))
}

function randomCall(
  writer: TranscriptWriter,
  shape: Pick<SessionShape, 'toolBytes'>,
  paths: readonly string[],
): ToolCall {
  const { random, filler } = writer
  const path = random.pick(paths)
  const bytes = Math.ceil(Math.min(300_000, random.logNormal(shape.toolBytes, 1.4)))
  const kind = random.weighted([
    [30, 'read'],
    [25, 'bash'],
    [12, 'grep'],
    [20, 'edit'],
    [8, 'write'],
  ] as const)
  switch (kind) {
    case 'read':
      return readCall(writer, path, bytes)
    case 'bash':
      return bashCall(writer, filler.command(), bytes)
    case 'grep':
      return grepCall(writer, 'export', bytes)
    case 'edit':
      return editCall(writer, path, bytes)
    case 'write':
      return writeCall(writer, path, bytes, random.chance(0.5) ? null : filler.code(bytes))
  }
}

function writePictureTurn(writer: TranscriptWriter, bytes: number): void {
  const picture = readImageCall(writer, `${writer.options.cwd}/docs/large.png`, bytes)
  writeTurn(writer, writer.filler.prompt(), [[picture]], writer.filler.prose(60))
}

/** Appends bytes that do not count yet, as a crash or a half-finished write leaves them; returns how many. */
export function writeTornTail(writer: TranscriptWriter, kind: TornTail): number {
  const record = { type: 'mode', mode: 'normal', sessionId: writer.sessionId }
  const long = { parentUuid: writer.main.tip, type: 'user', message: { role: 'user', content: 'half of this' } }
  const text = kind === 'whole' ? JSON.stringify(record) : JSON.stringify(long).slice(0, -20)
  emitRaw(writer, 'main', text, false)
  return Buffer.byteLength(text)
}
