/**
 * Histories of edits, checkpoints, restores, crashes, power cuts and undos over a project in memory, each step
 * checked against a model of the tree: a map from path to content. What a history does is decided by its seed.
 */
import path from 'node:path'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import type { RestoreRules } from '../../shared/core/restore.ts'
import type { TreeFile, TreeManifest } from '../../shared/core/work-tree.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import { createGit } from '../../shared/engine/git-command.ts'
import { type PlannedPath, planInPlace, type TreeNow } from '../../shared/engine/in-place-plan.ts'
import { createKnownContent } from '../../shared/engine/known-content.ts'
import { openTree, partOfTree } from '../../shared/engine/restorable-tree.ts'
import { createInPlaceRestorer, type InPlaceDone } from '../../shared/engine/restore-in-place.ts'
import { openJournals } from '../../shared/engine/restore-journal.ts'
import { createTimeSlice } from '../../shared/engine/time-slice.ts'
import { createMemoryFiles, type MemoryFiles } from './memory-file-system.ts'
import { type Random, seededRandom } from './random.ts'
import { checkpoint, manifestOf, openTestStore, realPorts, sessionA, sha256, treeRecordOf } from './stores.ts'

const root = '/project'
const data = '/data'
const noGit = createGit({ ...realPorts.commands, which: () => null }, {})

/** `kind mode content` by path below the project, and each folder as `folder`. */
export type Tree = ReadonlyMap<string, string>

export interface HistoryCounts {
  edits: number
  checkpoints: number
  restores: number
  crashes: number
  powerCuts: number
  resumes: number
  undos: number
}

export interface HistoryResult {
  readonly counts: HistoryCounts
  /** What was not as promised, in words. */
  readonly failures: readonly string[]
}

interface History {
  readonly random: Random
  readonly memory: MemoryFiles
  readonly store: CheckpointStore
  readonly records: { readonly record: CheckpointRecord; readonly tree: Tree }[]
  readonly counts: HistoryCounts
  readonly failures: string[]
  /** Restores that are complete and not undone, with the tree before and after. */
  last: { readonly id: string; readonly before: Tree; readonly after: Tree } | null
}

const names = ['a', 'b.bin', 'run.sh', 'src/a', 'src/b', 'src/deep/c', 'docs/x', 'docs/y', 'lib/m/n/o', '.gitignore']
/** Never in a checkpoint. */
const ignored = ['node_modules/p/index.js', '.venv/bin/python', 'huge.iso']

/** @param steps of the history */
export async function runHistory(seed: number, steps: number): Promise<HistoryResult> {
  const memory = createMemoryFiles()
  memory.makeFolder(root)
  const ports = { ...realPorts, files: memory }
  const store = openTestStore(`${data}/store`, ports)
  const counts = { edits: 0, checkpoints: 0, restores: 0, crashes: 0, powerCuts: 0, resumes: 0, undos: 0 }
  const history: History = {
    random: seededRandom(seed),
    memory,
    store,
    records: [],
    counts,
    failures: [],
    last: null,
  }
  for (const name of ignored) write(history, name, 0o644, Buffer.from(`kept out ${name}`))
  for (let n = 0; n < 4; n++) edit(history)
  takeCheckpoint(history)
  for (let step = 0; step < steps && history.failures.length === 0; step++) await act(history)
  return { counts, failures: history.failures }
}

async function act(history: History): Promise<void> {
  const { random } = history
  const choice = random.next()
  if (choice < 0.35) return edit(history)
  if (choice < 0.5) return takeCheckpoint(history)
  if (choice < 0.6 && history.last !== null) return undoLast(history)
  return restore(history)
}

/** Also the other way: folders become files, a file's mode changes, half of the tree goes. */
function edit(history: History): void {
  const { random, memory, counts } = history
  counts.edits++
  const name = random.pick(names)
  const what = random.next()
  if (what < 0.2) removeQuietly(memory, name)
  else if (what < 0.25) for (const one of names.slice(0, 5)) removeQuietly(memory, one)
  else if (what < 0.35) writeLink(history, name)
  else write(history, name, random.pick([0o644, 0o755, 0o600, 0o444]), contentOf(random))
}

function contentOf(random: Random): Buffer {
  return random.chance(0.2) ? Buffer.from(random.hex(64), 'hex') : Buffer.from(`version ${random.int(1, 6)}\n`)
}

function write({ memory }: History, name: string, mode: number, content: Buffer): void {
  removeQuietly(memory, name)
  const at = path.posix.join(root, name)
  memory.makeFolder(path.posix.dirname(at))
  const file = memory.open(at, 'create')
  file.append(content)
  file.sync()
  file.close()
  memory.chmod(at, mode)
  syncUp(memory, at)
}

