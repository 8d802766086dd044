import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import type { TreeManifest } from '../../shared/core/work-tree.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import { createGit } from '../../shared/engine/git-command.ts'
import { encodeRecord } from '../../shared/engine/record-file.ts'
import { type RestoreOptions, type RestoreProgress, restoreSide } from '../../shared/engine/restore-side.ts'
import { createSnapshotter } from '../../shared/engine/work-tree-snapshot.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'
import { seededRandom } from '../support/random.ts'
import { gitEnv, hasGit, git as runGit } from '../support/repositories.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import {
  checkpoint,
  draftOf,
  manifestOf,
  openTestStore,
  realPorts,
  recordPath,
  sessionA,
  sha256,
  type TestFile,
  transcriptLines,
  treeRecordOf,
  writeTranscript,
} from '../support/stores.ts'

const lines = transcriptLines(seededRandom(31), 30_000)
const agentLines = transcriptLines(seededRandom(32), 3_000)
const noise = Buffer.from(seededRandom(33).hex(20_000), 'hex')

let scratch: string
let store: CheckpointStore
let target: string
beforeEach(() => {
  scratch = makeScratchFolder('restore')
  store = openTestStore(path.join(scratch, 'store'))
  target = path.join(scratch, 'restored')
})
afterEach(() => removeScratchFolder(scratch))

const git = createGit(realPorts.commands, process.env)
const noGit = createGit({ ...realPorts.commands, which: () => null }, {})

const restore = (record: CheckpointRecord, options: RestoreOptions = {}, to = target) =>
  restoreSide({ ports: realPorts, git, store }, record, to, options)

/** A checkpoint with transcript, sub-agent and these files. */
function save(files: readonly TestFile[], more: Partial<TreeManifest> = {}): CheckpointRecord {
  const agent = path.join(scratch, 'agent-1f.jsonl')
  return checkpoint(store, {
    streams: [
      writeTranscript(path.join(scratch, 'main.jsonl'), lines),
      writeTranscript(agent, agentLines, 'subagents/agent-1f.jsonl'),
    ],
    tree: (sink, table) => treeRecordOf(sink, table, manifestOf(sink, files, more)),
  })
}

/** Every file below `top`, by the bytes of its path: mode and content, or where a link points. */
function contentsOf(top: string): Readonly<Record<string, string>> {
  const visit = (folder: Buffer, below: string): (readonly [string, string])[] =>
    readdirSync(folder, { encoding: 'buffer' }).flatMap(name => {
      const at = Buffer.concat([folder, Buffer.from('/'), name])
      const key = below + name.toString('latin1')
      const stat = lstatSync(at)
      const mode = (stat.mode & 0o777).toString(8)
      if (stat.isDirectory()) return visit(at, `${key}/`)
      return [[key, stat.isSymbolicLink() ? `-> ${readlinkSync(at)}` : `${mode} ${sha256(readFileSync(at))}`] as const]
    })
  return Object.fromEntries(visit(Buffer.from(top), ''))
}

const text = (content: string | Uint8Array, mode = '644') => `${mode} ${sha256(content)}`

