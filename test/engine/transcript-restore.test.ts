/** Transcripts that the real Claude Code wrote, saved, lost and given back. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import type { LiveState } from '../../shared/core/session.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import { noForms } from '../../shared/engine/head-forms.ts'
import type { RestorableTree } from '../../shared/engine/restorable-tree.ts'
import { createInPlaceRestorer } from '../../shared/engine/restore-in-place.ts'
import { openJournals } from '../../shared/engine/restore-journal.ts'
import { createTimeSlice } from '../../shared/engine/time-slice.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { planTranscript } from '../../shared/engine/transcript-restore.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { checkpoint, openTestStore, realPorts } from '../support/stores.ts'

const fixture = path.join(import.meta.dirname, '../fixtures/claude-code/config-dir')
const ids = (await createDetector(realPorts, { roots: [fixture] }).refresh()).map(({ facts }) => facts.sessionId).sort()
const noTree: RestorableTree = {
  ...{ root: null, levels: [], entries: [], staged: [], leftOut: [], gone: [], trees: [], heads: [], forms: noForms },
}
const ended: LiveState = { status: 'ended', waitingFor: null, pid: null, sinceMs: null, note: null }

let scratch: string
let root: string
let store: CheckpointStore
beforeEach(() => {
  scratch = makeScratchFolder('transcripts')
  root = path.join(scratch, 'claude')
  fs.cpSync(fixture, root, { recursive: true })
  store = openTestStore(path.join(scratch, 'store'))
})
afterEach(() => removeScratchFolder(scratch))

async function save(sessionId: string): Promise<CheckpointRecord> {
  const found = await createDetector(realPorts, { roots: [root] }).refresh()
  const session = found.find(({ facts }) => facts.sessionId === sessionId)
  return checkpoint(store, {
    session: sessionId,
    streams: session?.streams ?? [],
    more: { cwd: session?.facts.cwd ?? null },
  })
}

async function plan(record: CheckpointRecord, live: LiveState | null = ended, roots = [root]) {
  const reader = store.packReader()
  const slice = createTimeSlice(realPorts.clock)
  const planned = await planTranscript({ files: realPorts.files, reader, record, roots, live, slice })
  reader.close()
  if (!planned.ok) throw new Error(planned.message)
  return planned.work
}

async function restore(record: CheckpointRecord, live: LiveState | null = ended, roots = [root]) {
  const transcript = await plan(record, live, roots)
  const reader = store.packReader()
  const restorer = createInPlaceRestorer(realPorts, openJournals(realPorts, path.join(scratch, 'restores')))
  const work = { record, root: null, paths: [], tree: noTree, transcript, safety: null }
  const done = await restorer.apply(work, { reader, record, trees: [] })
  reader.close()
  if (!done.ok) throw new Error(done.message)
  expect(done.failures).toEqual([])
  return { plan: transcript.plan, undo: () => restorer.undo(done.journal.id, 'keep') }
}

/** Bytes by path, of one session alone. */
function filesOf(top: string, sessionId: string): Readonly<Record<string, string>> {
  const names = fs.readdirSync(path.join(top, 'projects'), { recursive: true, withFileTypes: true })
  const files = names.filter(each => each.isFile()).map(each => path.join(each.parentPath, each.name))
  const own = files.filter(at => at.includes(sessionId))
  return Object.fromEntries(own.map(at => [path.relative(top, at), fs.readFileSync(at, 'latin1')]))
}

function lose(sessionId: string): void {
  for (const name of Object.keys(filesOf(root, sessionId))) fs.rmSync(path.join(root, name))
}

/** Lines as values; any other file as one text. */
function recordsOf(name: string, content: string): readonly unknown[] {
  return name.endsWith('.jsonl') ? lines(content).map(line => JSON.parse(line) as unknown) : [content]
}

/** What a fork may change of a record: the id that it calls its own. */
function forked(record: unknown, from: string, to: string): unknown {
  const own = typeof record === 'object' && record !== null && 'sessionId' in record && record.sessionId === from
  return own ? { ...record, sessionId: to } : record
}

const lines = (text: string) => text.split('\n').filter(line => line !== '')

