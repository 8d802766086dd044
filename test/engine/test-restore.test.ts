import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import { createGit } from '../../shared/engine/git-command.ts'
import type { FileSystem, Ports } from '../../shared/engine/ports.ts'
import { nextToProve, testRestore } from '../../shared/engine/test-restore.ts'
import { idOf } from '../support/core-values.ts'
import { seededRandom } from '../support/random.ts'
import { gitEnv } from '../support/repositories.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import {
  checkpoint,
  manifestOf,
  openTestStore,
  realPorts,
  sha256,
  transcriptLines,
  treeRecordOf,
  writeTranscript,
} from '../support/stores.ts'

let scratch: string
let store: CheckpointStore
let record: CheckpointRecord
let folder: string
beforeEach(() => {
  scratch = makeScratchFolder('proof')
  store = openTestStore(path.join(scratch, 'data', 'store'))
  folder = path.join(scratch, 'data', 'test-restores')
  const repository = path.join(scratch, 'shop')
  mkdirSync(repository)
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: repository, env: gitEnv(repository), encoding: 'utf8' }).trim()
  git('init', '-q', '-b', 'main')
  writeFileSync(path.join(repository, 'clean.txt'), 'of HEAD\n')
  git('add', '.')
  git('commit', '-q', '-m', 'Begin')
  const head = git('rev-parse', 'HEAD')
  const files = [
    { path: 'src/a.ts', content: 'changed\n' },
    { path: 'run.sh', content: '#!/bin/sh\n', mode: 0o755 },
    { path: { b64: Buffer.from([0x66, 0xff]).toString('base64') }, content: 'no UTF-8\n' },
    { path: 'link', content: 'src/a.ts', kind: 'link' as const },
  ]
  const streams = [writeTranscript(path.join(scratch, 'main.jsonl'), transcriptLines(seededRandom(4), 9_000))]
  record = checkpoint(store, {
    streams,
    tree: (sink, table) => {
      const index = Buffer.from('only staged\n')
      const staged = [
        { path: 'run.sh', mode: 0o100755, bytes: 12, sha256: sha256(index), place: sink.add(index, sha256(index)) },
      ]
      const manifest = manifestOf(sink, files, { root: repository, head, staged })
      return treeRecordOf(sink, table, manifest)
    },
  })
})
afterEach(() => removeScratchFolder(scratch))

/** Through a disk on which something goes wrong. */
const restore = (spoilt: Partial<FileSystem> = {}, signal?: AbortSignal) => {
  const ports: Ports = { ...realPorts, files: { ...realPorts.files, ...spoilt } }
  const git = createGit(ports.commands, process.env)
  return testRestore({ ports, git, store: openTestStore(store.paths.folder, ports) }, record, folder, signal)
}

describe('a test restore', () => {
  it('gives everything back, compares it, and leaves nothing behind', async () => {
    expect(await restore()).toMatchObject({ kind: 'proven', files: 5 })
    expect(readdirSync(folder)).toEqual([])
  })

  it('fails for one changed bit in a pack, in words', async () => {
    const pack = path.join(store.paths.packs, `${record.packs[0]}.pack`)
    const bytes = readFileSync(pack)
    bytes[20] = (bytes[20] ?? 0) ^ 4
    writeFileSync(pack, bytes)
    expect(await restore()).toEqual({ kind: 'failed', message: expect.stringContaining('damaged') })
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['a file', 'a.ts', 'src/a.ts came back with other bytes'],
    ['the transcript', `${'0a000000-0000-4000-8000-00000000000a'}.jsonl`, 'Stream main came back with other bytes'],
  ])('fails when the disk does not keep the bytes of %s', async (_title, name, message) => {
    const open: FileSystem['open'] = (at, mode) => {
      const file = realPorts.files.open(at, mode)
      const isTarget = mode === 'read' && String(at).startsWith(folder) && path.basename(String(at)) === name
      return isTarget ? { ...file, read: (into, position) => spoil(into, file.read(into, position)) } : file
    }
    expect(await restore({ open })).toEqual({ kind: 'failed', message })
    expect(readdirSync(folder)).toEqual([])
  })

  it('fails when the disk does not keep permissions that were saved', async () => {
    const lstat: FileSystem['lstat'] = at => {
      const stat = realPorts.files.lstat(at)
      return String(at).endsWith('run.sh') ? { ...stat, mode: 0o644 } : stat
    }
    expect(await restore({ lstat })).toEqual({ kind: 'failed', message: 'run.sh came back with other permissions' })
  })

  it('does not ask for permissions where the disk keeps none', async () => {
    const lstat: FileSystem['lstat'] = at => ({ ...realPorts.files.lstat(at), mode: 0o777 })
    expect(await restore({ lstat })).toMatchObject({ kind: 'proven' })
  })

  it('is not done, and no verdict, when there is no room or the disk refuses', async () => {
    const full = () => ({ freeBytes: 1_000, totalBytes: 1_000_000, kind: 'local' as const })
    expect(await restore({ diskSpace: full })).toMatchObject({
      kind: 'not-done',
      message: expect.stringContaining('free'),
    })
    const refuse = () => {
      throw Object.assign(new Error('EROFS: no'), { code: 'EROFS' })
    }
    expect(await restore({ makeFolder: refuse })).toMatchObject({ kind: 'not-done' })
  })
})

function spoil(into: Uint8Array, read: number): number {
  into[0] = (into[0] ?? 0) ^ 1
  return read
}

describe('nextToProve', () => {
  const sessions = Array.from({ length: 50 }, (_, n) => idOf(n))
  const round = (count: number, seed: string, all = sessions) => {
    const seen: string[] = []
    for (let cursor = '', n = 0; n < count; n++) {
      const next = nextToProve(all, cursor, seed)
      cursor = next?.cursor ?? ''
      seen.push(next?.sessionId ?? 'nobody')
    }
    return seen
  }

  it('takes each session once before any comes again', () => {
    expect(new Set(round(50, 'one'))).toEqual(new Set(sessions))
    expect(round(100, 'one').slice(50)).toEqual(round(50, 'one'))
  })

  it('goes another way with another seed, and is not the order of ids', () => {
    expect(round(50, 'one')).not.toEqual(round(50, 'two'))
    expect(round(50, 'one')).not.toEqual(sessions)
  })

  it('has nobody when there is nobody', () => {
    expect(nextToProve([], '', 'one')).toBeNull()
  })
})
