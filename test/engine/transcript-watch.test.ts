import fs from 'node:fs'
import path from 'node:path'
import { FSWatcher } from 'chokidar'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import type { WatchState } from '../../shared/core/monitor-state.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { DiskSpace, Ports } from '../../shared/engine/ports.ts'
import { startTranscriptWatch, type TranscriptWatch } from '../../shared/engine/transcript-watch.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('watch')
afterAll(() => removeScratchFolder(scratch))
const ports = nodePorts(() => {})
const id = '0ecf3a5a-7992-4668-9faf-374392f83408'

let made = 0
function newRoot() {
  const root = path.join(scratch, String(made++))
  const project = path.join(root, 'projects', '-x')
  fs.mkdirSync(project, { recursive: true })
  fs.mkdirSync(path.join(root, 'sessions'))
  const transcript = path.join(project, `${id}.jsonl`)
  fs.writeFileSync(transcript, 'first\n')
  return { root, project, transcript }
}

const running: TranscriptWatch[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(watch => watch.stop()))
})

/** A running watch and what it told. Waits until it watches. */
async function started(root: string, change: Partial<Ports> = {}) {
  const states: WatchState[] = []
  const told: (readonly string[] | null)[] = []
  const onTouched = async (paths: readonly string[] | null) => void told.push(paths)
  running.push(
    startTranscriptWatch({
      ports: { ...ports, ...change },
      roots: [root],
      onTouched,
      onState: state => states.push(state),
    }),
  )
  await vi.waitFor(() => expect(told).toContain(null), { timeout: 5_000 })
  const paths = () => new Set(told.flatMap(one => one ?? []))
  return { states, told, paths }
}

describe('watching', () => {
  it.each<readonly [string, (world: ReturnType<typeof newRoot>) => string]>([
    ['a line is appended', ({ transcript }) => append(transcript)],
    ['a session begins', ({ project }) => append(path.join(project, '5b2c066d-860d-41ee-85c3-7d6ecb44da9e.jsonl'))],
    [
      'a session begins in a new project',
      ({ root }) => append(path.join(folder(root, 'projects', 'new'), `${id}.jsonl`)),
    ],
    ['a sub-agent begins', ({ project }) => append(path.join(folder(project, id, 'subagents'), 'agent-1.jsonl'))],
    [
      'a transcript is deleted',
      ({ transcript }) => {
        fs.rmSync(transcript)
        return transcript
      },
    ],
    ['a process registers', ({ root }) => append(path.join(root, 'sessions', '4711.json'))],
  ])('tells when %s', async (_title, act) => {
    const world = newRoot()
    const { paths, states } = await started(world.root)
    const touched = act(world)
    await vi.waitFor(() => expect(paths()).toContain(touched), { timeout: 5_000 })
    expect(states).toEqual([{ mode: 'watching', reason: null }])
  })

  it('says nothing of files that are none of its business', async () => {
    const { root, project, transcript } = newRoot()
    const { paths } = await started(root)
    append(path.join(project, 'notes.md'))
    append(path.join(root, 'sessions', '12.abc.key'))
    append(transcript)
    await vi.waitFor(() => expect(paths()).toContain(transcript), { timeout: 5_000 })
    expect([...paths()]).toEqual([transcript])
  })

  it('gathers many changes while it is busy telling, and tells one batch at a time', async () => {
    const { root, transcript } = newRoot()
    let busy = 0
    let most = 0
    let calls = 0
    const onTouched = async () => {
      busy += 1
      most = Math.max(most, busy)
      calls += 1
      await ports.clock.sleep(20)
      busy -= 1
    }
    running.push(startTranscriptWatch({ ports, roots: [root], onTouched, onState: () => {} }))
    await vi.waitFor(() => expect(calls).toBe(1), { timeout: 5_000 })
    for (let i = 0; i < 200; i++) {
      append(transcript)
      await ports.clock.sleep(1)
    }
    await vi.waitFor(() => expect(calls).toBeGreaterThan(1), { timeout: 5_000 })
    expect(most).toBe(1)
    expect(calls).toBeLessThan(50)
  })
})

describe('polling', () => {
  /** Its sleeps are short, and those of five seconds too. */
  const hastyClock = { ...ports.clock, sleep: (_: number, signal?: AbortSignal) => ports.clock.sleep(5, signal) }
  const onDisk = (kind: DiskSpace['kind']) => ({
    clock: hastyClock,
    files: { ...ports.files, diskSpace: () => ({ freeBytes: 1, totalBytes: 1, kind }) },
  })

  it('is chosen on a network drive, looks again and again, and says why', async () => {
    const { root } = newRoot()
    const { states, told } = await started(root, onDisk('network'))
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(2), { timeout: 5_000 })
    expect(new Set(told)).toEqual(new Set([null]))
    expect(states.at(-1)).toEqual({ mode: 'polling', reason: `${root} is on a network drive` })
  })

  it.each([['\\\\wsl$\\Debian\\home\\ann\\.claude'], ['\\\\wsl.localhost\\Debian\\home\\ann\\.claude']])(
    'is chosen for %s',
    async root => {
      const { states } = await started(root, { clock: hastyClock })
      expect(states.at(-1)).toEqual({ mode: 'polling', reason: `${root} belongs to a Linux inside this Windows` })
    },
  )

  it.each(['ENOSPC', 'EMFILE', 'ENFILE'])('begins when the system has no more watches to give (%s)', async code => {
    const { root } = newRoot()
    const added = vi.spyOn(FSWatcher.prototype, 'add')
    const { states, told } = await started(root, { clock: hastyClock })
    const [watcher] = added.mock.contexts as readonly FSWatcher[]
    added.mockRestore()
    told.length = 0
    watcher?.emit('error', Object.assign(new Error('made up'), { code }))
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(2), { timeout: 5_000 })
    expect(new Set(told)).toEqual(new Set([null]))
    expect(states).toEqual([
      { mode: 'watching', reason: null },
      { mode: 'polling', reason: expect.stringContaining('no more file watches') },
    ])
  })

  it('does not begin because one folder cannot be watched, but that is logged', async () => {
    const { root } = newRoot()
    const log = vi.fn()
    const added = vi.spyOn(FSWatcher.prototype, 'add')
    const { states } = await started(root, { clock: hastyClock, log })
    const [watcher] = added.mock.contexts as readonly FSWatcher[]
    added.mockRestore()
    watcher?.emit('error', Object.assign(new Error('made up'), { code: 'EACCES' }))
    expect(log.mock.calls).toEqual([['warn', 'part of the transcripts is not watched', { message: 'Error: made up' }]])
    expect(states).toEqual([{ mode: 'watching', reason: null }])
  })

  it('ends when it is stopped', async () => {
    const { root } = newRoot()
    const { told } = await started(root, onDisk('network'))
    await running[0]?.stop()
    const before = told.length
    await ports.clock.sleep(60)
    expect(told.length).toBe(before)
  })
})

function append(file: string): string {
  fs.appendFileSync(file, 'more\n')
  return file
}

function folder(...parts: string[]): string {
  const at = path.join(...parts)
  fs.mkdirSync(at, { recursive: true })
  return at
}