describe.each(ids)('session %s', sessionId => {
  it('comes back byte for byte, with everything that belongs to it, where it was', async () => {
    const before = filesOf(fixture, sessionId)
    const record = await save(sessionId)
    lose(sessionId)
    const done = await restore(record)
    expect(filesOf(root, sessionId)).toEqual(before)
    expect(done.plan).toMatchObject({ action: 'create', sessionId })
    expect(done.plan.next.command).toMatch(new RegExp(`^cd .+ && claude --resume ${sessionId}$`))
    expect((await plan(record)).plan).toMatchObject({ action: 'same', writes: { files: 0, bytes: 0 } })
  })

  it('becomes a fork that differs in its ids alone when the conversation went on', async () => {
    const record = await save(sessionId)
    const main = Object.keys(filesOf(root, sessionId)).find(name => name.endsWith(`${sessionId}.jsonl`)) ?? ''
    fs.appendFileSync(path.join(root, main), `${JSON.stringify({ type: 'mode', mode: 'normal', sessionId })}\n`)
    const now = filesOf(root, sessionId)
    const { plan: made } = await restore(record)
    expect(made.action).toBe('fork')
    expect(filesOf(root, sessionId)).toEqual(now)
    const copies = filesOf(root, made.sessionId)
    const before = filesOf(fixture, sessionId)
    expect(Object.keys(copies)).toEqual(Object.keys(before).map(name => name.replaceAll(sessionId, made.sessionId)))
    for (const [name, content] of Object.entries(before)) {
      const copy = copies[name.replaceAll(sessionId, made.sessionId)] ?? ''
      expect(copy.length).toBe(content.length)
      expect(recordsOf(name, copy)).toEqual(
        recordsOf(name, content).map(each => forked(each, sessionId, made.sessionId)),
      )
    }
    const again = await plan(record)
    expect(again.plan).toMatchObject({ action: 'same', sessionId: made.sessionId })
  })
})

const [first = ''] = ids

describe('planTranscript', () => {
  it.each(['busy', 'waiting', 'idle', 'shell', 'unknown'] as const)(
    'never writes where a session is %s, and says so',
    async status => {
      const record = await save(first)
      lose(first)
      const { plan: made } = await plan(record, { ...ended, status })
      expect(made).toMatchObject({ action: 'fork', why: expect.stringContaining('The session is open') })
    },
  )

  it('gives a file that is only the beginning its rest', async () => {
    const before = filesOf(fixture, first)
    const record = await save(first)
    const main = record.streams.find(({ name }) => name === 'main')?.path ?? ''
    const text = fs.readFileSync(main)
    fs.writeFileSync(main, text.subarray(0, text.indexOf(0x0a) + 1))
    const { plan: made, undo } = await restore(record)
    expect(made.action).toBe('extend')
    expect(filesOf(root, first)).toEqual(before)
    await undo()
    expect(fs.readFileSync(main)).toEqual(text.subarray(0, text.indexOf(0x0a) + 1))
  })

  it('follows a session that was moved to another folder since', async () => {
    const record = await save(first)
    const main = record.streams.find(({ name }) => name === 'main')?.path ?? ''
    const moved = path.join(root, 'projects', '-somewhere-else', path.basename(main))
    fs.mkdirSync(path.dirname(moved))
    fs.renameSync(main, moved)
    expect((await plan(record)).plan).toMatchObject({ action: 'same', file: moved })
  })

  it('makes the folder by the name that Claude Code gives it where the old place is none of its', async () => {
    const record = await save(first)
    const other = path.join(scratch, 'other')
    fs.mkdirSync(path.join(other, 'projects'), { recursive: true })
    const { plan: made } = await restore(record, ended, [other])
    const cwd = (
      JSON.parse(lines(fs.readFileSync(made.file, 'utf8')).find(line => line.includes('"cwd"')) ?? '') as {
        cwd: string
      }
    ).cwd
    expect(path.basename(path.dirname(made.file))).toBe(cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'))
    expect(fs.statSync(made.file).mode & 0o777).toBe(0o600)
  })

  it('makes another fork once somebody has gone on with the first', async () => {
    const record = await save(first)
    const main = record.streams.find(({ name }) => name === 'main')?.path ?? ''
    fs.appendFileSync(main, '{"type":"mode"}\n')
    const one = await restore(record)
    fs.appendFileSync(one.plan.file, '{"type":"mode"}\n')
    const other = await restore(record)
    expect(other.plan.action).toBe('fork')
    expect(other.plan.sessionId).not.toBe(one.plan.sessionId)
  })
})
