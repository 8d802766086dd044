/** Every command and every exit code of the real program, in pipes. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLock } from '../../shared/engine/lock-file.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { createProgramWorld, docsId, loginId, type ProgramWorld } from './program-world.ts'

const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/

/** Tests of one world run in their order: the store fills up from one to the next. */
function describeInWorld(title: string, body: (world: () => ProgramWorld) => void): void {
  describe(title, () => {
    let world: ProgramWorld | undefined
    beforeAll(() => {
      world = createProgramWorld()
    })
    afterAll(() => world?.scratch.remove())
    body(() => world as ProgramWorld)
  })
}

describeInWorld('session-monitor, from the first look to the restore', world => {
  it('prints its help and version without looking at anything', async () => {
    const help = await world().run('--help')
    expect(help).toMatchObject({ code: 0, err: '' })
    expect(help.out).toContain('Exit codes:')
    expect(await world().run('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    expect(existsSync(path.join(world().scratch.dataDir, 'store'))).toBe(false)
  })

  it('lists the sessions, due and never saved, with harmless titles and no colours in a pipe', async () => {
    const { code, out, err } = await world().run('list', '--why')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('at risk     Fix the login')
    expect(out).toContain('Write [31mdocs')
    expect(out).toContain('    Due: ')
    expect(out).toContain('2 sessions: 2 at risk')
    expect(out).not.toMatch(control)
  })

  it('gives the same as JSON', async () => {
    const { code, out } = await world().run('list', '--json')
    expect(code).toBe(0)
    const { v, sessions } = JSON.parse(out)
    expect(v).toBe(1)
    expect(sessions.map((view: { sessionId: string }) => view.sessionId).sort()).toEqual([loginId, docsId])
    expect(sessions[0]).toMatchObject({
      protection: 'at-risk',
      branch: 'main',
      contextPercent: 20,
      lastCheckpoint: null,
    })
  })

  it('says how things stand', async () => {
    const { code, out } = await world().run('status')
    expect(code).toBe(0)
    expect(out).toMatch(/^sessions +2, 0 live: 2 at risk\nlast checkpoint +never\n/)
    expect(JSON.parse((await world().run('status', '--json')).out)).toMatchObject({
      v: 1,
      byProtection: { 'at-risk': 2 },
    })
  })

  it('has looked so far and saved nothing', () => {
    expect(readdirSync(path.join(world().scratch.dataDir, 'store', 'checkpoints'))).toEqual([])
  })

  it('saves the session that is named, whatever its score', async () => {
    const { code, out, err } = await world().run('checkpoint', 'fix the login')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(new RegExp(`^Fix the login \\(${loginId}\\): Saved as number 1, `))
  })

  it('saves the rest in a check, and says in the next one why it holds', async () => {
    const first = await world().run('check', '--verbose')
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toMatch(/found +2 sessions in /)
    expect(first.out).toMatch(/due +1 +\(time 1, /)
    expect(first.out).toMatch(/created +1 +\(\d/)
    expect(first.out).toMatch(/held +1 +\(unchanged 1\)/)
    expect(first.out).toContain('Fix the login: Held: nothing changed since the last checkpoint.')
    const second = JSON.parse((await world().run('check', '--json')).out)
    expect(second).toMatchObject({ v: 1, cycle: { found: 2, due: 0, created: 0, failed: 0, heldBy: { unchanged: 2 } } })
    expect(second.sessions).toHaveLength(2)
  })

  it('prints nothing at all with --quiet when all is well', async () => {
    expect(await world().run('check', '--quiet')).toEqual({ code: 0, out: '', err: '' })
    expect(await world().run('--once', '--quiet')).toEqual({ code: 0, out: '', err: '' })
  })

  it('takes threshold flags for one run, each alone', async () => {
    world().converse(loginId, 'And the logout')
    const due = await world().run('list', '--why', '--activity-files', '1', '--context-percent', '10')
    expect(due.out).toContain('context 2 × 0.5')
    const once = JSON.parse((await world().run('--once', '--json', '--time-hours', '700')).out)
    expect(once.cycle.heldBy).toMatchObject({ 'cooling-down': 1 })
  })

  it('saves all with something new, and says so when there is none', async () => {
    const all = await world().run('checkpoint', '--all', '--json')
    expect(JSON.parse(all.out).outcomes).toMatchObject([{ kind: 'saved', sessionId: loginId, seq: 2 }])
    expect((await world().run('checkpoint', '--all')).out).toBe('Nothing has changed since the last checkpoints.\n')
    expect((await world().run('checkpoint', '--due')).out).toBe('Nothing is due.\n')
    expect((await world().run('checkpoint', loginId)).out).toContain('it still holds everything')
  })

  it('lists a session’s checkpoints and shows one of them', async () => {
    const { code, out } = await world().run('checkpoints', '3f2a')
    expect(code).toBe(0)
    expect(out.split('\n').slice(4, 6)).toEqual([expect.stringMatching(/^ 2 /), expect.stringMatching(/^ 1 /)])
    expect(JSON.parse((await world().run('checkpoints', '3f2a', '--json')).out).checkpoints).toMatchObject([
      { id: `${loginId}/2`, seq: 2 },
      { id: `${loginId}/1`, seq: 1 },
    ])
    const shown = await world().run('show', '3f2a/1')
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toContain('why         asked for by hand')
    expect(shown.out).toContain('new file.txt')
    expect(shown.out).toContain('Resume brief\n  # Fix the login')
    expect(JSON.parse((await world().run('show', docsId, '--json')).out)).toMatchObject({ id: `${docsId}/1` })
    expect((await world().run('show', docsId)).out).not.toMatch(control)
  })

  it('verifies what it saved, to the last byte', async () => {
    expect(await world().run('verify')).toMatchObject({ code: 0, out: expect.stringContaining('No damage found.') })
    const deep = await world().run('verify', '--read-data', '--json')
    expect(deep.code).toBe(0)
    expect(JSON.parse(deep.out)).toMatchObject({ v: 1, complete: true, findings: [], sessions: 2, checkpoints: 3 })
  })

  it('gives the newest checkpoint back into a new folder, with the files and the transcript as they were', async () => {
    const { scratch, repository, transcriptPath } = world()
    const { code, out, err } = await world().run('restore', '3f2a', '--to', 'rescued')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('Restored and verified byte for byte: Fix the login')
    expect(out).toContain(`claude --resume ${loginId}`)
    const rescued = path.join(scratch.folder, 'rescued')
    for (const name of ['app.txt', 'new file.txt']) {
      expect(readFileSync(path.join(rescued, 'files', name))).toEqual(readFileSync(path.join(repository, name)))
    }
    const transcript = readFileSync(path.join(rescued, 'transcript', `${loginId}.jsonl`))
    expect(transcript).toEqual(readFileSync(transcriptPath(loginId)))
  })

  it('gives a part alone back, and an older state by its number', async () => {
    const { scratch } = world()
    expect(await world().run('restore', '3f2a/1', '--to', 'part', '--transcript')).toMatchObject({ code: 0 })
    expect(readdirSync(path.join(scratch.folder, 'part')).sort()).not.toContain('files')
    const lines = readFileSync(path.join(scratch.folder, 'part', 'transcript', `${loginId}.jsonl`), 'utf8').trim()
    expect(lines.split('\n')).toHaveLength(2)
  })

  it.each([
    ['an unknown option', ['list', '--nope'], "unknown option '--nope'"],
    ['an unknown session', ['checkpoint', 'nosuch'], 'there is no session "nosuch"'],
    ['an unknown stored session', ['checkpoints', 'nosuch'], 'there is no session "nosuch"'],
    ['an unknown checkpoint', ['show', '3f2a/99'], `there is no checkpoint ${loginId}/99`],
    ['a target that is taken', ['restore', '3f2a', '--to', 'rescued'], 'exists and is not an empty folder'],
  ])('refuses %s with code 2, in one line that says what to do', async (_title, args, words) => {
    const { code, out, err } = await world().run(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^session-monitor: [^\n]+; [^\n]+\n$/)
    expect(err).toContain(words)
  })
})

describeInWorld('session-monitor run', world => {
  it.each(['SIGINT', 'SIGTERM'] as const)('checks, prints a line, and stops cleanly on %s', async signal => {
    const running = world().start('run', '--interval', '1')
    await running.shows('found 2, due')
    running.kill(signal)
    const { code, out, err } = await running.ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}2 sessions: 2 protected; found 2, due /)
    expect(out).toMatch(/stopped\n$/)
  })

  it('is also what --interval alone does, in JSON if asked', async () => {
    const running = world().start('--interval', '30', '--json')
    await running.shows('"cycle"')
    running.kill('SIGTERM')
    const { code, out } = await running.ended
    expect(code).toBe(0)
    expect(
      out
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).cycle.found),
    ).toEqual([2])
  })
})

