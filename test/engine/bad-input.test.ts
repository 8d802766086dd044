/** What a user's disk may hold or do, each with a clear word about it, and the sessions beside it unharmed. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { verifyStore } from '../../shared/engine/verify-store.ts'
import { idOf } from '../support/core-values.ts'
import { createFiller } from '../support/filler.ts'
import { type MonitorWorld, makeMonitorWorld, promptLine } from '../support/monitor-world.ts'
import { seededRandom } from '../support/random.ts'
import { makeRepository } from '../support/repositories.ts'
import { hashTree } from '../support/tree-hash.ts'

const good = idOf(1)
const odd = idOf(2)

describe('the monitor', () => {
  let world: MonitorWorld
  let cwd: string

  beforeEach(() => {
    world = makeMonitorWorld('bad-input')
    const random = seededRandom('bad input')
    cwd = makeRepository(path.join(world.folder, 'repo'), random, createFiller(random)).root
    world.writeSession(good, cwd)
  })
  afterEach(() => world.remove())

  /** One cycle; returns what the page would show. */
  const check = async (change: Parameters<MonitorWorld['started']>[0] = {}) => {
    const monitor = await world.started(change)
    const summary = await monitor.runCycle({})
    const state = await monitor.getState({})
    await monitor.stop()
    const view = (id: string) => state.sessions.find(session => session.sessionId === id)
    return { summary, state, good: view(good), odd: view(odd) }
  }

  it.each([
    ['a torn last line', '{"type":"user","mess', { lines: 1, damagedLines: 0 }],
    ['a line of NULs', `${'\0'.repeat(4096)}\n`, { lines: 2, damagedLines: 1 }],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x80, 0x0a]), { lines: 2, damagedLines: 1 }],
    ['half a line, then whole ones', `"x"}}\n${promptLine(odd, '/nowhere')}`, { lines: 3, damagedLines: 1 }],
    ['a record type of the future', '{"type":"hologram","sessionId":7}\n', { lines: 2, damagedLines: 0 }],
    ['a line of 15 MB', `{"type":"assistant","x":"${'y'.repeat(15_000_000)}"}\n`, { lines: 2, damagedLines: 0 }],
  ])('saves a session with %s as it is, and counts what it could not read', async (_title, extra, counts) => {
    const file = world.writeSession(odd, cwd, extra)
    const { summary, odd: view } = await check()
    expect(summary).toMatchObject({ found: 2, created: 2, failed: 0 })
    expect(view?.counts).toMatchObject(counts)
    const bytes = fs.readFileSync(file)
    expect(view?.lastCheckpoint?.transcriptBytes).toBe(bytes.lastIndexOf(0x0a) + 1)
  })

  it('saves the transcript of a session whose project folder is gone, and says that there is no work tree', async () => {
    world.writeSession(odd, path.join(world.folder, 'deleted'))
    const { summary, odd: view, good: other } = await check()
    expect(summary).toMatchObject({ created: 2, failed: 0 })
    expect(view?.project).toMatchObject({ kind: 'missing' })
    expect(view?.lastCheckpoint?.treeError).toContain('deleted is not there any more')
    expect(other?.lastCheckpoint?.treeError).toBeNull()
  })

  it('says which transcript it may not read and goes on with the others', async () => {
    const file = world.writeSession(odd, cwd)
    const { summary, state, good: other } = await check({ files: denying(world.ports.files, file) })
    expect(summary).toMatchObject({ created: 1 })
    expect(other?.protection).toBe('protected')
    expect(JSON.stringify([state.notices, state.sessions.map(session => session.problems)])).toContain('EACCES')
  })

  it('saves what differs from HEAD where the index is corrupt, says so, and leaves the index alone', async () => {
    const index = path.join(cwd, '.git/index')
    fs.writeFileSync(index, 'not an index')
    const before = hashTree(cwd, { times: true })
    const { summary, good: view } = await check()
    expect(summary).toMatchObject({ created: 1, failed: 0 })
    expect(view?.lastCheckpoint?.treeError).toContain('the index of git is damaged')
    expect(hashTree(cwd, { times: true })).toEqual(before)
  })

  it('runs with the defaults when the settings file does not parse, keeps that file, and says where', async () => {
    fs.writeFileSync(dataPaths(world.dataDir).settings, '{ "thresholds": ')
    const { summary, state } = await check()
    expect(summary).toMatchObject({ created: 1 })
    expect(state.notices).toMatchObject([{ id: 'settings-broken', message: expect.stringContaining('kept as') }])
  })

  it('refuses a store of another format and leaves it as it is', async () => {
    const { store } = dataPaths(world.dataDir)
    fs.mkdirSync(store)
    fs.writeFileSync(path.join(store, 'FORMAT'), 'asm-store 99\n')
    const before = hashTree(world.dataDir, { times: true })
    expect(await world.start()).toMatchObject({ ok: false, code: 'store-format', remedy: expect.any(String) })
    expect(hashTree(world.dataDir, { times: true })).toEqual(before)
  })

  it('says that the disk is full, loses nothing, and goes on when there is space again', async ctx => {
    const reason = mountSmallDisk(world.dataDir)
    ctx.skip(reason !== null, `no small disk can be mounted here: ${reason}`)
    try {
      expect((await check()).summary).toMatchObject({ created: 1 })
      const filler = path.join(world.dataDir, 'filler')
      fs.writeFileSync(filler, Buffer.alloc(3_800_000))
      world.writeSession(odd, cwd, `{"type":"system","x":"${seededRandom('noise').hex(400_000)}"}\n`)
      const full = await check()
      expect(full.odd).toMatchObject({ protection: 'failing', lastOutcome: { code: 'disk-full' } })
      expect((await verifyStore(world.store(), world.ports.clock, { readData: true })).findings).toEqual([])
      fs.rmSync(filler)
      world.advance(31 * 60_000)
      expect((await check()).odd?.protection).toBe('protected')
    } finally {
      execFileSync('umount', [world.dataDir])
    }
  })
})

/** The same disk, but `file` may not be opened. */
function denying(files: FileSystem, file: string): FileSystem {
  return {
    ...files,
    open: (at, mode) => {
      if (at.toString() === file)
        throw Object.assign(new Error(`EACCES: permission denied, open '${file}'`), { code: 'EACCES' })
      return files.open(at, mode)
    },
  }
}

/** Mounts 4 MB at `folder`; null if that worked, else why not. */
function mountSmallDisk(folder: string): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'pipe' })
    return null
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  }
}
