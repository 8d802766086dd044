/** Cites the invariants of `kept-look.ts` by number. */
import fs from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { makeChangingWorld } from '../support/changing-world.ts'
import { seededRandom } from '../support/random.ts'
import { hasGit } from '../support/repositories.ts'

/** All that `list` and `status` tell. The disk's free space is measured at its own moment. */
function told(state: MonitorState | null) {
  if (state === null) return null
  const { sessions, notices, settings, settingsProblems, roots, storeFolder, lastProof, storeUse, paused } = state
  const use = storeUse && { ...storeUse, budgetBytes: Math.round(storeUse.budgetBytes / 1e9) }
  return { sessions, notices, settings, settingsProblems, roots, storeFolder, lastProof, storeUse: use, paused }
}

describe.skipIf(!hasGit())('what was kept of a look (skipped where git is not installed)', () => {
  let world: ReturnType<typeof makeChangingWorld>
  afterEach(() => world.remove())

  it.each([61, 62, 63])(
    'tells what a look would, or nothing, after any change (1; seed %i)',
    async seed => {
      const random = seededRandom(seed)
      world = makeChangingWorld(random)
      await world.looked()
      const names = Object.keys(world.changes)
      const wrong: unknown[] = []
      let toldWithoutLook = 0
      for (const name of [...random.shuffle(names), ...random.shuffle(names)]) {
        await world.changes[name]?.()
        const kept = told(await world.kept())
        const looked = told(await world.looked())
        if (kept !== null) toldWithoutLook++
        if (kept !== null) wrong.push([name, kept, looked])
      }
      for (const [name, kept, looked] of wrong as [string, unknown, unknown][])
        expect([name, kept]).toEqual([name, looked])
      expect(toldWithoutLook).toBeGreaterThan(2)
    },
    180_000,
  )

  it('is told again and again as long as nothing changes, by the hour of each time (1)', async () => {
    world = makeChangingWorld(seededRandom(64))
    await world.changes['everything is checkpointed']?.()
    const first = await world.looked()
    world.advance(1_800_000)
    const kept = await world.kept()
    const score = (state: MonitorState | null) => state?.sessions.map(view => view.score.factors.time.value).sort()
    expect(kept?.sessions).toHaveLength(first.sessions.length)
    expect(score(kept)).not.toEqual(score(first))
    expect(told(kept)).toEqual(told(await world.looked()))
  })

  it('tells changes of work trees for a minute and no longer (2)', async () => {
    world = makeChangingWorld(seededRandom(65))
    await world.changes['everything is checkpointed']?.()
    const { sessions } = await world.looked()
    const saved = sessions.find(({ lastCheckpoint, project }) => lastCheckpoint !== null && project?.kind === 'git')
    world.hold(saved?.sessionId ?? '')
    await world.looked()
    const before = await world.kept()
    world.advance(59_000)
    const within = await world.kept()
    world.advance(2_000)
    expect([before, within, await world.kept()].map(state => state !== null)).toEqual([true, true, false])
  })

  it('is nothing where a file was changed a moment before the look, since it may change again and look the same (1)', async () => {
    world = makeChangingWorld(seededRandom(68))
    world.advance(-3_600_000)
    await world.changes['a line is added']?.()
    await world.looked()
    expect(await world.kept()).toBe(null)
  })

  const spoilt: readonly (readonly [string, (text: string) => string])[] = [
    ['torn', text => text.slice(0, -100)],
    ['empty', () => ''],
    ['no JSON', () => 'look\nat this\n'],
    ['of another version of the program', text => text.replace('"version":"1.2.3"', '"version":"1.2.4"')],
    ['of another form', text => text.replace('{"v":2,', '{"v":1,')],
    ['without a part', text => text.replace('"sessions":[{', '"sessionz":[{')],
    ['of other folders', text => text.replace('"roots":["', '"roots":["/other')],
    ['JSON of something else', () => 'null\nnull\n'],
    ['longer than it was', text => text.replace('"sessions":[', '"sessions":[ ')],
  ]
  it.each(spoilt)('is nothing where the file is %s (3)', async (_what, spoil) => {
    world = makeChangingWorld(seededRandom(66))
    await world.looked()
    const whole = fs.readFileSync(world.paths.look, 'utf8')
    fs.writeFileSync(world.paths.look, spoil(whole))
    expect(await world.kept()).toBe(null)
  })

  it('is nothing where the file is a folder, a link, or not there (3)', async () => {
    world = makeChangingWorld(seededRandom(67))
    await world.looked()
    fs.renameSync(world.paths.look, `${world.paths.look}.aside`)
    expect(await world.kept()).toBe(null)
    fs.symlinkSync(`${world.paths.look}.aside`, world.paths.look)
    expect(await world.kept()).toBe(null)
    fs.rmSync(world.paths.look)
    fs.mkdirSync(world.paths.look)
    expect(await world.kept()).toBe(null)
  })
})