describe('restoreSide', () => {
  it('gives back files, links, modes, transcripts and brief, and says what it did', async () => {
    const record = save(
      [
        { path: 'src/a.ts', content: 'changed\n' },
        { path: 'run.sh', content: '#!/bin/sh\n', mode: 0o755 },
        { path: 'bin/noise', content: noise, mode: 0o600 },
        { path: 'to-folder', content: 'src', kind: 'link' },
        { path: 'deep/dangling', content: '../nowhere', kind: 'link' },
        { path: 'ünïcode/名前 with space\nand line', content: '' },
        { path: { b64: Buffer.from([0x66, 0xff, 0xfe]).toString('base64') }, content: 'not UTF-8' },
      ],
      { gone: ['deleted.ts'], skipped: [{ path: 'huge', reason: 'too-large', detail: '3 GB' }] },
    )
    const restored = await restore(record)
    expect(contentsOf(path.join(target, 'files'))).toEqual({
      'src/a.ts': text('changed\n'),
      'run.sh': text('#!/bin/sh\n', '755'),
      'bin/noise': text(noise, '600'),
      'to-folder': '-> src',
      'deep/dangling': '-> ../nowhere',
      [Buffer.from('ünïcode/名前 with space\nand line').toString('latin1')]: text(''),
      'f\xff\xfe': text('not UTF-8'),
    })
    const transcript = contentsOf(path.join(target, 'transcript'))
    expect(transcript).toEqual({
      [`${sessionA}.jsonl`]: text(lines, '600'),
      [`${sessionA}/subagents/agent-1f.jsonl`]: text(agentLines, '600'),
    })
    expect(readFileSync(path.join(target, 'BRIEF.md'), 'utf8')).toBe(record.brief)
    const report = JSON.parse(readFileSync(path.join(target, 'RESTORED.json'), 'utf8'))
    expect(restored).toEqual({ ok: true, report })
    expect(report).toMatchObject({
      v: 1,
      state: 'complete',
      checkpoint: `${sessionA}/1`,
      files: 5,
      links: 2,
      bytes: 8 + 10 + noise.length + 9,
      heads: [{ path: '.', commit: null, kind: 'not-needed' }],
      leftOut: [{ path: 'huge', reason: 'too-large: 3 GB' }],
      gone: ['deleted.ts'],
    })
    expect(report.streams.map((stream: { file: string }) => stream.file)).toEqual([
      `transcript/${sessionA}.jsonl`,
      `transcript/${sessionA}/subagents/agent-1f.jsonl`,
    ])
    expect(lstatSync(target).mode & 0o777).toBe(0o700)
    expect(readdirSync(store.paths.temporary)).toEqual([])
  })

  it('takes an empty folder too', async () => {
    mkdirSync(target)
    expect(await restore(save([]))).toMatchObject({ ok: true })
  })

  it('gives content that was only in the index a folder of its own', async () => {
    const record = checkpoint(store, {
      tree: (sink, table) => {
        const content = Buffer.from('half of the change')
        const place = sink.add(content, sha256(content))
        const staged = [{ path: 'a.ts', mode: 0o100755, bytes: content.length, sha256: sha256(content), place }]
        return treeRecordOf(sink, table, manifestOf(sink, [{ path: 'a.ts', content: 'all of it' }], { staged }))
      },
    })
    expect(await restore(record)).toMatchObject({ ok: true })
    expect(contentsOf(path.join(target, 'staged'))).toEqual({ 'a.ts': text('half of the change', '755') })
    expect(contentsOf(path.join(target, 'files'))).toEqual({ 'a.ts': text('all of it') })
  })

  it.each([
    ['files', ['BRIEF.md', 'RESTORED.json', 'files']],
    ['transcript', ['BRIEF.md', 'RESTORED.json', 'transcript']],
    ['whole', ['BRIEF.md', 'RESTORED.json', 'files', 'transcript']],
  ] as const)('restores the part called %s, even if the other one is lost', async (parts, expected) => {
    const transcriptOnly = checkpoint(store, { streams: [writeTranscript(path.join(scratch, 'm.jsonl'), lines)] })
    const record = checkpoint(store, {
      older: transcriptOnly,
      streams: [writeTranscript(path.join(scratch, 'm.jsonl'), lines)],
      tree: (sink, table) => treeRecordOf(sink, table, manifestOf(sink, [{ path: 'a', content: 'a' }])),
    })
    const lost = { files: record.packs[0], transcript: record.packs[1], whole: 'none' }[parts]
    rmSync(path.join(store.paths.packs, `${lost}.pack`), { force: true })
    expect(await restore(record, { parts })).toMatchObject({ ok: true, report: { state: 'complete' } })
    expect(readdirSync(target).sort()).toEqual(expected)
  })

  it('tells how far it is, and stops when it is told to, leaving a report that says incomplete', async () => {
    const record = save([
      { path: 'a', content: 'a' },
      { path: 'b', content: 'b' },
    ])
    const seen: RestoreProgress[] = []
    expect(await restore(record, { onProgress: progress => seen.push(progress) })).toMatchObject({ ok: true })
    expect(seen).toEqual([
      { what: 'transcript', done: 1, total: 2 },
      { what: 'transcript', done: 2, total: 2 },
      { what: 'files', done: 1, total: 2 },
      { what: 'files', done: 2, total: 2 },
    ])
    const other = path.join(scratch, 'other')
    const stopped = await restore(record, { signal: AbortSignal.abort() }, other)
    expect(stopped).toMatchObject({ ok: false, code: 'stopped', remedy: expect.stringContaining(other) })
    expect(JSON.parse(readFileSync(path.join(other, 'RESTORED.json'), 'utf8'))).toMatchObject({ state: 'incomplete' })
  })
})

