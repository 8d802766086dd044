import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { demoProjects } from './demo-script.ts'
import { buildDemo, demoHolders } from './demo-world.ts'
import { startHolders } from './holders.ts'
import { readPlainly } from './plain-reader.ts'
import { git, hasGit } from './repositories.ts'
import { makeScratchFolder, removeScratchFolder } from './scratch.ts'

const scratch = makeScratchFolder('demo')
const holders = startHolders(demoHolders)
afterAll(async () => {
  await holders.stop()
  removeScratchFolder(scratch)
})

const nowMs = Date.UTC(2026, 10, 23, 12)
const minute = 60_000

describe.skipIf(!hasGit())('buildDemo (skipped where git is not installed)', () => {
  it('makes a dozen sessions whose files say what the script says, none newer than the present', () => {
    const demo = buildDemo(path.join(scratch, 'a'), nowMs, { live: holders.processes })
    expect(demo.sessions).toHaveLength(12)
    for (const { mainPath, truth, script } of demo.sessions) {
      expect(truth).toMatchObject({
        title: script.title,
        titleSource: script.titledBy,
        model: script.model,
        todos: script.todos ?? [],
      })
      expect(truth.context?.percent).toBe(script.contextPercent)
      expect(truth.lastPrompts.map(({ text }) => text)).toEqual(script.turns.map(({ prompt }) => prompt))
      expect(truth.lastReply).toBe(script.turns.at(-1)?.reply)
      expect(readPlainly([mainPath])).toMatchObject({
        damagedLines: 0,
        tornBytes: 0,
        lastStampMs: truth.lastActivityMs,
      })
      const idleMs = nowMs - (truth.lastActivityMs ?? 0)
      expect(Math.abs(idleMs - script.idleMinutes * minute)).toBeLessThan(6000)
      expect(idleMs).toBeGreaterThan(0)
    }
  })

  it('spans context from 8 to 93 percent and idle time from seconds to days', () => {
    const demo = buildDemo(path.join(scratch, 'b'), nowMs)
    const percents = demo.sessions.map(({ truth }) => truth.context?.percent ?? 0)
    expect([Math.min(...percents), Math.max(...percents)]).toEqual([8, 93])
    const idleMinutes = demo.sessions.map(({ script }) => script.idleMinutes)
    expect(Math.min(...idleMinutes)).toBeLessThan(1)
    expect(Math.max(...idleMinutes)).toBeGreaterThan(7 * 24 * 60)
  })

  it('leaves uncommitted and untracked work in every project', () => {
    const demo = buildDemo(path.join(scratch, 'c'), nowMs)
    expect(demo.projects).toHaveLength(demoProjects.length)
    for (const root of demo.projects) {
      const status = git(root, 'status', '--porcelain', '--untracked-files=all')
      expect(status).toMatch(/^ M /m)
      expect(status).toMatch(/^\?\? /m)
    }
  })

  it('names only files of the projects as changed, and they are there', () => {
    const demo = buildDemo(path.join(scratch, 'd'), nowMs)
    const paths = demo.sessions.flatMap(({ truth }) => truth.filesChanged.map(change => change.path))
    expect(paths.length).toBeGreaterThan(15)
    expect(paths.filter(file => !fs.existsSync(file))).toEqual([])
  })

  it('registers a session for each process it is given, and the killed one', () => {
    const demo = buildDemo(path.join(scratch, 'e'), nowMs, { live: holders.processes })
    const files = fs.readdirSync(path.join(demo.configDir, 'sessions'))
    const entries = files.map(file => JSON.parse(fs.readFileSync(path.join(demo.configDir, 'sessions', file), 'utf8')))
    const statuses = entries.map(({ status }) => status).sort()
    expect(statuses).toEqual(['busy', 'busy', 'idle', 'idle', 'idle', 'idle', 'shell', 'waiting'])
    expect(entries.find(({ status }) => status === 'waiting')).toMatchObject({ waitingFor: 'permission prompt' })
  })
})

describe('startHolders', () => {
  it('starts processes that live until they are told to end', async () => {
    const three = startHolders(3)
    const alive = () => three.processes.filter(({ pid }) => isAlive(pid)).length
    expect(new Set(three.processes.map(({ pid }) => pid)).size).toBe(3)
    expect(alive()).toBe(3)
    await three.kill(three.processes[0]?.pid ?? 0)
    expect(alive()).toBe(2)
    await three.stop()
    expect(alive()).toBe(0)
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