function writeLink({ memory, random }: History, name: string): void {
  removeQuietly(memory, name)
  const at = path.posix.join(root, name)
  memory.makeFolder(path.posix.dirname(at))
  memory.symlink(random.pick(['a', '../elsewhere', '/etc']), at)
  syncUp(memory, at)
}

function syncUp(memory: MemoryFiles, at: string): void {
  for (let folder = path.posix.dirname(at); folder !== '/'; folder = path.posix.dirname(folder))
    memory.syncFolder(folder)
  memory.syncFolder('/')
}

function removeQuietly(memory: MemoryFiles, name: string): void {
  const at = path.posix.join(root, name)
  try {
    memory.unlink(at)
    syncUp(memory, at)
  } catch {
    // It was not there.
  }
}

/** Everything below the project. */
export function treeOf(memory: MemoryFiles): Tree {
  const found = new Map<string, string>()
  const visit = (folder: string, below: string) => {
    for (const name of [...memory.list(folder)].sort()) {
      const at = `${folder}/${name}`
      const key = below === '' ? name : `${below}/${name}`
      const stat = memory.lstat(at)
      if (stat.kind === 'folder') {
        found.set(key, 'folder')
        visit(at, key)
      } else found.set(key, stat.kind === 'link' ? `link 777 ${memory.readLink(at)}` : fileWords(memory, at, stat))
    }
  }
  visit(root, '')
  return found
}

function fileWords(memory: MemoryFiles, at: string, { mode, size }: { readonly mode: number; readonly size: number }) {
  const file = memory.open(at, 'read')
  const content = Buffer.alloc(size)
  file.read(content, 0)
  file.close()
  return `file ${(mode & 0o777).toString(8)} ${content.toString('latin1')}`
}

function filesOf(
  tree: Tree,
): readonly (readonly [name: string, kind: 'file' | 'link', mode: number, content: Buffer])[] {
  return [...tree].flatMap(([name, words]) => {
    const [, kind, mode, content] = /^(file|link) (\d+) (.*)$/s.exec(words) ?? []
    if (kind === undefined || mode === undefined || content === undefined) return []
    const encoding = kind === 'link' ? 'utf8' : 'latin1'
    return [[name, kind as 'file' | 'link', Number.parseInt(mode, 8), Buffer.from(content, encoding)] as const]
  })
}

const isRecorded = (name: string) => !ignored.includes(name)

function takeCheckpoint(history: History): void {
  const { memory, store, records, counts } = history
  counts.checkpoints++
  const tree = treeOf(memory)
  const files = filesOf(tree).filter(([name]) => isRecorded(name))
  const record = checkpoint(store, {
    files: memory,
    tree: (sink, table) => {
      const manifest = manifestOf(
        sink,
        files.map(([name, kind, mode, content]) => ({ path: name, kind, mode, content })),
        { root },
      )
      return treeRecordOf(sink, table, manifest)
    },
    session: sessionA,
  })
  records.push({ record, tree: new Map(files.map(([name]) => [name, tree.get(name) ?? ''])) })
}

/** As a survey would find it. */
function treeNow(memory: MemoryFiles): TreeNow {
  const files = filesOf(treeOf(memory)).filter(([name]) => isRecorded(name))
  const listed = files.map(([name, kind, mode, content]): TreeFile => {
    const hash = sha256(content)
    // Half of them unsure, so that they are read.
    const torn = content.length % 2 === 0
    return { path: name, kind, mode, bytes: content.length, sha256: hash, place: null, statKey: '', status: '??', torn }
  })
  const empty = {
    head: null,
    branch: null,
    state: 'clean',
    base: 'no-git',
    basePin: null,
    staged: [],
    gone: [],
  } as const
  const manifest: TreeManifest = {
    v: 1,
    root,
    ...empty,
    staged: [],
    gone: [],
    files: listed,
    skipped: [],
    fingerprint: sha256(''),
    degraded: null,
    packs: [],
    nested: [],
  }
  return { ok: true, manifest, head: [] }
}

async function planOf(
  history: History,
  record: CheckpointRecord,
  rules: RestoreRules,
  paths: readonly string[] | null,
) {
  const { memory: files, store } = history
  const reader = store.packReader()
  const opened = await openTree({ files, git: noGit, reader, record, scratch: `${data}/scratch` })
  if (!opened.ok) throw new Error(JSON.stringify(opened))
  const part = partOfTree(opened.tree, paths)
  if (!part.ok) return null
  const slice = createTimeSlice(realPorts.clock)
  const known = createKnownContent({ store, reader, slice, root, head: null, objectsOf: async () => [] })
  const now = treeNow(files)
  const planned = await planInPlace({ files, root, tree: part.tree, now, known, rules, paths, step: async () => true })
  if (planned === null) throw new Error('nobody stopped it')
  return { reader, tree: part.tree, planned }
}

