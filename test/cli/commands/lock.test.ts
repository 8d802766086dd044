import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statusWords } from '../../../cli/commands/lock.ts'
import { cleanWords, sessionIn } from '../../../cli/commands/state.ts'
import { idOf, viewOf } from '../../support/core-values.ts'
import { createProgramWorld, docsId, loginId, type ProgramWorld } from '../program-world.ts'

describe('the lock and the state from the command line', () => {
  let world: ProgramWorld

  beforeAll(() => {
    world = createProgramWorld()
  })
  afterAll(() => world.scratch.remove())

  it('tells who holds the lock, lets one wait for it, and gives it back at a signal', async () => {
    expect(await world.run('lock', '--status')).toMatchObject({ code: 0, out: 'Free; nobody has held it yet.\n' })
    const holder = world.start('lock')
    await holder.shows('Held, ticket 1: nobody checkpoints until Ctrl-C.')
    const [status, json, second] = await Promise.all([
      world.run('lock', '--status'),
      world.run('lock', '--status', '--json'),
      world.run('lock'),
    ])
    expect(status).toMatchObject({ code: 3, err: '' })
    expect(status.out).toMatch(/^Held by "session-monitor lock" \(process \d+\), for \d+ seconds?\.\n$/)
    expect([json.code, JSON.parse(json.out).kind]).toEqual([3, 'locked-elsewhere'])
    expect(second).toMatchObject({ code: 3, out: '' })
    expect(second.err).toMatch(/the lock is held by .*; give --wait to wait for it\n$/)

    const waiting = world.start('lock', '--wait')
    await waiting.shows('Waiting for "session-monitor lock"')
    holder.kill('SIGINT')
    expect((await holder.ended).code).toBe(0)
    await waiting.shows('Held, ticket 2')
    waiting.kill('SIGTERM')
    expect((await waiting.ended).code).toBe(0)
    expect(await world.run('lock', '--status')).toMatchObject({ code: 0, out: 'Free; it was held 2 times.\n' })
  }, 60_000)

  it('is taken over at once from a holder that was killed', async () => {
    const holder = world.start('lock')
    await holder.shows('Held, ticket')
    holder.kill('SIGKILL')
    await holder.ended
    expect(await world.run('lock', '--status')).toMatchObject({ code: 0 })
  }, 30_000)

  it('checks, updates, lists and cleans the state, as the older coordinator does', async () => {
    expect(await world.run('state', 'list')).toMatchObject({ code: 0, out: 'No session has a checkpoint yet.\n' })
    const check = await world.run('state', 'check', loginId, 'shop')
    expect(check).toMatchObject({ code: 0, out: expect.stringMatching(/Due: .*never checkpointed/) })
    expect(await world.run('state', 'check', loginId, 'elsewhere')).toMatchObject({ code: 2 })
    expect(await world.run('state', 'update', loginId)).toMatchObject({ code: 0 })
    const after = JSON.parse((await world.run('state', 'check', loginId, '--json')).out)
    expect(after).toMatchObject({ sessionId: loginId, due: false, decision: { reason: { kind: 'unchanged' } } })
    const listed = JSON.parse((await world.run('state', 'list', '--json')).out)
    expect(listed.sessions).toMatchObject([{ sessionId: loginId, checkpoints: 1, why: 'asked for by hand' }])
    expect((await world.run('state', 'list')).out).toMatch(/^SESSION .*\n3f2a9c1e +1 +/)
    expect(await world.run('state', 'clean')).toMatchObject({
      code: 0,
      out: 'Nothing was left behind. Checkpoints are never removed here.\n',
    })
    expect(await world.run('state', 'check', 'nobody')).toMatchObject({ code: 2 })
    expect(await world.run('state', 'update', docsId, '--quiet')).toMatchObject({ code: 0, out: '' })
  }, 60_000)
})

describe('their words', () => {
  it('say what the lock is', () => {
    expect(statusWords({ kind: 'free', lastFence: 7 })).toBe('Free; it was held 7 times.')
    const held = { kind: 'locked-elsewhere', owner: null, ownerInWords: 'the tray app', silentMs: 0 } as const
    expect(statusWords(held)).toBe('Held by the tray app.')
  })

  it('say what was removed', () => {
    expect(cleanWords({ lockFiles: 2, temporaryFiles: 1 })).toBe(
      'Removed 2 files of the lock and 1 temporary file. Checkpoints are never removed here.',
    )
  })

  it('find a session in its project, named by its folder, its path or not at all', () => {
    const sessions = [viewOf(1), viewOf(2)]
    const named = ['/home/ann/shop', 'shop', undefined].map(project => sessionIn(sessions, idOf(1), project))
    expect(named.map(found => found.ok && found.value.sessionId)).toEqual([idOf(1), idOf(1), idOf(1)])
    expect(sessionIn(sessions, idOf(1), '/home/ann/blog')).toMatchObject({
      ok: false,
      problem: { what: 'the session belongs to /home/ann/shop', exitCode: 2 },
    })
  })
})
