/** The promise of the product on a whole machine's worth of sessions: find, score, checkpoint, give back. */
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import type { CycleSummary, MonitorState } from '../../shared/core/monitor-state.ts'
import { type CheckpointStore, openStore } from '../../shared/engine/checkpoint-store.ts'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import { createGit } from '../../shared/engine/git-command.ts'
import { type Monitor, startMonitor } from '../../shared/engine/monitor.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { restoreSide } from '../../shared/engine/restore-side.ts'
import { verifyStore } from '../../shared/engine/verify-store.ts'
import { buildCorpus, type Corpus } from '../support/corpus.ts'
import type { CorpusSession } from '../support/corpus-session.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { hashTree } from '../support/tree-hash.ts'

const minuteMs = 60_000

describe('300 sessions over 30 repositories', () => {
  const scratch = makeScratchFolder('main-job')
  let corpus: Corpus
  let sessions: CorpusSession[]
  let aheadMs = 0
  let ports: Ports
  let monitor: Monitor
  let store: CheckpointStore
  let untouched: Readonly<Record<string, string>>
  let first: CycleSummary
  let reference: string

  const state = (): Promise<MonitorState> => monitor.getState({})
  const hashAll = () => hashTree(corpus.folder, { times: true })
  const recordOf = ({ sessionId }: CorpusSession): CheckpointRecord => {
    const newest = store.newest(sessionId)
    if (!newest.ok || newest.record === null) throw new Error(`no record of ${sessionId}`)
    return newest.record
  }

  beforeAll(async () => {
    corpus = buildCorpus({
      folder: path.join(scratch, 'corpus'),
      seed: 2,
      sessions: 300,
      repositories: 30,
      profile: 'small',
    })
    sessions = [...corpus.sessions]
    reference = path.join(scratch, 'reference')
    fs.cpSync(corpus.folder, reference, { recursive: true, verbatimSymlinks: true })
    untouched = hashAll()
    const real = nodePorts(() => {})
    ports = { ...real, clock: { ...real.clock, nowMs: () => real.clock.nowMs() + aheadMs } }
    const dataFolder = path.join(scratch, 'data')
    const started = await startMonitor(ports, { dataFolder, roots: corpus.roots, home: corpus.home, automatic: false })
    if (!started.ok) throw new Error(started.message)
    monitor = started.monitor
    const opened = openStore(ports, dataPaths(dataFolder).store)
    if (!opened.ok) throw new Error(opened.message)
    store = opened.store
    first = await monitor.runCycle({})
  }, 240_000)

  afterAll(async () => {
    await monitor?.stop()
    removeScratchFolder(scratch)
  })

  it('finds every session and checkpoints every one that has something to lose', async () => {
    const withMessages = sessions.filter(({ truth }) => truth.counts.messages > 0)
    const failed = (await state()).activity.filter(entry => entry.level === 'error')
    expect(failed).toEqual([])
    expect(first).toMatchObject({
      found: sessions.length,
      due: withMessages.length,
      created: withMessages.length,
      failed: 0,
    })
    expect(first.dueBy['time']).toBe(withMessages.length)
  })

  it('holds the transcripts to the byte, sub-agents and tool results included', () => {
    for (const session of sessions.filter(({ truth }) => truth.counts.messages > 0)) {
      const record = recordOf(session)
      const stored = Object.fromEntries(record.streams.map(({ name }) => [name, contentOf(store, record, name)]))
      const onDisk = session.streams.map(({ name, path: file, completeBytes }) => {
        const copy = path.join(reference, path.relative(corpus.folder, file))
        return [name, fs.readFileSync(copy).subarray(0, completeBytes).toString('latin1')]
      })
      expect(stored).toEqual(Object.fromEntries(onDisk))
    }
  })

  it('gives every work tree back as it was: content, modes, links, names', async () => {
    for (const tree of corpus.repositories.filter(({ kind }) => kind !== 'missing')) {
      const session = sessions.find(({ project, truth }) => project?.root === tree.root && truth.counts.messages > 0)
      if (!session) continue
      const target = path.join(scratch, 'restored', tree.name)
      const git = createGit(ports.commands, process.env)
      const restored = await restoreSide({ ports, git, store }, recordOf(session), target)
      expect(restored).toMatchObject({ ok: true })
      const ignored = new Set(tree.ignored)
      const skip = (name: string) => name === '.git' || name.endsWith('/.git') || ignored.has(name)
      const before = hashTree(path.join(reference, path.relative(corpus.folder, tree.root)), { skip })
      expect(hashTree(path.join(target, 'files'), { skip })).toEqual(before)
    }
  }, 120_000)

  it('stores what verifies byte for byte', async () => {
    const report = await verifyStore(store, ports.clock, { readData: true })
    expect(report).toMatchObject({ complete: true, findings: [], checkpoints: first.created })
  }, 60_000)

  it('has written nothing into any repository, work tree or Claude folder', () => {
    expect(hashAll()).toEqual(untouched)
  })

  it('creates nothing at a second check at once, and says why for each session', async () => {
    const second = await monitor.runCycle({})
    expect(second).toMatchObject({ created: 0, due: 0, failed: 0, heldBy: { unchanged: sessions.length } })
    const reasons = new Set((await state()).sessions.map(session => session.why))
    expect([...reasons]).toEqual(['Held: nothing changed since the last checkpoint.'])
    expect(hashAll()).toEqual(untouched)
  }, 60_000)

  it('checkpoints exactly the one session that got one more line, and not before the cooldown', async () => {
    const grown = sessions.find(({ live, project }) => live.accept.includes('ended') && project?.kind === 'git')
    if (!grown) throw new Error('the corpus has no such session')
    corpus.grow(grown, { prompt: 'And one more thing.' })
    const cooling = await monitor.runCycle({})
    expect(cooling).toMatchObject({ created: 0, heldBy: { 'cooling-down': 1, unchanged: sessions.length - 1 } })
    aheadMs += 31 * minuteMs
    const third = await monitor.runCycle({})
    expect(third).toMatchObject({ due: 1, created: 1, failed: 0 })
    const record = recordOf(grown)
    expect(record.seq).toBe(2)
    expect(contentOf(store, record, 'main')).toBe(fs.readFileSync(grown.mainPath, 'latin1'))
  }, 60_000)
})

function contentOf(store: CheckpointStore, record: CheckpointRecord, name: string): string {
  const chunks: Buffer[] = []
  const read = store.readStream(record, name, chunk => chunks.push(Buffer.from(chunk)))
  if (!read.ok) throw new Error(`${name} does not read back`)
  return Buffer.concat(chunks).toString('latin1')
}