/** The tree as the plan promises it. */
function promised(before: Tree, saved: Tree, planned: readonly PlannedPath[]): Tree {
  const after = new Map(before)
  for (const { shown, willWrite } of planned) {
    if (!willWrite) continue
    after.set(shown, saved.get(shown) ?? 'nothing')
    for (let cut = shown.lastIndexOf('/'); cut > 0; cut = shown.lastIndexOf('/', cut - 1)) {
      after.set(shown.slice(0, cut), 'folder')
    }
  }
  return after
}

async function restore(history: History): Promise<void> {
  const { random, memory, records, counts } = history
  counts.restores++
  const { record, tree: saved } = random.pick(records)
  const rules: RestoreRules = {
    conflicts: random.chance(0.7) ? 'replace' : 'keep',
    deleted: random.chance(0.8) ? 'restore' : 'keep',
  }
  const paths = random.chance(0.7) ? null : [random.pick(['src', 'a', 'docs/x', 'lib'])]
  const before = treeOf(memory)
  const plan = await planOf(history, record, rules, paths)
  if (plan === null) return
  checkPlan(history, before, saved, plan.planned, rules, paths)
  const after = promised(before, saved, plan.planned)
  const work = { record, root, paths: plan.planned, tree: plan.tree, transcript: null, safety: null }
  const source = { reader: plan.reader, record, trees: [] }
  if (random.chance(0.5)) return restoreWithCrash(history, work, source, { before, after })
  const done = await restorerOn(memory).apply(work, source)
  plan.reader.close()
  expectSame(history, 'after a restore', treeOf(memory), after)
  expectDone(history, done)
  if (done.ok) history.last = { id: done.journal.id, before, after }
}

function restorerOn(files: MemoryFiles) {
  const ports = { ...realPorts, files }
  return createInPlaceRestorer(ports, openJournals(ports, `${data}/restores`))
}

type Work = Parameters<ReturnType<typeof createInPlaceRestorer>['apply']>[0]
type Source = Parameters<ReturnType<typeof createInPlaceRestorer>['apply']>[1]

/** The process dies at some operation, the power perhaps with it; then somebody resumes or undoes. */
async function restoreWithCrash(
  history: History,
  work: Work,
  source: Source,
  { before, after }: { readonly before: Tree; readonly after: Tree },
): Promise<void> {
  const { random, memory, counts } = history
  const ports = { ...realPorts, files: memory }
  // A power cut may take back the last word of an earlier one, which was over for all who looked.
  const earlier = new Set(
    openJournals(ports, `${data}/restores`)
      .list()
      .map(({ id }) => id),
  )
  const dying = memory.another()
  dying.dieAt(random.int(1, 30 + 45 * work.paths.filter(({ willWrite }) => willWrite).length))
  const ended = await restorerOn(dying)
    .apply(work, source)
    .then(
      done => done,
      () => null,
    )
  source.reader.close()
  if (ended !== null) {
    expectSame(history, 'after a restore that outlived its end', treeOf(memory), after)
    if (ended.ok) history.last = { id: ended.journal.id, before, after }
    return
  }
  counts.crashes++
  if (random.chance(0.4)) {
    counts.powerCuts++
    memory.powerCut(random.int(1, 1_000_000))
  }
  history.last = null
  expectOldOrNew(history, treeOf(memory), before, after)
  const [journal] = openJournals(ports, `${data}/restores`)
    .list()
    .filter(({ id, phase }) => !earlier.has(id) && phase !== 'complete' && phase !== 'incomplete')
  if (!journal) return expectEither(history, 'after a crash without a journal', treeOf(memory), before, after)
  const meddled = random.chance(0.3) ? meddle(history) : null
  const expected = (tree: Tree) =>
    meddled === null ? tree : new Map(tree).set(meddled, treeOf(memory).get(meddled) ?? '')
  if (random.chance(0.5)) {
    counts.resumes++
    const wasCommitting = journal.phase === 'committing'
    await restorerOn(memory).resume(journal.id)
    expectSame(history, `after resuming (${journal.phase})`, treeOf(memory), expected(wasCommitting ? after : before))
  } else {
    counts.undos++
    await restorerOn(memory).undo(journal.id, 'keep')
    expectSame(history, `after undoing what was cut short (${journal.phase})`, treeOf(memory), expected(before))
  }
}

