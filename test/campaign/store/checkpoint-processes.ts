/**
 * Real processes that checkpoint shared sessions into one store, to be killed; and whether what they reported saved is
 * there. Signals only processes that it has started itself.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import type { CheckpointRecord } from '../../../shared/core/checkpoint.ts'
import type { SessionId } from '../../../shared/core/session.ts'
import { type CheckpointStore, openStore } from '../../../shared/engine/checkpoint-store.ts'
import { verifyStore } from '../../../shared/engine/verify-store.ts'
import { type Random, seededRandom } from '../../support/random.ts'
import { realPorts } from '../../support/stores.ts'

export interface ChildPlan {
  readonly storeFolder: string
  /** Transcripts and project. */
  readonly workFolder: string
  readonly sessions: readonly SessionId[]
  readonly logFile: string
  readonly stopFile: string
  readonly seed: string
  /** False in a control run: nothing is synced. */
  readonly synced: boolean
  /** Between two checkpoints, ms. */
  readonly restMs: number
}

export interface CrewOptions {
  /** The child script: the source, or built. */
  readonly script: string
  readonly folder: string
  readonly storeFolder: string
  readonly seed: string
  readonly env: Readonly<Record<string, string>>
  readonly processes: number
  readonly sessions: number
  readonly synced?: boolean
  readonly restMs?: number
}

/** A checkpoint that was reported saved. */
export interface Reported {
  readonly session: SessionId
  readonly seq: number
  readonly bytes: number
  readonly sha256: string
}

export interface Crew {
  /** Kills one of those that run and starts another in its place. */
  replaceOne(): void
  running(): number
  reported(): readonly Reported[]
  /** Lets them end by themselves. Resolves with what those said that were not killed and failed all the same. */
  end(): Promise<readonly string[]>
  /** Kills all of them. */
  kill(): Promise<void>
}

interface Member {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  readonly complaints: string[]
  killed: boolean
}

export function startCrew(options: CrewOptions): Crew {
  const random = seededRandom(options.seed)
  const members: Member[] = []
  const logs = path.join(options.folder, 'logs')
  const workFolder = path.join(options.folder, 'work')
  const stopFile = path.join(options.folder, 'stop')
  fs.mkdirSync(logs, { recursive: true })
  fs.mkdirSync(path.join(workFolder, 'project'), { recursive: true })
  const sessions = Array.from({ length: options.sessions }, () => random.uuid())

  function startOne(): void {
    const plan: ChildPlan = {
      storeFolder: options.storeFolder,
      workFolder,
      sessions,
      logFile: path.join(logs, String(members.length)),
      stopFile,
      seed: `${options.seed}/${members.length}`,
      synced: options.synced ?? true,
      restMs: options.restMs ?? 0,
    }
    const args = [options.script, JSON.stringify(plan)]
    const child = spawn(process.execPath, args, { env: options.env, stdio: ['ignore', 'ignore', 'pipe'] })
    const member: Member = { child, ended: once(child, 'close'), complaints: [], killed: false }
    child.stderr.setEncoding('utf8').on('data', (words: string) => member.complaints.push(words))
    members.push(member)
  }

  const isRunning = ({ child, killed }: Member) => !killed && child.exitCode === null && child.signalCode === null
  const kill = (member: Member) => {
    member.killed = true
    member.child.kill('SIGKILL')
  }

  for (let n = 0; n < options.processes; n++) startOne()
  return {
    replaceOne() {
      const running = members.filter(isRunning)
      if (running.length > 0) kill(random.pick(running))
      startOne()
    },
    running: () => members.filter(isRunning).length,
    reported: () => fs.readdirSync(logs).flatMap(name => parseLog(fs.readFileSync(path.join(logs, name), 'utf8'))),
    async end() {
      fs.writeFileSync(stopFile, '')
      await Promise.all(members.map(member => member.ended))
      const broken = members.filter(({ child, killed }) => !killed && child.exitCode !== 0)
      return broken.map(({ complaints }) => `a process failed by itself: ${firstError(complaints.join(''))}`)
    },
    async kill() {
      for (const member of members.filter(isRunning)) kill(member)
      await Promise.all(members.map(member => member.ended))
    },
  }
}