describe('restoreSide refuses', () => {
  const nothingWritten = () => expect(existsSync(target)).toBe(false)

  it.each<[string, () => void]>([
    ['a folder with anything in it', () => mkdirSync(path.join(target, 'x'), { recursive: true })],
    ['a file', () => writeFileSync(target, 'theirs')],
    ['a link, even to an empty folder', () => symlinkSync(scratch, target)],
    ['a dangling link', () => symlinkSync('/nowhere', target)],
  ])('%s as its target', async (_title, make) => {
    const record = save([])
    make()
    expect(await restore(record)).toMatchObject({ ok: false, code: 'target-taken' })
  })

  it('a target inside the store, by whatever way', async () => {
    const record = save([])
    symlinkSync(store.paths.folder, path.join(scratch, 'way'))
    const targets = [path.join(store.paths.folder, 'out'), path.join(scratch, 'way/tmp/deep/out')]
    const results = await Promise.all(targets.map(to => restore(record, {}, to)))
    expect(results).toMatchObject(targets.map(() => ({ ok: false, code: 'target-taken' })))
  })

  it.each<[string, (record: CheckpointRecord) => void]>([
    ['a missing pack', record => rmSync(path.join(store.paths.packs, `${record.packs[0]}.pack`))],
    ['a truncated pack', record => truncateSync(path.join(store.paths.packs, `${record.packs[0]}.pack`), 3_000)],
    ['a pack that is a link', record => linkPack(record)],
  ])('a checkpoint with %s, and writes nothing', async (_title, spoil) => {
    const record = save([{ path: 'a', content: noise }])
    spoil(record)
    const restored = await restore(record)
    expect(restored).toMatchObject({
      ok: false,
      code: 'damaged',
      findings: expect.arrayContaining([expect.anything()]),
    })
    nothingWritten()
  })

  function linkPack(record: CheckpointRecord): void {
    const file = path.join(store.paths.packs, `${record.packs[0]}.pack`)
    renameSync(file, path.join(scratch, 'pack'))
    symlinkSync(path.join(scratch, 'pack'), file)
  }

  it('a pack with any one byte changed, or restores it right: never wrong bytes (40 bytes, seed 12)', async () => {
    const random = seededRandom(12)
    const files = [{ path: 'a', content: noise }]
    const record = save(files)
    await restore(record)
    const good = contentsOf(target)
    const pack = path.join(store.paths.packs, `${record.packs[0]}.pack`)
    const bytes = readFileSync(pack)
    const wrong: number[] = []
    for (let n = 0; n < 40; n++) {
      const at = random.int(0, bytes.length - 1)
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << random.int(0, 7))
      writeFileSync(pack, changed)
      const to = path.join(scratch, `out-${n}`)
      const restored = await restore(record, {}, to)
      const same =
        restored.ok && Object.keys(good).every(name => name.endsWith('.json') || contentsOf(to)[name] === good[name])
      wrong.push(...(same || (!restored.ok && !existsSync(to)) ? [] : [at]))
    }
    expect(wrong).toEqual([])
  })

  it.each<[string, readonly TestFile[]]>([
    ['climbs out', [{ path: '../escaped', content: 'x' }]],
    ['climbs out from below', [{ path: 'a/../../escaped', content: 'x' }]],
    ['is absolute', [{ path: '/tmp/escaped', content: 'x' }]],
    ['is in .git', [{ path: '.GIT/hooks/post-checkout', content: 'x' }]],
    [
      'goes through a link of the same checkpoint',
      [
        { path: 'way', content: '..', kind: 'link' },
        { path: 'way/escaped', content: 'x' },
      ],
    ],
  ])('a manifest in which a name %s, although all sums are right', async (_title, files) => {
    const record = save(files)
    expect(store.verifyRecord(record, { readData: true })).toEqual([])
    expect(await restore(record)).toMatchObject({ ok: false, code: 'unsafe-name' })
    nothingWritten()
    expect(existsSync(path.join(scratch, 'escaped'))).toBe(false)
  })

  it('a record with a forged stream name, on disk and in memory, although its sum is right', async () => {
    const record = save([])
    const streams = record.streams.map(stream => ({ ...stream, name: '../../escaped' }))
    const forged = encodeRecord({ ...record, streams, sum: undefined })
    expect(await restore(forged.record)).toMatchObject({ ok: false, code: 'unsafe-name' })
    expect(await restore({ ...record, session: '../escaped' })).toMatchObject({ ok: false, code: 'unsafe-name' })
    writeFileSync(recordPath(store, 1), forged.bytes)
    expect(store.read(sessionA, 1)).toMatchObject({ ok: false, problem: { kind: 'damaged' } })
    nothingWritten()
  })

  it('to go on when the disk is full, and says so', async () => {
    const record = save([{ path: 'a', content: noise }])
    const memory = createMemoryFiles()
    memory.setCapacity(5_000)
    const isTarget = (at: unknown) => String(at).startsWith(target)
    // The store is read from the real disk; the target lies on the small one.
    const files = {
      ...realPorts.files,
      open: (...[at, mode]: Parameters<typeof memory.open>) => (isTarget(at) ? memory : realPorts.files).open(at, mode),
      lstat: (at: Parameters<typeof memory.lstat>[0]) => (isTarget(at) ? memory : realPorts.files).lstat(at),
      makeFolder: (at: Parameters<typeof memory.makeFolder>[0]) => memory.makeFolder(at),
    }
    const parts = { ports: { ...realPorts, files }, git, store }
    expect(await restoreSide(parts, record, target)).toMatchObject({ ok: false, code: 'disk-full' })
  })
})