describeInWorld('session-monitor, when something is in the way', world => {
  const store = (...parts: string[]) => path.join(world().scratch.dataDir, 'store', ...parts)
  const ports = nodePorts(() => {})

  it('ends with 3 while another checkpointer holds the lock, and names it', async () => {
    writeFileSync(path.join(world().scratch.dataDir, 'settings.json'), '{ "lockWaitSeconds": 0 }')
    mkdirSync(store(), { mode: 0o700 })
    const attempt = await createLock(ports, store('lock'), { name: 'the other one' }).acquire({ waitMs: 0 })
    expect(attempt.kind).toBe('held')
    const { code, err } = await world().run('checkpoint', loginId)
    expect(code).toBe(3)
    expect(err).toContain('the other one')
    expect((await world().run('check')).code).toBe(3)
    const held = attempt as Extract<typeof attempt, { kind: 'held' }>
    held.lock.release()
    expect((await world().run('checkpoint', loginId)).code).toBe(0)
  })

  it('gives up cleanly on SIGINT while it waits for the lock, with code 130', async () => {
    writeFileSync(path.join(world().scratch.dataDir, 'settings.json'), '{ "lockWaitSeconds": 60 }')
    world().converse(loginId, 'More')
    const attempt = await createLock(ports, store('lock'), { name: 'the other one' }).acquire({ waitMs: 0 })
    const running = world().start('checkpoint', loginId)
    await running.shows('Checkpointing: 0 of 1')
    running.kill('SIGINT')
    const { code, out } = await running.ended
    expect(code).toBe(130)
    expect(out).toContain('Not done: the monitor was stopped')
    const held = attempt as Extract<typeof attempt, { kind: 'held' }>
    held.lock.release()
  })

  it('ends quietly when its reader has gone', async () => {
    const running = world().start('list')
    running.leave()
    expect(await running.ended).toMatchObject({ code: 0, err: '' })
  })

  it('says that a settings file does not parse, keeps it, and goes on with the defaults', async () => {
    writeFileSync(path.join(world().scratch.dataDir, 'settings.json'), '{ not json')
    const { code, err } = await world().run('status')
    expect(code).toBe(0)
    expect(err).toMatch(/^session-monitor: the settings file was not valid JSON .*; mend it and move it back/)
  })

  it('says which setting is out of range', async () => {
    writeFileSync(path.join(world().scratch.dataDir, 'settings.json'), '{ "intervalMinutes": 0 }')
    expect((await world().run('status')).err).toContain(
      'settings: intervalMinutes must be a number from 1 to 60 minutes',
    )
  })

  it('ends with 1 when verify finds damage, and says where', async () => {
    const [pack = ''] = readdirSync(store('packs'))
    const bytes = readFileSync(store('packs', pack))
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0xff, bytes.length >> 1)
    rmSync(store('packs', pack))
    writeFileSync(store('packs', pack), bytes)
    const { code, out } = await world().run('verify', '--read-data')
    expect(code).toBe(1)
    expect(out).toMatch(/^damage {2}/)
    const restored = await world().run('restore', loginId, '--to', 'never')
    expect(restored).toMatchObject({ code: 1, out: '', err: expect.stringContaining('damaged') })
    expect(existsSync(path.join(world().scratch.folder, 'never'))).toBe(false)
  })

  it('ends with 1 when a checkpoint fails, with the reason and the remedy', async () => {
    writeFileSync(store('FORMAT'), 'asm-store 99\n')
    const { code, err } = await world().run('check')
    expect(code).toBe(1)
    expect(err).toMatch(/^session-monitor: [^\n]+; [^\n]+\n$/)
    expect(err).toContain('names a format that this version does not know')
  })
})
