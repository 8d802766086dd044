import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import { type CheckpointStore, openStore } from '../../shared/engine/checkpoint-store.ts'
import type { Commit } from '../../shared/engine/record-commit.ts'
import { encodeRecord } from '../../shared/engine/record-file.ts'
import { verifyStore } from '../../shared/engine/verify-store.ts'
import { createMemoryFiles, type MemoryFiles, type MemoryOptions } from '../support/memory-file-system.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import {
  beforeOperation,
  checkpoint,
  describeTranscript,
  draftOf,
  openTestStore,
  realPorts,
  recordPath,
  sessionA,
  sessionB,
  streamBytes,
  type TestCheckpoint,
  transcriptLines,
  tryCheckpoint,
  writeTranscript,
} from '../support/stores.ts'

let scratch: string
let store: CheckpointStore
const mounted: string[] = []
beforeEach(() => {
  scratch = makeScratchFolder('store')
  store = openTestStore(path.join(scratch, 'store'))
})
afterEach(() => {
  for (const folder of mounted.splice(0)) execFileSync('umount', [folder])
  removeScratchFolder(scratch)
})

const lines = transcriptLines(seededRandom(1), 20_000)
const more = transcriptLines(seededRandom(2), 9_000)
const transcript = (content: string = lines) => writeTranscript(path.join(scratch, 'main.jsonl'), content)
const temporaries = () => readdirSync(store.paths.temporary)

describe('a committed checkpoint', () => {
  it('is found as the newest, reads back, and lies in files of ours alone (invariant 4)', () => {
    const record = checkpoint(store, { streams: [transcript()] })
    expect(record).toMatchObject({ v: 1, session: sessionA, seq: 1 })
    expect(store.sessions()).toEqual({ ok: true, sessions: [sessionA] })
    expect(store.numbers(sessionA)).toEqual({ ok: true, seqs: [1] })
    expect(store.newest(sessionA)).toEqual({ ok: true, record, highestSeq: 1, problems: [] })
    expect(store.read(sessionA, 1)).toEqual({ ok: true, record })
    expect(store.list(sessionA)).toEqual({ ok: true, records: [{ ok: true, record }] })
    expect(streamBytes(store, record).toString()).toBe(lines)
    expect(store.verifyRecord(record, { readData: true })).toEqual([])
    expect(statSync(recordPath(store, 1)).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(recordPath(store, 1))).mode & 0o777).toBe(0o700)
    expect(temporaries()).toEqual([])
  })

  it('is one of several when a session has several, in order of their numbers', () => {
    for (const title of ['one', 'two', 'three']) checkpoint(store, { more: { title } })
    const listed = store.list(sessionA)
    const titles = listed.ok ? listed.records.map(read => read.ok && [read.record.seq, read.record.title]) : null
    expect(titles).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ])
  })

  it('takes several sessions on one pack, each with a result of its own', () => {
    const opened = store.newPack()
    expect(opened.ok).toBe(true)
    const pack = opened.ok ? opened.pack : expect.fail('refused')
    const [a, b] = [sessionA, sessionB].map(session => draftOf(store, pack, { session, streams: [transcript()] }))
    const finish = pack.finish()
    const drafts = [a, b].filter(draft => draft !== undefined)
    const commits = store.commit([...drafts, ...drafts], finish.ok ? finish.pack : null, () => true)
    expect(commits.map(commit => [commit.kind, commit.sessionId])).toEqual([
      ['committed', sessionA],
      ['committed', sessionB],
      ['taken', sessionA],
      ['taken', sessionB],
    ])
    expect(readdirSync(store.paths.packs)).toHaveLength(1)
  })

  it('is not written when the lock was lost meanwhile', () => {
    expect(tryCheckpoint(store, {}, () => false)).toMatchObject({ kind: 'failed', code: 'lock-lost' })
    expect(store.numbers(sessionA)).toEqual({ ok: true, seqs: [] })
  })

  it('is at most 2 kB beside the brief for a session with twenty segments', () => {
    let older: CheckpointRecord | null = null
    for (let n = 1; n <= 20; n++) {
      older = checkpoint(store, { older, streams: [transcript(lines.slice(0, lines.lastIndexOf('\n', n * 900) + 1))] })
    }
    expect(older?.streams[0]?.segments.length).toBeGreaterThan(10)
    expect(statSync(recordPath(store, 1)).size).toBeLessThan(2_000)
    expect(statSync(recordPath(store, 20)).size).toBeLessThan(4_000)
  })
})