describe.skipIf(!hasGit())('restoreSide with a repository (needs git)', () => {
  let root: string
  beforeEach(() => {
    root = path.join(scratch, 'project')
    mkdirSync(path.join(root, 'src'), { recursive: true })
    runGit(root, 'init', '-q')
    writeFileSync(path.join(root, 'src/clean.ts'), 'clean\n')
    writeFileSync(path.join(root, 'changed.ts'), 'before\n')
    writeFileSync(path.join(root, 'deleted.ts'), 'deleted\n')
    writeFileSync(path.join(root, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 })
    writeFileSync(path.join(root, '.gitattributes'), '*.ts eol=crlf ident filter=evil\n')
    symlinkSync('src/clean.ts', path.join(root, 'link'))
    commit()
  })

  function commit(): string {
    runGit(root, 'add', '-A')
    runGit(root, 'commit', '-q', '-m', 'state')
    return runGit(root, 'rev-parse', 'HEAD').trim()
  }

  const headOf = () => runGit(root, 'rev-parse', 'HEAD').trim()
  const saveWith = (head: string, more: Partial<TreeManifest> = {}) =>
    save([{ path: 'changed.ts', content: 'after\n' }], {
      root,
      head,
      base: 'not-pinned',
      gone: ['deleted.ts'],
      ...more,
    })
  const whole = {
    '.gitattributes': text('*.ts eol=crlf ident filter=evil\n'),
    'changed.ts': text('after\n'),
    'src/clean.ts': text('clean\n'),
    'run.sh': text('#!/bin/sh\n', '755'),
    link: '-> src/clean.ts',
  }
  const files = () => contentsOf(path.join(target, 'files'))

  it('completes the folder from HEAD, as git keeps the bytes, and touches nothing of the repository', async () => {
    const record = saveWith(headOf())
    const before = contentsOf(root)
    const restored = await restore(record)
    expect(files()).toEqual(whole)
    expect(restored).toMatchObject({
      ok: true,
      report: { heads: [{ path: '.', kind: 'taken', files: 6 }], files: 4, links: 1 },
    })
    expect(contentsOf(root)).toEqual(before)
    expect(readdirSync(store.paths.temporary)).toEqual([])
  })

  it('runs nothing that the repository names', async () => {
    const canary = path.join(scratch, 'canary')
    for (const key of ['filter.evil.smudge', 'filter.evil.process', 'core.fsmonitor', 'core.sshCommand']) {
      runGit(root, 'config', key, `touch ${canary}`)
    }
    runGit(root, 'config', 'filter.evil.required', 'true')
    const restored = await restore(saveWith(headOf()))
    const asKept = [{ path: 'src/clean.ts', reason: expect.stringContaining('the filter "evil"') }]
    expect(restored).toMatchObject({ ok: true, report: { heads: [{ kind: 'taken' }], asKept } })
    const { 'src/clean.ts': filtered, ...rest } = whole
    expect(files()).toEqual(rest)
    expect(contentsOf(path.join(target, 'as-in-git'))).toEqual({ 'src/clean.ts': filtered })
    expect(existsSync(canary)).toBe(false)
  })

  it('puts all of HEAD apart when the attributes of its files cannot be told', async () => {
    const skipped = [{ path: '.gitattributes', reason: 'too-large' as const, detail: '40 MB' }]
    const restored = await restore(saveWith(headOf(), { skipped }))
    const reason = expect.stringContaining('its attributes cannot be told')
    const asKept = ['run.sh', 'src/clean.ts'].map(name => ({ path: name, reason }))
    expect(restored).toMatchObject({ ok: true, report: { asKept } })
    expect(files()).toEqual({ 'changed.ts': whole['changed.ts'], link: whole.link })
  })

  it('says that only recorded files were restored when the repository or git is gone', async () => {
    const record = saveWith(headOf())
    expect(await restoreSide({ ports: realPorts, git: noGit, store }, record, target)).toMatchObject({
      ok: true,
      report: { heads: [{ kind: 'left-out', note: expect.stringContaining('git was not found') }] },
    })
    expect(files()).toEqual({ 'changed.ts': text('after\n') })
    rmSync(root, { recursive: true })
    const other = path.join(scratch, 'other')
    expect(await restore(record, {}, other)).toMatchObject({
      ok: true,
      report: { heads: [{ kind: 'left-out', note: expect.stringContaining('only recorded files') }] },
    })
  })

  it('says which files of HEAD git has lost, and restores the others', async () => {
    const record = saveWith(headOf())
    const blob = runGit(root, 'rev-parse', 'HEAD:src/clean.ts').trim()
    rmSync(path.join(root, '.git/objects', blob.slice(0, 2), blob.slice(2)))
    const restored = await restore(record)
    const leftOut = [{ path: 'src/clean.ts', reason: expect.stringContaining(blob) }]
    expect(restored).toMatchObject({ ok: true, report: { heads: [{ kind: 'taken' }], leftOut } })
    const { 'src/clean.ts': _lost, ...rest } = whole
    expect(files()).toEqual(rest)
  })

  it('takes nothing from HEAD where everything was recorded', async () => {
    const restored = await restore(saveWith(headOf(), { degraded: 'git-failed' }))
    expect(restored).toMatchObject({ ok: true, report: { heads: [{ kind: 'not-needed' }] } })
    expect(files()).toEqual({ 'changed.ts': text('after\n') })
  })

  it('never hands git a commit that is not a name', async () => {
    const restored = await restore(saveWith('--output=/tmp/escaped'))
    expect(restored).toMatchObject({
      ok: true,
      report: { heads: [{ kind: 'left-out', note: expect.stringContaining('not the name of a commit') }] },
    })
  })

  it('takes no object for a file of HEAD that has not the hash of its name', async () => {
    const record = saveWith(headOf())
    const objectFile = (revision: string) => {
      const name = runGit(root, 'rev-parse', revision).trim()
      return path.join(root, '.git/objects', name.slice(0, 2), name.slice(2))
    }
    rmSync(objectFile('HEAD:src/clean.ts'))
    copyFileSync(objectFile('HEAD:changed.ts'), objectFile('HEAD:src/clean.ts'))
    const restored = await restore(record)
    const leftOut = [{ path: 'src/clean.ts', reason: expect.stringContaining('could not read object') }]
    expect(restored).toMatchObject({ ok: true, report: { heads: [{ kind: 'taken' }], leftOut } })
    expect(files()).not.toHaveProperty(['src/clean.ts'])
  })

  it('brings back unpushed commits from their pins, one on the other, when the repository has lost them', async () => {
    const base = headOf()
    writeFileSync(path.join(root, 'src/clean.ts'), 'second\n')
    const second = commit()
    writeFileSync(path.join(root, 'src/third.ts'), 'third\n')
    const third = commit()
    const packs = [
      [second, base],
      [third, second],
    ].map(([want, have]) => thinPack(`${want}\n^${have}\n`))
    const record = checkpoint(store, {
      tree: (sink, table) => {
        const pins = packs.map(pack => ({
          place: sink.add(pack, sha256(pack)),
          sha256: sha256(pack),
          bytes: pack.length,
        }))
        const [earlier, last] = pins.map((pin, at) => ({ ...pin, commits: [at === 0 ? second : third] }))
        const basePin = earlier && last ? { ...last, earlier: [earlier] } : null
        return treeRecordOf(sink, table, manifestOf(sink, [], { root, head: third, base: 'pinned', basePin }))
      },
    })
    runGit(root, 'reset', '-q', '--hard', base)
    runGit(root, 'reflog', 'expire', '--expire=now', '--all')
    runGit(root, 'gc', '-q', '--prune=now')
    const before = contentsOf(root)
    const restored = await restore(record)
    expect(restored).toMatchObject({ ok: true, report: { heads: [{ kind: 'taken', commit: third }], leftOut: [] } })
    // No index vouches for their line ends any more, so they get those that git would write.
    expect(files()).toMatchObject({ 'src/clean.ts': text('second\r\n'), 'src/third.ts': text('third\r\n') })
    expect(contentsOf(root)).toEqual(before)
    expect(store.verifyRecord(record, { readData: true })).toEqual([])
  })

  function thinPack(revisions: string): Buffer {
    const args = ['pack-objects', '--revs', '--thin', '--stdout', '-q']
    return execFileSync('git', args, { cwd: root, env: gitEnv(scratch), input: revisions })
  }

  it('restores nested repositories, each from its own HEAD', async () => {
    const inner = path.join(root, 'vendor/lib')
    mkdirSync(inner, { recursive: true })
    runGit(inner, 'init', '-q')
    writeFileSync(path.join(inner, 'lib.c'), 'int x;\n')
    runGit(inner, 'add', '-A')
    runGit(inner, 'commit', '-q', '-m', 'lib')
    const innerHead = runGit(inner, 'rev-parse', 'HEAD').trim()
    const record = checkpoint(store, {
      tree: (sink, table) => {
        const nested = manifestOf(sink, [{ path: 'new.c', content: 'int y;\n' }], {
          head: innerHead,
          base: 'not-pinned',
        })
        const outer = {
          root,
          head: headOf(),
          base: 'not-pinned' as const,
          nested: [{ path: 'vendor/lib', manifest: nested }],
        }
        return treeRecordOf(sink, table, manifestOf(sink, [{ path: 'changed.ts', content: 'after\n' }], outer))
      },
    })
    const restored = await restore(record)
    expect(restored).toMatchObject({
      ok: true,
      report: {
        heads: [
          { path: '.', kind: 'taken' },
          { path: 'vendor/lib', kind: 'taken' },
        ],
      },
    })
    expect(files()).toMatchObject({
      ...whole,
      'vendor/lib/lib.c': text('int x;\n'),
      'vendor/lib/new.c': text('int y;\n'),
    })
  })

  it('works in a repository of SHA-256 objects', async () => {
    rmSync(path.join(root, '.git'), { recursive: true })
    runGit(root, 'init', '-q', '--object-format=sha256')
    expect(await restore(saveWith(commit()))).toMatchObject({ ok: true, report: { heads: [{ kind: 'taken' }] } })
    expect(files()).toEqual(whole)
  })

  /** A checkpoint of the work tree as it is now, by the snapshotter itself. */
  async function saveWorkTree(): Promise<CheckpointRecord> {
    const snapshotter = createSnapshotter(realPorts, { gitFolder: path.join(scratch, 'git'), home: scratch })
    const opened = store.newPack()
    const pack = opened.ok ? opened.pack : expect.fail(opened.message)
    const taken = await snapshotter.capture(root, null, pack)
    const manifest = taken.ok ? taken.manifest : expect.fail(taken.message)
    const draft = draftOf(store, pack, { tree: (sink, table) => treeRecordOf(sink, table, manifest) })
    const finish = pack.finish()
    const [commit] = store.commit([draft], finish.ok ? finish.pack : null, () => true)
    return commit?.kind === 'committed' ? commit.record : expect.fail(JSON.stringify(commit))
  }

  /** What lies in a work tree, its repositories left out. */
  const workTree = (top: string) =>
    Object.fromEntries(Object.entries(contentsOf(top)).filter(([name]) => !/(^|\/)\.git\//.test(name)))

  it('gives back a whole work tree that the snapshotter took, even after the clone is deleted', async () => {
    const lib = path.join(root, 'lib')
    mkdirSync(lib)
    runGit(lib, 'init', '-q')
    writeFileSync(path.join(lib, 'a.c'), 'int a;\n')
    runGit(lib, 'add', '-A')
    runGit(lib, 'commit', '-q', '-m', 'lib')
    writeFileSync(path.join(lib, 'a.c'), 'int b;\n')
    rmSync(path.join(root, 'deleted.ts'))
    rmSync(path.join(root, 'run.sh'))
    mkdirSync(path.join(root, 'run.sh'))
    writeFileSync(path.join(root, 'run.sh/now-a-folder'), noise, { mode: 0o755 })
    writeFileSync(path.join(root, 'changed.ts'), 'after\r\n')
    writeFileSync(path.join(root, 'new name\n\u00fc'), '')
    symlinkSync('/nowhere', path.join(root, 'src/dangling'))
    const before = workTree(root)
    const record = await saveWorkTree()
    expect(await restore(record)).toMatchObject({ ok: true, report: { state: 'complete', leftOut: [] } })
    expect(files()).toEqual(before)
    rmSync(root, { recursive: true })
    const again = path.join(scratch, 'again')
    const asKept = [{ path: 'src/clean.ts', reason: expect.stringContaining('the line ends that git would write') }]
    expect(await restore(record, {}, again)).toMatchObject({ ok: true, report: { leftOut: [], asKept } })
    expect(contentsOf(path.join(again, 'files'))).toEqual({ ...before, 'src/clean.ts': text('clean\r\n') })
  })
})
