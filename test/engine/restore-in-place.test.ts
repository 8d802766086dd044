/** What may come between a plan and its deed, and between a crash and what follows: the invariants of restore-in-place. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import { createGit } from '../../shared/engine/git-command.ts'
import { createInPlaceRestorer, type InPlaceDone, type InPlaceOptions } from '../../shared/engine/restore-in-place.ts'
import { type JournalStore, openJournals } from '../../shared/engine/restore-journal.ts'
import { type OpenPlan, withPlan } from '../../shared/engine/restore-planner.ts'
import { createSnapshotter } from '../../shared/engine/work-tree-snapshot.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { describeWithGit } from '../support/snapshot-world.ts'
import { checkpoint, manifestOf, openTestStore, realPorts, sessionA, treeRecordOf } from '../support/stores.ts'

let scratch: string
let root: string
let outside: string
let store: CheckpointStore
let journals: JournalStore
let record: CheckpointRecord
beforeEach(() => {
  scratch = makeScratchFolder('in-place')
  root = path.join(scratch, 'project')
  outside = path.join(scratch, 'outside')
  for (const folder of [root, outside]) fs.mkdirSync(folder)
  store = openTestStore(path.join(scratch, 'store'))
  journals = openJournals(realPorts, path.join(scratch, 'restores'))
  const files = ['a.txt', 'src/b.txt', 'src/deep/c.txt'].map(name => ({ path: name, content: `saved ${name}\n` }))
  record = checkpoint(store, { tree: (sink, table) => treeRecordOf(sink, table, manifestOf(sink, files, { root })) })
})
afterEach(() => removeScratchFolder(scratch))

const at = (name: string) => path.join(root, name)
const read = (name: string) => fs.readFileSync(at(name), 'utf8')
const restorer = () => createInPlaceRestorer(realPorts, journals)

/** Plans, lets `between` happen, and does it. */
async function restore(between: () => void = () => {}, options: InPlaceOptions = {}): Promise<InPlaceDone> {
  const environment = { PATH: process.env['PATH'] }
  const snapshotter = createSnapshotter(realPorts, { gitFolder: path.join(scratch, 'git'), home: scratch, environment })
  const git = createGit(realPorts.commands, environment)
  const parts = { ports: realPorts, git, store, snapshotter, roots: [], sessions: () => [] }
  const request = {
    checkpoint: `${sessionA}/1`,
    selection: { what: 'files' },
    target: { kind: 'in-place' },
    rules: { conflicts: 'replace', deleted: 'restore' },
  } as const
  const doIt = async ({ work, source }: OpenPlan): Promise<InPlaceDone> => {
    between()
    return work === null ? expect.fail('no work') : restorer().apply({ ...work, safety: null }, source, options)
  }
  return withPlan(parts, record, request, doIt)
}

/** @throws {Error} unless it went through */
function idOf(done: InPlaceDone): string {
  return done.ok ? done.journal.id : expect.fail(done.message)
}

describeWithGit('a restore in place', () => {
  it('makes nothing beyond a folder that has become a link since the plan (5)', async () => {
    const done = await restore(() => fs.symlinkSync(outside, at('src')))
    expect(done).toMatchObject({ ok: false, code: 'changed-since-plan', message: 'src is a link' })
    expect(fs.readdirSync(outside)).toEqual([])
    expect(fs.readdirSync(root)).toEqual(['src'])
    expect(journals.list()).toEqual([])
  })

  it('says what it left, when it takes back what somebody else has written over since (4)', async () => {
    const id = idOf(await restore())
    fs.writeFileSync(at('a.txt'), 'mine\n')
    const undone = await restorer().undo(id, 'replace')
    expect(undone).toMatchObject({
      ok: true,
      failures: [{ path: 'a.txt', reason: 'somebody else wrote it where nothing was, so it was left' }],
    })
    expect([read('a.txt'), fs.existsSync(at('src'))]).toEqual(['mine\n', false])
  })

  it('does nothing more when one that is complete is resumed (3)', async () => {
    const id = idOf(await restore())
    fs.rmSync(at('a.txt'))
    expect(await restorer().resume(id)).toMatchObject({ ok: true, written: { files: 3 }, failures: [] })
    expect(fs.existsSync(at('a.txt'))).toBe(false)
    expect(journals.read(id)?.phase).toBe('complete')
  })

  it('is not in the way of others when a crash came while it was being forgotten', async () => {
    const id = idOf(await restore())
    const folder = path.join(journals.folder, id)
    const files = { ...realPorts.files }
    let left = 1
    const dying = {
      ...files,
      unlink: (file: string | Buffer) => {
        if (left-- === 0) throw new Error('the process died')
        files.unlink(file)
      },
    }
    const journal = journals.read(id) ?? expect.fail('no journal')
    journals.save({ ...journal, phase: 'preparing' })
    const crashing = openJournals({ ...realPorts, files: dying }, journals.folder)
    expect(() => crashing.forget(id)).toThrow('the process died')
    expect(fs.existsSync(folder)).toBe(true)
    expect(journals.list()).toEqual([])
  })

  it('tells how to go on when it is stopped half-way, and goes on (6)', async () => {
    const stop = new AbortController()
    const onProgress = ({ what }: { readonly what: string }) => what === 'writing' && stop.abort()
    const done = await restore(() => {}, { signal: stop.signal, onProgress })
    const [journal] = journals.list()
    const id = journal?.id ?? ''
    expect(done).toMatchObject({
      ok: false,
      code: 'stopped',
      remedy: `Finish it with \`session-monitor undo --resume ${id}\`, or take it back with \`session-monitor undo ${id}\`.`,
    })
    expect([read('a.txt'), fs.existsSync(at('src/b.txt'))]).toEqual(['saved a.txt\n', false])
    expect(await restorer().resume(id)).toMatchObject({ ok: true, written: { files: 3 } })
    expect(read('src/deep/c.txt')).toBe('saved src/deep/c.txt\n')
  })
})
