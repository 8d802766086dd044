/** A store on a disk in memory that has been in use for a while, for tests of those who tidy it. */
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import { defaultSettings } from '../../shared/core/settings.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { collectGarbage, type GcOptions, type GcReport, type GcResult } from '../../shared/engine/store-gc.ts'
import { verifyStore } from '../../shared/engine/verify-store.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { createMemoryFiles, type MemoryFiles, type MemoryOptions } from './memory-file-system.ts'
import { seededRandom } from './random.ts'
import {
  checkpoint,
  describeTranscript,
  manifestOf,
  openTestStore,
  realPorts,
  streamBytes,
  transcriptLines,
  treeRecordOf,
} from './stores.ts'

export interface GcWorld {
  readonly clock: FakeClock
  readonly memory: MemoryFiles
  readonly ports: Ports
  readonly store: CheckpointStore
  /** The session's transcript grows, its work tree changes, and it is checkpointed, `afterMs` after the last thing. */
  save(session: string, afterMs: number): CheckpointRecord
  /** What the session's main stream held when this was saved. */
  contentOf(record: CheckpointRecord): string
  /** Everything on the disk below the store: name and size. */
  everything(): readonly string[]
  collect(options?: Partial<GcOptions>): Promise<GcResult>
  /** A process of its own that has opened the store, with its view of the disk for faults. */
  process(): { readonly files: MemoryFiles; collect(options?: Partial<GcOptions>): Promise<GcResult> }
  /** Damage that verify finds in every byte, and checkpoints that do not give back what was saved. */
  damage(): Promise<readonly string[]>
  packs(): readonly string[]
}

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

export function createGcWorld(options: Omit<MemoryOptions, 'nowMs'> = {}): GcWorld {
  const clock = createFakeClock()
  const memory = createMemoryFiles({ ...options, nowMs: clock.nowMs })
  const ports: Ports = { ...realPorts, clock, files: memory }
  const store = openTestStore('/store', ports)
  const random = seededRandom(77)
  const transcripts = new Map<string, string>()
  const saved = new Map<string, string>()
  const keyOf = ({ session, at }: CheckpointRecord) => `${session} ${at}`

  function save(session: string, afterMs: number): CheckpointRecord {
    clock.jumpWallClock(afterMs)
    const content = (transcripts.get(session) ?? '') + transcriptLines(random, 600)
    transcripts.set(session, content)
    const file = memory.open(`/${session}.jsonl`, transcriptExists(session) ? 'update' : 'create')
    file.truncate(0)
    file.append(Buffer.from(content))
    file.close()
    const stream = describeTranscript(`/${session}.jsonl`, Buffer.from(content))
    const at = clock.nowMs()
    const newest = store.newest(session)
    const record = checkpoint(store, {
      session,
      older: newest.ok ? newest.record : null,
      streams: [stream],
      files: memory,
      tree: (sink, table) =>
        treeRecordOf(sink, table, manifestOf(sink, [{ path: 'a.txt', content: `${session} ${at}\n` }])),
      more: { at, lastActivity: at },
    })
    saved.set(keyOf(record), content)
    return record
  }
  const transcriptExists = (session: string) => memory.list('/').includes(`${session}.jsonl`)

  function everything(): readonly string[] {
    const below = (folder: string): string[] =>
      memory.list(folder).flatMap(name => {
        const at = `${folder}/${name}`
        const stat = memory.lstat(at)
        return stat.kind === 'folder' ? below(at) : [`${at} ${stat.size}`]
      })
    return below('/store').sort()
  }

  async function damage(): Promise<readonly string[]> {
    const { findings } = await verifyStore(store, clock, { readData: true })
    const listed = store.sessions()
    const records = (listed.ok ? listed.sessions : []).flatMap(session => {
      const read = store.list(session)
      return read.ok ? read.records.flatMap(each => (each.ok ? [each.record] : [])) : []
    })
    const wrong = records.filter(record => streamBytes(store, record).toString() !== saved.get(keyOf(record)))
    return [
      ...findings.filter(finding => finding.severity === 'damage').map(finding => finding.message),
      ...wrong.map(record => `${record.session}/${record.seq} is not what was saved`),
    ]
  }

  function process(files: MemoryFiles) {
    const own = { ...ports, files }
    const opened = openTestStore('/store', own)
    const collect = (more: Partial<GcOptions> = {}) =>
      collectGarbage(own, opened, { settings: defaultSettings, dryRun: false, held: () => true, ...more })
    return { files, collect }
  }

  return {
    clock,
    memory,
    ports,
    store,
    save,
    contentOf: record => saved.get(keyOf(record)) ?? '',
    everything,
    collect: more => process(memory).collect(more),
    process: () => process(memory.another()),
    damage,
    packs: () => memory.list('/store/packs'),
  }
}

/** @throws {Error} unless it was done */
export function doneReport(result: GcResult): GcReport {
  if (result.kind !== 'done') throw new Error(`not done: ${JSON.stringify(result)}`)
  return result.report
}