/** Somebody edits a file that is there while the restore lies half done. */
function meddle(history: History): string | null {
  const { memory, random } = history
  const there = filesOf(treeOf(memory)).filter(
    ([name, kind]) => isRecorded(name) && kind === 'file' && names.includes(name),
  )
  const picked = there.length === 0 ? null : random.pick(there)[0]
  if (picked !== null) write(history, picked, 0o644, Buffer.from(`meddled ${random.hex(8)}`))
  return picked
}

async function undoLast(history: History): Promise<void> {
  const { memory, counts, last } = history
  if (last === null) return
  counts.undos++
  const now = treeOf(memory)
  const expected = new Map(now)
  for (const name of new Set([...last.before.keys(), ...last.after.keys()])) {
    const [before, after] = [last.before.get(name), last.after.get(name)]
    if (before === after || now.get(name) !== after || before === 'folder' || after === 'folder') continue
    if (before === undefined) expected.delete(name)
    else expected.set(name, before)
  }
  const done = await restorerOn(memory).undo(last.id, 'keep')
  history.last = null
  expectDone(history, done)
  expectSame(history, 'after an undo', withoutFolders(treeOf(memory)), withoutFolders(expected))
  // Nothing came between: then it is as it was to the last folder.
  const untouched = [...last.after].every(([name, words]) => now.get(name) === words) && now.size === last.after.size
  if (untouched) expectSame(history, 'after an undo at once', treeOf(memory), last.before)
}

function withoutFolders(tree: Tree): Tree {
  return new Map([...tree].filter(([, words]) => words !== 'folder'))
}

/** Every recorded path has an answer, what is not recorded is only ever left, and each answer is the right one. */
function checkPlan(
  history: History,
  before: Tree,
  saved: Tree,
  planned: readonly PlannedPath[],
  rules: RestoreRules,
  paths: readonly string[] | null,
): void {
  const isWanted = (name: string) => paths === null || paths.some(one => name === one || name.startsWith(`${one}/`))
  const answered = new Set(planned.map(({ shown }) => shown))
  for (const name of saved.keys()) if (isWanted(name) && !answered.has(name)) fail(history, `no answer for ${name}`)
  const known = new Set(history.records.flatMap(({ tree }) => [...tree.values()]).map(contentIn))
  for (const { shown, action, willWrite } of planned) {
    const [old, wanted] = [before.get(shown), saved.get(shown)]
    const right = expectedAction(before, shown, old, wanted, known)
    if (right !== action) fail(history, `${shown} is planned as ${action}, not ${right}`)
    const mayWrite = { conflict: rules.conflicts === 'replace', create: rules.deleted === 'restore', overwrite: true }
    const writes = action in mayWrite && mayWrite[action as keyof typeof mayWrite]
    if (willWrite !== writes) fail(history, `${shown} (${action}) is ${willWrite ? '' : 'not '}to be written`)
  }
}

/** Without the mode. */
function contentIn(words: string): string {
  return words.replace(/^(file|link) \d+ /, '')
}

function expectedAction(
  before: Tree,
  name: string,
  old: string | undefined,
  wanted: string | undefined,
  known: Set<string>,
) {
  if (wanted === undefined) return 'leave'
  const parents = name
    .split('/')
    .slice(0, -1)
    .map((_, at, all) => all.slice(0, at + 1).join('/'))
  if (old === 'folder' || parents.some(one => !['folder', undefined].includes(before.get(one)))) return 'blocked'
  if (old === undefined) return 'create'
  if (old === wanted) return 'same'
  return known.has(contentIn(old)) ? 'overwrite' : 'conflict'
}

function expectDone(history: History, done: InPlaceDone): void {
  if (!done.ok) fail(history, `refused: ${done.code} ${done.message}`)
}

function expectSame(history: History, when: string, is: Tree, should: Tree): void {
  for (const name of new Set([...is.keys(), ...should.keys()])) {
    if (is.get(name) !== should.get(name)) {
      fail(history, `${when} ${name} is ${JSON.stringify(is.get(name))}, not ${JSON.stringify(should.get(name))}`)
    }
  }
}

function expectEither(history: History, when: string, is: Tree, one: Tree, other: Tree): void {
  const same = (tree: Tree) => [...is].every(([name, words]) => tree.get(name) === words) && is.size === tree.size
  if (!same(one) && !same(other)) expectSame(history, when, is, one)
}

/** Temporary files and new folders may be there as well. */
function expectOldOrNew(history: History, is: Tree, before: Tree, after: Tree): void {
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const now = is.get(name)
    if (now !== before.get(name) && now !== after.get(name)) {
      fail(history, `after a crash ${name} is ${JSON.stringify(now)}, neither old nor new`)
    }
  }
}

function fail({ failures }: History, message: string): void {
  failures.push(message)
}