/** A store on a disk in memory with one good checkpoint, and what the next one will be made of. */
function inMemory(options: MemoryOptions = {}) {
  const memory = createMemoryFiles(options)
  const ports = { ...realPorts, files: memory }
  const opened = openTestStore('/store', ports)
  const write = (content: string) => {
    const file = memory.open('/main.jsonl', memory.list('/').includes('main.jsonl') ? 'update' : 'create')
    file.truncate(0)
    file.append(Buffer.from(content))
    file.close()
    return describeTranscript('/main.jsonl', Buffer.from(content))
  }
  const first = checkpoint(opened, { files: memory, streams: [write(lines.slice(0, lines.indexOf('\n') + 1))] })
  const next: TestCheckpoint = { files: memory.another(), older: first, afterSeq: 1, streams: [write(lines)] }
  return { memory, ports, opened, first, next }
}

/** Results of a second checkpoint, with what is in the store afterwards; errors that stop the process are `died`. */
function attempt(opened: CheckpointStore, next: TestCheckpoint): Commit | { readonly kind: 'died' | 'refused' } {
  try {
    return tryCheckpoint(opened, next)
  } catch (error) {
    return { kind: /died/.test((error as Error).message) ? 'died' : 'refused' }
  }
}

/** Operations that a second checkpoint takes. */
function operationsOfNext(options: MemoryOptions = {}): number {
  const { memory, opened, next } = inMemory(options)
  const before = memory.operations()
  tryCheckpoint(opened, next)
  return memory.operations() - before
}

/** Everything that is there is good, and the next process goes on without help. */
function expectSound(memory: MemoryFiles, first: CheckpointRecord, committed: boolean): void {
  const store = openTestStore('/store', { ...realPorts, files: memory })
  const newest = store.newest(sessionA)
  const record = newest.ok ? newest.record : null
  expect(newest).toMatchObject({ ok: true, problems: [] })
  expect(record?.seq).toBeGreaterThanOrEqual(committed ? 2 : 1)
  for (const each of [first, record ?? first]) expect(store.verifyRecord(each, { readData: true })).toEqual([])
  const text = record?.seq === 2 ? lines : lines.slice(0, lines.indexOf('\n') + 1)
  expect(streamBytes(store, record ?? first).toString()).toBe(text)
  expect(tryCheckpoint(store, { files: memory, older: record })).toMatchObject({ kind: 'committed' })
}

/** Which operation of a second checkpoint is the first of this name. */
function operationOf(wanted: string): number {
  const { memory, opened, next } = inMemory()
  const start = memory.operations()
  const names: string[] = []
  memory.onOperation((_operation, name) => names.push(name))
  tryCheckpoint(opened, next)
  memory.onOperation(null)
  expect(start + names.length).toBe(memory.operations())
  return names.indexOf(wanted) + 1
}

describe('one number', () => {
  it.each([
    ['with hard links', true],
    ['without hard links', false],
  ])('is taken once however two writers meet: one record, one taken (invariant 2, %s)', (_title, hardLinks) => {
    const total = operationsOfNext({ hardLinks })
    const meetings = Array.from({ length: total }, (_, n) => {
      const { memory, opened, first, next } = inMemory({ hardLinks })
      const rival = openTestStore('/store', { ...realPorts, files: memory.another() })
      const start = memory.operations()
      const kinds: string[] = []
      const meet = () => kinds.push(attempt(rival, { ...next, files: memory.another() }).kind)
      beforeOperation(memory, start + n + 1, meet)
      kinds.push(attempt(opened, next).kind)
      expectSound(memory, first, true)
      return kinds.sort()
    })
    expect(total).toBeGreaterThan(30)
    expect(meetings).toEqual(meetings.map(() => ['committed', 'taken']))
  })

  it('is taken once on a real disk, and the loser leaves nothing', () => {
    const [mine, theirs] = [tryCheckpoint(store, { afterSeq: 0 }), tryCheckpoint(store, { afterSeq: 0 })]
    expect([mine.kind, theirs.kind]).toEqual(['committed', 'taken'])
    expect(readdirSync(path.dirname(recordPath(store, 1)))).toEqual(['00000001.json'])
    expect(temporaries()).toEqual([])
  })

  it('is not taken by a writer that comes late, even if the number itself is free again', () => {
    for (let n = 0; n < 3; n++) checkpoint(store, {})
    rmSync(recordPath(store, 2))
    rmSync(path.join(store.paths.witnesses, sessionA, '00000002.json'))
    expect(tryCheckpoint(store, { afterSeq: 1 })).toMatchObject({ kind: 'taken' })
    expect(store.numbers(sessionA)).toEqual({ ok: true, seqs: [1, 3] })
  })
})