/** What Node says of an uncaught error, without where it was thrown. */
function firstError(words: string): string {
  return words.split('\n').find(line => /^\w*Error/.test(line)) ?? words.trim().slice(0, 200)
}

/** A line without its end was not written: its checkpoint was never reported. */
function parseLog(text: string): readonly Reported[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => {
      const [, session = '', seq, bytes, sha256 = ''] = line.split(' ')
      return { session, seq: Number(seq), bytes: Number(bytes), sha256 }
    })
}

export interface StoreCheck {
  /** Records that are there, reported or not. */
  readonly records: number
  readonly failures: readonly string[]
}

/** Whether every reported checkpoint is there, and every record that is there whole, to the byte. */
export async function checkStore(storeFolder: string, reported: readonly Reported[]): Promise<StoreCheck> {
  const opened = openStore(realPorts, storeFolder, { minimumFreeShare: 0 })
  if (!opened.ok) return { records: 0, failures: [`the store does not open: ${opened.message}`] }
  const { store } = opened
  const report = await verifyStore(store, realPorts.clock, { readData: true })
  const damage = report.findings.filter(({ severity }) => severity === 'damage').map(({ message }) => message)
  const names = reported.map(({ session, seq }) => `${session}/${seq}`)
  const twice = names.length - new Set(names).size
  return {
    records: report.checkpoints,
    failures: [
      ...damage,
      ...(twice === 0 ? [] : [`${twice} numbers were given twice`]),
      ...reported.flatMap(each => problemOf(store, each)),
    ],
  }
}

function problemOf(store: CheckpointStore, { session, seq, bytes, sha256 }: Reported): readonly string[] {
  const label = `${session}/${seq}`
  const read = store.read(session, seq)
  if (!read.ok) return [`${label} was reported saved: ${read.problem.message}`]
  const content = contentOf(store, read.record)
  if (content === null) return [`${label} does not read back`]
  // Another process may have seen more lines by then; never fewer.
  const hash = createHash('sha256').update(content.subarray(0, bytes)).digest('hex')
  const stream = content.length < bytes || hash !== sha256 ? [`${label} is not the transcript that was handed in`] : []
  return [...stream, ...mixedFiles(store, read.record).map(name => `${label}: ${name} is a mixture`)]
}

function contentOf(store: CheckpointStore, record: CheckpointRecord): Buffer | null {
  const chunks: Uint8Array[] = []
  return store.readStream(record, 'main', chunk => chunks.push(chunk)).ok ? Buffer.concat(chunks) : null
}

/** Project files begin with the hash of the rest. */
function mixedFiles(store: CheckpointStore, record: CheckpointRecord): readonly string[] {
  const read = store.readManifest(record)
  if (!read.ok || read.manifest === null) return ['the work tree']
  const { files, packs } = read.manifest
  const holder = record.packs[record.tree?.place[0] ?? -1] ?? ''
  const reader = store.packReader()
  try {
    return files.flatMap(({ path: name, place, sha256 }) => {
      const pack = place && (place[0] === 0 ? holder : (packs[place[0] - 1] ?? ''))
      const frame = place && pack ? reader.frame(pack, place, sha256) : null
      return frame?.ok && isWhole(frame.content) ? [] : [String(name)]
    })
  } finally {
    reader.close()
  }
}

function isWhole(content: Buffer): boolean {
  const [first = ''] = content.toString('latin1', 0, 65).split('\n')
  return createHash('sha256').update(content.subarray(65)).digest('hex') === first
}

/** A pause between two kills or cuts, ms. */
export function pause(random: Random, mostMs: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, random.int(1, mostMs)))
}
