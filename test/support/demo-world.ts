/**
 * A believable machine for the demo: five projects with unsaved work and a dozen sessions, from busy to long ended.
 *
 * Everything lies below the folder it is given; sessions that should be live need processes to stand for them.
 */
import fs from 'node:fs'
import path from 'node:path'
import { nodeProcesses } from '../../shared/engine/node-ports.ts'
import type { ProcessIdentity } from '../../shared/engine/ports.ts'
import { newAgentThread, runAgent } from './agent-cases.ts'
import { encodeProjectFolder, fileSink } from './corpus-session.ts'
import { type DemoProject, type DemoSession, type DemoTurn, demoProjects, demoSessions } from './demo-script.ts'
import { compact } from './everyday-cases.ts'
import { createFiller, type Filler } from './filler.ts'
import { type TrueFacts, truthOf } from './ground-truth.ts'
import { type Random, seededRandom } from './random.ts'
import { writeOddRegistryFile, writeRegistryFile } from './registry-files.ts'
import { commitFiles, type TrackedFile } from './repositories.ts'
import { modelsOf } from './session-plan.ts'
import { bashCall, editCall, readCall, type ToolCall, todoWriteCall } from './tool-calls.ts'
import { writeCalls, writePrompt, writeReply, writeText, writeTurnEnd } from './transcript-builder.ts'
import { endings } from './transcript-cases.ts'
import {
  writeAiTitle,
  writeBare,
  writeCustomTitle,
  writeHeavyRecords,
  writeMetadata,
  writeSessionStart,
} from './transcript-records.ts'
import { createWriter, type TranscriptWriter } from './transcript-writer.ts'

export interface DemoWorld {
  readonly home: string
  /** CLAUDE_CONFIG_DIR. */
  readonly configDir: string
  readonly projects: readonly string[]
  readonly sessions: readonly DemoWorldSession[]
}

export interface DemoWorldSession {
  readonly mainPath: string
  readonly truth: TrueFacts
  readonly script: DemoSession
}

export interface DemoOptions {
  /** Processes that stand for running sessions, as of `startHolders`; sessions for which none is left count as ended. Default: this process. */
  readonly live?: readonly ProcessIdentity[]
}

/** How many processes the demo can use. */
export const demoHolders = demoSessions.filter(({ live }) => live !== 'ended' && live !== 'killed').length

/** @param nowMs the demo's present: the busy session was last active seconds before */
export function buildDemo(folder: string, nowMs: number, options: DemoOptions = {}): DemoWorld {
  fs.mkdirSync(folder, { recursive: true })
  const top = fs.realpathSync(folder)
  const configDir = path.join(top, 'home/.claude')
  for (const name of ['projects', 'sessions'])
    fs.mkdirSync(path.join(configDir, name), { recursive: true, mode: 0o700 })
  const random = seededRandom('demo')
  const filler = createFiller(random.branch('filler'))
  const roots = new Map(demoProjects.map(project => [project.name, layOutProject(top, project)]))
  const live = [...(options.live ?? [nodeProcesses().self])]
  const sessions = demoSessions.map((script, i) => {
    const root = roots.get(script.project) ?? top
    const written = writeDemoSession(configDir, root, script, random.branch(i), filler, nowMs)
    register(configDir, root, script, written.truth.sessionId, nowMs, live, i)
    return written
  })
  return { home: path.join(top, 'home'), configDir, projects: [...roots.values()], sessions }
}