describe('a record', () => {
  it('is not committed when a pack that it names is missing (invariant 1)', () => {
    const older = checkpoint(store, { streams: [transcript()] })
    rmSync(path.join(store.paths.packs, `${older.packs[0]}.pack`))
    expect(tryCheckpoint(store, { older, streams: [transcript()] })).toEqual({
      kind: 'packs-gone',
      sessionId: sessionA,
      packs: older.packs,
    })
    expect(store.numbers(sessionA)).toEqual({ ok: true, seqs: [1] })
  })

  it('is not even shown for a moment when a pack that it names is missing (invariant 1)', () => {
    const { memory, opened, first, next } = inMemory()
    memory.unlink(`/store/packs/${first.packs[0]}.pack`)
    const names: string[] = []
    memory.onOperation((_operation, name) => names.push(name))
    expect(attempt(opened, next)).toMatchObject({ kind: 'packs-gone' })
    expect(names).not.toContain('link')
  })

  it('is taken back when a pack vanishes while it is being committed (invariant 1)', () => {
    const { memory, opened, first, next } = inMemory()
    const sweeper = memory.another()
    const sweep = () => sweeper.unlink(`/store/packs/${first.packs[0]}.pack`)
    const linking = operationOf('link')
    beforeOperation(memory, memory.operations() + linking, sweep)
    expect(attempt(opened, next)).toEqual({ kind: 'packs-gone', sessionId: sessionA, packs: first.packs })
    expect(opened.numbers(sessionA)).toEqual({ ok: true, seqs: [1] })
  })

  it('is not good when the disk gives back other bytes than were written (invariant 4)', () => {
    const { memory, next } = inMemory()
    const lying: MemoryFiles = {
      ...memory,
      open: (at, mode) => {
        const file = memory.open(at, mode)
        const flips = mode === 'create'
        return { ...file, append: bytes => file.append(flips ? bytes.map((b, i) => (i === 40 ? b ^ 1 : b)) : bytes) }
      },
    }
    const liar = openTestStore('/store', { ...realPorts, files: lying })
    expect(() => tryCheckpoint(liar, next)).toThrow('does not read back as it was written')
    expect(tryCheckpoint(liar, { ...next, streams: [] })).toMatchObject({ kind: 'failed', code: 'verification' })
  })

  it('with a forged hash of a stream is found out when the stream is read, and when the record is verified', () => {
    const record = checkpoint(store, { streams: [transcript()] })
    const forged = { ...record, streams: record.streams.map(stream => ({ ...stream, sha256: record.sum })) }
    const finding = { code: 'stream-damaged', severity: 'damage', sessionId: sessionA, seq: 1 }
    expect(store.readStream(forged, 'main', () => {})).toMatchObject({ ok: false, finding })
    expect(store.verifyRecord(forged, { readData: true })).toMatchObject([finding])
  })

  it.each([
    ['a changed byte', (bytes: Buffer) => bytes.fill('#', 300, 301)],
    ['half of its bytes', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['none of its bytes', () => Buffer.alloc(0)],
  ])(
    'with %s is reported and passed over, and neither touched nor its number used again (invariant 5)',
    (_t, spoil) => {
      const good = checkpoint(store, { more: { title: 'good' } })
      checkpoint(store, { more: { title: 'will be damaged' } })
      const spoiled = spoil(readFileSync(recordPath(store, 2)))
      writeFileSync(recordPath(store, 2), spoiled)
      const problem = { kind: 'damaged', sessionId: sessionA, seq: 2, message: expect.any(String) }
      expect(store.newest(sessionA)).toEqual({ ok: true, record: good, highestSeq: 2, problems: [problem] })
      expect(checkpoint(store, { older: good })).toMatchObject({ seq: 3 })
      expect(readFileSync(recordPath(store, 2))).toEqual(spoiled)
    },
  )

  it('of a later version is listed and left alone, and its number is not used again', () => {
    const mine = checkpoint(store, {})
    const { bytes } = encodeRecord({ ...mine, v: 2, seq: 2, sum: undefined })
    writeFileSync(recordPath(store, 2), bytes)
    const problem = { kind: 'newer', sessionId: sessionA, seq: 2, message: expect.any(String) }
    expect(store.list(sessionA)).toEqual({
      ok: true,
      records: [
        { ok: true, record: mine },
        { ok: false, problem },
      ],
    })
    expect(checkpoint(store, {})).toMatchObject({ seq: 3 })
    expect(readFileSync(recordPath(store, 2))).toEqual(bytes)
  })
})

describe('names and links (invariant 6)', () => {
  it.each(['..', '../../etc', '', 'A0000000-0000-4000-8000-00000000000A', `${sessionA}/x`])(
    'takes no session called %j',
    id => {
      expect(() => store.numbers(id)).toThrow(RangeError)
      expect(() => tryCheckpoint(store, { session: id, afterSeq: 0 })).toThrow(RangeError)
    },
  )

  it('does not follow a link in place of a session folder, neither to read nor to write', () => {
    checkpoint(store, {})
    const folder = path.dirname(recordPath(store, 1))
    renameSync(folder, path.join(scratch, 'elsewhere'))
    symlinkSync(path.join(scratch, 'elsewhere'), folder)
    expect(store.newest(sessionA)).toMatchObject({ ok: false, code: 'io-error' })
    expect(store.read(sessionA, 1)).toMatchObject({ ok: false, problem: { kind: 'unreadable' } })
    expect(tryCheckpoint(store, { afterSeq: 1 })).toMatchObject({ kind: 'failed', code: 'io-error' })
    expect(readdirSync(path.join(scratch, 'elsewhere'))).toEqual(['00000001.json'])
  })

  it('does not follow a link in place of a record', () => {
    checkpoint(store, {})
    renameSync(recordPath(store, 1), path.join(scratch, 'record'))
    symlinkSync(path.join(scratch, 'record'), recordPath(store, 1))
    expect(store.read(sessionA, 1)).toMatchObject({ ok: false, problem: { kind: 'unreadable' } })
    expect(tryCheckpoint(store, {})).toMatchObject({ kind: 'committed', record: { seq: 2 } })
  })

  it.each(['packs', 'checkpoints', 'tmp'])('writes nothing once %s has become a link', name => {
    const folder = path.join(store.paths.folder, name)
    rmSync(folder, { recursive: true })
    mkdirSync(path.join(scratch, 'elsewhere'))
    symlinkSync(path.join(scratch, 'elsewhere'), folder)
    expect(store.newPack()).toMatchObject({ ok: false, code: 'store-format' })
    expect(store.commit([{ ...emptyDraft(), session: sessionA }], null, () => true)).toMatchObject([
      { kind: 'failed', code: 'store-format' },
    ])
    expect(readdirSync(path.join(scratch, 'elsewhere'))).toEqual([])
  })
})

function emptyDraft() {
  const other = openTestStore(path.join(scratch, 'other'))
  const opened = other.newPack()
  return draftOf(other, opened.ok ? opened.pack : expect.fail('refused'), {})
}

describe('a disk', () => {
  it('with less free than is to be kept free is not written to, and that is said', () => {
    const memory = createMemoryFiles()
    memory.setCapacity(1_000_000)
    const ports = { ...realPorts, files: memory }
    const careful = openStore(ports, '/store', { minimumFreeShare: 0.5 })
    const opened = careful.ok ? careful.store : expect.fail('refused')
    expect(opened.newPack()).toMatchObject({ ok: true })
    const filler = memory.open('/filler', 'create')
    filler.append(Buffer.alloc(600_000))
    filler.close()
    const said = { code: 'disk-full', message: expect.stringContaining('40.0 %'), remedy: expect.any(String) }
    expect(opened.newPack()).toEqual({ ok: false, ...said })
    expect(opened.commit([emptyDraft()], null, () => true)).toEqual([{ kind: 'failed', sessionId: sessionA, ...said }])
    expect([...memory.list('/store/tmp'), ...memory.list('/store/checkpoints')]).toEqual([])
  })

  it.each(['EIO', 'ENOSPC', 'EACCES'])(
    'that fails any one operation with %s gives a failure or a good checkpoint, and the next one works',
    code => {
      const total = operationsOfNext()
      const results = Array.from({ length: total }, (_, n) => {
        const { memory, opened, first, next } = inMemory()
        memory.failAt(n + 1, code)
        const { kind } = attempt(opened, next)
        memory.heal()
        expectSound(memory, first, kind === 'committed')
        return kind
      })
      expect(new Set(results)).toEqual(new Set(['refused', 'failed', 'committed']))
    },
  )

  it.each(['EIO', 'ENOSPC'])('that stays broken from any operation on (%s) loses nothing once it is mended', code => {
    const total = operationsOfNext()
    const results = Array.from({ length: total }, (_, n) => {
      const { memory, opened, first, next } = inMemory()
      memory.failFrom(n + 1, code)
      const { kind } = attempt(opened, next)
      memory.heal()
      expectSound(memory, first, kind === 'committed')
      return kind
    })
    // `committed` only where nothing but the second name is missing, which no checkpoint rests on.
    const committed = results.indexOf('committed')
    expect(new Set(results.slice(0, committed))).toEqual(new Set(['refused', 'failed']))
    expect(new Set(results.slice(committed))).toEqual(new Set(['committed']))
    expect(committed).toBeGreaterThan(total - 6)
  })

  it.each([1, 2, 3])(
    'that loses power at any moment keeps what was reported, and shows nothing half (seed %i)',
    seed => {
      const total = operationsOfNext()
      const results = Array.from({ length: total + 1 }, (_, n) => {
        const { memory, first, next } = inMemory()
        const process = memory.another()
        process.dieAt(n + 1 + openingOperations(memory))
        const kind = dyingAttempt(process, next)
        memory.powerCut(seed * 1_000 + n)
        expectSound(memory, first, kind === 'committed')
        return kind
      })
      expect(results.slice(0, -1)).toContain('died')
      expect(results.at(-1)).toBe('committed')
    },
  )

  it('that loses power would lose committed checkpoints if folders were not synced, so these tests can fail', () => {
    const kept = Array.from({ length: 20 }, (_, seed) => {
      const { memory, next } = inMemory()
      const lazy = openTestStore('/store', { ...realPorts, files: { ...memory, syncFolder: () => {} } })
      expect(tryCheckpoint(lazy, next)).toMatchObject({ kind: 'committed' })
      memory.powerCut(seed)
      const newest = openTestStore('/store', { ...realPorts, files: memory }).newest(sessionA)
      return newest.ok && newest.highestSeq === 2
    })
    expect(new Set(kept)).toEqual(new Set([true, false]))
  })

  it('that is a full tmpfs gives disk-full, leaves no temporary file, and works again after space is freed', ctx => {
    const reason = mountSmallDisk(path.join(scratch, 'small'))
    ctx.skip(reason !== null, `no small disk can be mounted here: ${reason}`)
    const small = openTestStore(path.join(scratch, 'small/store'))
    const first = checkpoint(small, { streams: [transcript()] })
    writeFileSync(path.join(scratch, 'small/filler'), Buffer.alloc(1_000_000))
    const grown = Buffer.from(seededRandom(2).hex(5_000_000), 'hex')
    const stream = writeTranscript(path.join(scratch, 'grown.bin'), grown, 'tool-results/grown.bin')
    expect(() => tryCheckpoint(small, { older: first, streams: [stream] })).toThrow('ENOSPC')
    expect(readdirSync(small.paths.temporary)).toEqual([])
    expect(readdirSync(small.paths.packs)).toHaveLength(1)
    rmSync(path.join(scratch, 'small/filler'))
    const second = checkpoint(small, { older: first, streams: [stream] })
    expect(streamBytes(small, second, 'tool-results/grown.bin').equals(grown)).toBe(true)
    expect(small.verifyRecord(first, { readData: true })).toEqual([])
  })
})

/** The same as opening costs a new process: its death is counted from there. */
function openingOperations(memory: MemoryFiles): number {
  const view = memory.another()
  openTestStore('/store', { ...realPorts, files: view })
  return view.operations()
}

function dyingAttempt(process: MemoryFiles, next: TestCheckpoint) {
  const store = openTestStore('/store', { ...realPorts, files: process })
  return attempt(store, next).kind
}

/** Mounts 3 MB; null if that worked, else why it did not. */
function mountSmallDisk(folder: string): string | null {
  try {
    mkdirSync(folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'pipe' })
    mounted.push(folder)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

describe('a store after all that', () => {
  it('has nothing to find for verify when nothing was done to it', async () => {
    const record = checkpoint(store, { streams: [transcript()] })
    checkpoint(store, { older: record, streams: [transcript(lines + more)] })
    const report = await verifyStore(store, realPorts.clock, { readData: true })
    expect(report).toMatchObject({ complete: true, findings: [], sessions: 1, checkpoints: 2, packs: 2 })
  })
})
