/** Settings that change while the monitor runs: by a call, by another process, and what follows from them at once. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import type { Monitor } from '../../shared/engine/monitor.ts'
import { idOf } from '../support/core-values.ts'
import { type MonitorWorld, makeMonitorWorld, promptLine } from '../support/monitor-world.ts'

describe('settings of a running monitor', () => {
  let world: MonitorWorld
  let monitor: Monitor
  beforeEach(async () => {
    world = makeMonitorWorld('monitor-settings')
    const project = path.join(world.home, 'shop')
    mkdirSync(project)
    world.writeSession(idOf(1), project)
    monitor = await world.started()
  })
  afterEach(async () => {
    await monitor.stop()
    world.remove()
  })
  const file = () => dataPaths(world.dataDir).settings
  const shown = async () => {
    const { sessions, settings, settingsProblems } = await monitor.getState({})
    return { protection: sessions[0]?.protection, timeHours: settings.thresholds.timeHours, settingsProblems }
  }

  it('scores every row anew as soon as they are changed', async () => {
    const neverIdle = { 'thresholds.idleMinutes': 10_080, 'weights.idle': 0 }
    world.advance(Date.parse('2026-01-05T10:00:00.000Z') - Date.now())
    await monitor.changeSettings({ changes: neverIdle })
    await monitor.runCycle({})
    const more = promptLine(idOf(1), path.join(world.home, 'shop'), 'And this')
    world.writeSession(idOf(1), path.join(world.home, 'shop'), more)
    world.advance(3_600_000)
    await monitor.refresh()
    expect(await shown()).toEqual({ protection: 'changed', timeHours: 2, settingsProblems: [] })
    const changed = await monitor.changeSettings({ changes: { 'thresholds.timeHours': 0.5 } })
    expect(changed).toMatchObject({ ok: true, settings: { thresholds: { timeHours: 0.5 } } })
    expect(await shown()).toEqual({ protection: 'at-risk', timeHours: 0.5, settingsProblems: [] })
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({
      thresholds: { timeHours: 0.5, idleMinutes: 10_080 },
      weights: { idle: 0 },
    })
  })

  it('changes nothing for a bad value, and says which', async () => {
    await monitor.refresh()
    const before = await shown()
    expect(await monitor.changeSettings({ changes: { 'thresholds.timeHours': -1 } })).toMatchObject({
      ok: false,
      problems: [{ key: 'thresholds.timeHours' }],
    })
    expect(await shown()).toEqual(before)
  })

  it('takes over what another process wrote, at the next look', async () => {
    await monitor.refresh()
    writeFileSync(file(), '{"thresholds": {"timeHours": 9}, "cooldownMinutes": "soon"}')
    await monitor.refresh()
    expect(await shown()).toEqual({
      protection: 'at-risk',
      timeHours: 9,
      settingsProblems: [
        { key: 'cooldownMinutes', message: 'cooldownMinutes must be a number from 0 to 1440 minutes, not "soon"' },
      ],
    })
  })

  it('searches a folder that was added, from the next look on', async () => {
    await monitor.refresh()
    const extra = path.join(world.home, 'elsewhere')
    const folder = path.join(extra, 'projects', '-srv-api')
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, `${idOf(2)}.jsonl`), promptLine(idOf(2), '/srv/api'))
    await monitor.changeSettings({ changes: { extraRoots: [extra] } })
    const { sessions, roots } = await monitor.refresh()
    expect(sessions.map(({ sessionId }) => sessionId).toSorted()).toEqual([idOf(1), idOf(2)])
    expect(roots).toEqual([world.configDir, extra])
  })

  it('keeps the disk free that the settings say', async () => {
    await monitor.refresh()
    await monitor.changeSettings({ changes: { 'limits.freeDiskPercent': 50 } })
    const free = { freeBytes: 40, totalBytes: 100, kind: 'local' } as const
    const full = { ...world.ports.files, diskSpace: () => free }
    await monitor.stop()
    monitor = await world.started({ files: full })
    const refused = await monitor.requestCheckpoint({ sessionIds: [idOf(1)] })
    await monitor.changeSettings({ changes: { 'limits.freeDiskPercent': 30 } })
    const taken = await monitor.requestCheckpoint({ sessionIds: [idOf(1)] })
    expect([refused, taken]).toMatchObject([[{ kind: 'failed', code: 'disk-full' }], [{ kind: 'saved' }]])
  })

  it('tells how the score of a session went, also after a restart', async () => {
    world.advance(Date.parse('2026-01-05T10:00:00.000Z') - Date.now())
    await monitor.runCycle({})
    await monitor.stop()
    monitor = await world.started()
    const { samples } = await monitor.getHistory({ sessionId: idOf(1) })
    expect(samples).toMatchObject([{ scores: { time: 1.5 }, contextTokens: null }])
    expect(await monitor.getHistory({ sessionId: idOf(9) })).toEqual({ samples: [] })
  })

  it('checkpoints what a hook saw coming within the cooldown, as urgent', async () => {
    await monitor.runCycle({})
    const project = path.join(world.home, 'shop')
    world.writeSession(idOf(1), project, promptLine(idOf(1), project, 'And this'))
    await monitor.requestCheckpoint({ sessionIds: [idOf(1)], urgent: 'before-compaction' })
    const [newest] = await monitor.listCheckpoints({ sessionId: idOf(1) })
    expect(newest).toMatchObject({ seq: 2, causeKind: 'urgent' })
  })
})
