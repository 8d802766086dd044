import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import { exportCheckpoint } from '../../shared/engine/export-checkpoint.ts'
import { bestFrameFormat } from '../../shared/engine/frame.ts'
import { createGit } from '../../shared/engine/git-command.ts'
import { importCheckpoint } from '../../shared/engine/import-checkpoint.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import {
  checkpoint,
  manifestOf,
  openTestStore,
  realPorts,
  sessionA,
  streamBytes,
  type TestFile,
  transcriptLines,
  treeRecordOf,
  writeTranscript,
} from '../support/stores.ts'

const lines = transcriptLines(seededRandom(51), 60_000)
const noise = Buffer.from(seededRandom(52).hex(50_000), 'hex')
const git = createGit(realPorts.commands, {})
const tree: readonly TestFile[] = [
  { path: 'src/a.ts', content: 'one\n' },
  { path: 'run.sh', content: '#!/bin/sh\n', mode: 0o755 },
  { path: 'picture.png', content: noise },
  { path: 'empty', content: '' },
  { path: 'link', content: 'src/a.ts', kind: 'link' },
  { path: 'line\nend and \\', content: 'odd\n' },
  { path: { b64: Buffer.from([0x66, 0xff]).toString('base64') }, content: 'not UTF-8' },
]

/** Programs of the system that check without us. */
const canCheck = ['tar', 'zstd', 'sha256sum'].every(name => realPorts.commands.which(name) !== null)

let scratch: string
let store: CheckpointStore
let archive: string
beforeEach(() => {
  scratch = makeScratchFolder('export')
  store = openTestStore(path.join(scratch, 'store'))
  archive = path.join(scratch, 'kept.tar.zst')
})
afterEach(() => removeScratchFolder(scratch))

function save(): CheckpointRecord {
  return checkpoint(store, {
    streams: [writeTranscript(path.join(scratch, 'main.jsonl'), lines)],
    tree: (sink, table) => treeRecordOf(sink, table, manifestOf(sink, tree, { gone: ['deleted.ts'] })),
  })
}

const exportIt = (record: CheckpointRecord) => exportCheckpoint({ ports: realPorts, git, store }, record, archive)

describe.skipIf(bestFrameFormat() !== 'zstd')('an exported checkpoint (needs a Node with zstd)', () => {
  it('comes back on another machine as the same content, at the place of the project there', async () => {
    const record = save()
    expect(await exportIt(record)).toMatchObject({ ok: true, files: 8, notes: [] })
    const elsewhere = openTestStore(path.join(scratch, 'other-store'))
    const done = await importCheckpoint(realPorts, elsewhere, archive, { root: '/somewhere/else' })
    expect(done).toMatchObject({ ok: true, checkpoint: `${sessionA}/1`, files: 8, notes: [] })
    const read = elsewhere.read(sessionA, 1)
    const imported = read.ok ? read.record : record
    expect(elsewhere.verifyRecord(imported, { readData: true })).toEqual([])
    expect(streamBytes(elsewhere, imported)).toEqual(Buffer.from(lines))
    const manifest = elsewhere.readManifest(imported)
    const before = store.readManifest(record)
    const facts = (one: typeof manifest) =>
      one.ok &&
      one.manifest?.files.map(({ path: name, kind, mode, sha256 }) => [name, kind, mode & 0o777, sha256]).sort()
    expect(facts(manifest)).toEqual(facts(before))
    expect(imported).toMatchObject({ title: record.title, tree: { root: '/somewhere/else' }, brief: record.brief })
  })

  it.skipIf(!canCheck)('is read and checked by tar and sha256sum alone (needs tar, zstd and sha256sum)', async () => {
    const record = save()
    await exportIt(record)
    execFileSync('tar', ['--zstd', '-xf', archive, '-C', scratch])
    const top = path.join(scratch, `${sessionA}-1`)
    execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: top })
    expect(fs.readFileSync(path.join(top, 'files/picture.png'))).toEqual(noise)
    expect(fs.readFileSync(path.join(top, 'files/line\nend and \\'), 'utf8')).toBe('odd\n')
    expect(fs.readlinkSync(path.join(top, 'files/link'))).toBe('src/a.ts')
    expect(fs.readFileSync(path.join(top, `transcript/${sessionA}.jsonl`), 'utf8')).toBe(lines)
  })

  it('is not written over a file that is there', async () => {
    fs.writeFileSync(archive, 'mine')
    expect(await exportIt(save())).toMatchObject({ ok: false, code: 'target-taken' })
    expect(fs.readFileSync(archive, 'utf8')).toBe('mine')
  })

  it('leaves nothing behind when the checkpoint is damaged', async () => {
    const record = save()
    for (const pack of fs.readdirSync(store.paths.packs)) fs.truncateSync(path.join(store.paths.packs, pack), 100)
    expect(await exportIt(record)).toMatchObject({ ok: false, code: 'damaged' })
    expect(fs.existsSync(archive)).toBe(false)
  })

  it.each([
    ['garbage', () => fs.writeFileSync(archive, 'no archive')],
    ['half of it', () => fs.truncateSync(archive, fs.statSync(archive).size >> 1)],
    ['nothing', () => fs.truncateSync(archive, 0)],
    [
      'a byte that was turned',
      () => {
        const bytes = fs.readFileSync(archive)
        bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0xff, bytes.length >> 1)
        fs.writeFileSync(archive, bytes)
      },
    ],
  ])('is refused when it is %s, and nothing is imported', async (_title, damage) => {
    await exportIt(save())
    damage()
    const elsewhere = openTestStore(path.join(scratch, 'other-store'))
    expect(await importCheckpoint(realPorts, elsewhere, archive)).toMatchObject({ ok: false, code: 'damaged' })
    expect(elsewhere.numbers(sessionA)).toMatchObject({ seqs: [] })
    expect(fs.readdirSync(elsewhere.paths.packs)).toEqual([])
  })
})
