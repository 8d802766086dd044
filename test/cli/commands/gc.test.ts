import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderGc } from '../../../cli/commands/gc.ts'
import { createLock } from '../../../shared/engine/lock-file.ts'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import type { GcReport } from '../../../shared/engine/store-gc.ts'
import { createFakeTerminal } from '../fake-terminal.ts'
import { createProgramWorld, docsId, type ProgramWorld } from '../program-world.ts'

const { terminal } = createFakeTerminal()
const report: GcReport = {
  dryRun: false,
  sessions: 3,
  checkpoints: 40,
  droppedByAge: 12,
  droppedByBudget: 3,
  sealed: 1,
  putBack: 0,
  packsBefore: 20,
  packsRemoved: 9,
  packsWaiting: 0,
  bytesBefore: 90_000_000,
  bytesFreed: 40_000_000,
  budgetBytes: 10e9,
  overBudgetBytes: 0,
  problems: [],
}

describe('renderGc', () => {
  it('says in numbers what was done', () => {
    expect(renderGc(report, terminal)).toEqual([
      'Removed 15 of 40 checkpoints (12 by age, 3 for the budget) and 9 of 20 packs.',
      'Sealed 1 quiet session.',
      '40 MB of 90 MB freed; 50 MB left, the budget is 10 GB.',
    ])
  })

  it('says what would be done, what has to wait, and what cannot be helped', () => {
    const more = {
      dryRun: true,
      packsWaiting: 2,
      overBudgetBytes: 5_000_000,
      problems: ['x could\u0007 not be sealed'],
    }
    expect(renderGc({ ...report, ...more }, terminal)).toEqual([
      'Would remove 15 of 40 checkpoints (12 by age, 3 for the budget) and 9 of 20 packs.',
      'Would seal 1 quiet session.',
      '40 MB of 90 MB would be freed; 50 MB would be left, the budget is 10 GB.',
      '2 packs that nothing needs can go in an hour.',
      'Still 5.0 MB above the budget: the newest checkpoint of a session is never removed.',
      'x could not be sealed',
    ])
  })
})

describe('session-monitor gc', () => {
  let world: ProgramWorld
  const records = () => path.join(world.scratch.dataDir, 'store', 'checkpoints', docsId)
  beforeAll(async () => {
    world = createProgramWorld()
    await world.run('check', '--quiet')
  })
  afterAll(() => world.scratch.remove())

  it('finds nothing to do in a young store, and says so in words and as JSON', async () => {
    const dry = await world.run('gc', '--dry-run')
    expect(dry).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^Would remove 0 of 2 checkpoints /) })
    const { code, out } = await world.run('gc', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      v: 1,
      kind: 'done',
      report: { dryRun: false, checkpoints: 2, sessions: 2 },
    })
    expect(await world.run('gc', '--quiet')).toEqual({ code: 0, out: '', err: '' })
  })

  it('waits for nobody in a dry run, and ends with 3 when somebody else holds the store', async () => {
    writeFileSync(path.join(world.scratch.dataDir, 'settings.json'), '{"lockWaitSeconds": 0}')
    const lock = createLock(
      nodePorts(() => {}),
      path.join(world.scratch.dataDir, 'store', 'lock'),
      { name: 'a test' },
    )
    const attempt = await lock.acquire({ waitMs: 0 })
    const held = attempt.kind === 'held' ? attempt.lock : expect.fail(attempt.kind)
    expect(await world.run('gc')).toMatchObject({ code: 3, out: '', err: expect.stringContaining('a test') })
    expect(await world.run('gc', '--dry-run')).toMatchObject({ code: 0 })
    held.release()
  })

  it('removes nothing and ends with 1 while a record cannot be read', async () => {
    writeFileSync(path.join(records(), '00000001.json'), 'damaged')
    const { code, out, err } = await world.run('gc')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('1 checkpoint cannot be read, so nothing is removed')
    expect(err).toContain('session-monitor verify')
    expect(JSON.parse((await world.run('gc', '--json')).out)).toMatchObject({ kind: 'blocked', problems: [{ seq: 1 }] })
    expect(readdirSync(records())).toEqual(['00000001.json'])
  })

  it('is told of damage by status, and the next check makes a complete checkpoint above it', async () => {
    const { err, out } = await world.run('status')
    expect(err).toContain('1 checkpoint cannot be read any more')
    expect(out).toMatch(/store size +[\d.]+ kB of at most /)
    const check = await world.run('checkpoint', docsId)
    expect(check.out).toContain('Saved as number 2')
    expect((await world.run('status')).err).not.toContain('cannot be read')
  })
})