function layOutProject(top: string, project: DemoProject): string {
  const root = path.join(top, 'home/projects', project.name)
  const files = Object.entries(project.files).map(
    ([name, text]): TrackedFile => ({ path: name, mode: '100644', content: Buffer.from(text) }),
  )
  commitFiles(root, files, project)
  for (const [name, text] of Object.entries(project.present)) {
    const file = path.join(root, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
  }
  return root
}

function writeDemoSession(
  configDir: string,
  root: string,
  script: DemoSession,
  random: Random,
  filler: Filler,
  nowMs: number,
): DemoWorldSession {
  const sessionId = random.uuid()
  const mainPath = path.join(configDir, 'projects', encodeProjectFolder(root), `${sessionId}.jsonl`)
  const { sink, flush } = fileSink(mainPath)
  const endMs = nowMs - script.idleMinutes * 60_000
  const model = modelsOf('current').find(({ requested }) => requested === script.model)
  if (model === undefined) throw new RangeError(`no window is known for ${script.model}`)
  const branch = demoProjects.find(({ name }) => name === script.project)?.branch ?? null
  const startMs = Math.floor(endMs - script.spanMinutes * 60_000)
  const writer = createWriter({
    sessionId,
    random,
    filler,
    sink,
    age: 'current',
    version: '2.1.330',
    entrypoint: 'cli',
    model,
    cwd: root,
    branch,
    startMs,
    heavyBytes: 60_000,
    shuffledKeys: 0,
    keepLog: false,
  })
  writeScript(writer, script, endMs)
  flush()
  const seconds = (writer.truth.lastActivityMs ?? nowMs) / 1000
  fs.utimesSync(mainPath, seconds, seconds)
  return { mainPath, truth: truthOf(writer.truth), script }
}

function writeScript(writer: TranscriptWriter, script: DemoSession, endMs: number): void {
  const { startMs } = writer.options
  const finalTokens = Math.floor((writer.model.windowTokens * script.contextPercent) / 100)
  writeBare(writer, { type: 'mode', mode: 'normal' })
  for (const [i, turn] of script.turns.entries()) {
    const last = i === script.turns.length - 1
    // The last turn takes about a minute; the writer's clock never goes back.
    const due = last ? endMs - 60_000 : startMs + ((endMs - startMs) * i) / script.turns.length
    writer.nowMs = Math.max(writer.nowMs, Math.floor(due))
    writer.contextTokens = Math.floor(finalTokens * (0.5 + (0.5 * (i + 1)) / script.turns.length))
    writeDemoTurn(writer, script, turn, { first: i === 0, endMs: last ? endMs : null })
    if (script.compactedAfter === i + 1) compact(writer, 'auto', 6200)
    if (i === 0) entitle(writer, script)
  }
  writeMetadata(writer)
  if (script.live === 'ended') endings.clean(writer)
}

function entitle(writer: TranscriptWriter, script: DemoSession): void {
  if (script.titledBy === 'ai') writeAiTitle(writer, script.title)
  else writeCustomTitle(writer, script.title)
}

interface TurnPlace {
  readonly first: boolean
  /** When the session's last record is to be stamped; null in all turns but the last. */
  readonly endMs: number | null
}

function writeDemoTurn(writer: TranscriptWriter, script: DemoSession, turn: DemoTurn, place: TurnPlace): void {
  const options = { contextTokens: writer.contextTokens }
  const last = place.endMs !== null
  writePrompt(writer, turn.prompt)
  if (place.first) {
    writeSessionStart(writer)
    writeHeavyRecords(writer, writer.options.heavyBytes)
    if (script.withSubAgent === true) runAgent(writer, newAgentThread(writer, ''), [[lookAround(writer)]], options)
  }
  const todos = last && script.todos !== undefined ? [todoWriteCall(writer, [], script.todos)] : []
  for (const call of [...turnCalls(writer, turn), ...todos]) writeCalls(writer, [call], [], options)
  if (place.endMs !== null) writer.nowMs = Math.max(writer.nowMs, Math.floor(place.endMs - 2600))
  if (last && ['busy', 'waiting', 'killed'].includes(script.live)) writeUnfinished(writer, turn, options)
  else writeFinished(writer, turn, options)
}

function writeFinished(writer: TranscriptWriter, turn: DemoTurn, options: { readonly contextTokens: number }): void {
  writeText(writer, turn.reply, options)
  writeTurnEnd(writer)
}

const lookAround = (writer: TranscriptWriter) => readCall(writer, path.join(writer.cwd, 'README.md'), 600)

/** Says what it does, and is still doing it: the last call has no result. */
function writeUnfinished(writer: TranscriptWriter, turn: DemoTurn, options: { readonly contextTokens: number }): void {
  const call = bashCall(writer, turn.commands?.at(-1) ?? 'true', 10)
  writeReply(
    writer,
    [
      { kind: 'text', text: turn.reply },
      { kind: 'call', call },
    ],
    options,
  )
}

function turnCalls(writer: TranscriptWriter, turn: DemoTurn): readonly ToolCall[] {
  const at = (name: string) => path.join(writer.cwd, name)
  const reads = (turn.edits ?? []).map(name => readCall(writer, at(name), 900))
  const edits = (turn.edits ?? []).map(name => editCall(writer, at(name), 900))
  const commands = (turn.commands ?? []).map(command => bashCall(writer, command, 400))
  return [...reads, ...edits, ...commands]
}

function register(
  configDir: string,
  root: string,
  script: DemoSession,
  sessionId: string,
  nowMs: number,
  live: ProcessIdentity[],
  n: number,
): void {
  if (script.live === 'ended') return
  const processes = nodeProcesses()
  const sessionsDir = path.join(configDir, 'sessions')
  const statusUpdatedMs = Math.floor(nowMs - script.idleMinutes * 60_000)
  const common = {
    sessionId,
    cwd: root,
    pidDomain: processes.pidDomain,
    statusUpdatedMs,
    startedMs: Math.floor(statusUpdatedMs - script.spanMinutes * 60_000),
    name: script.title,
  }
  if (script.live === 'killed') {
    writeOddRegistryFile(
      sessionsDir,
      'stale',
      { ...common, process: processes.self, status: 'busy' },
      n,
      processes.self,
    )
    return
  }
  const holder = live.shift()
  if (holder === undefined) return
  const waitingFor = script.waitingFor === undefined ? {} : { waitingFor: script.waitingFor }
  writeRegistryFile(sessionsDir, { ...common, ...waitingFor, process: holder, status: script.live })
}
