/** What other tools' restores have destroyed, on real repositories, through the whole monitor. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RestoreAction, RestoreDone, RestoreRequest } from '../../shared/core/restore.ts'
import type { Monitor } from '../../shared/engine/monitor.ts'
import { idOf } from '../support/core-values.ts'
import { type MonitorWorld, makeMonitorWorld, promptLine } from '../support/monitor-world.ts'
import { seededRandom } from '../support/random.ts'
import { git } from '../support/repositories.ts'
import { describeWithGit } from '../support/snapshot-world.ts'

const noise = Buffer.from(seededRandom(7).hex(8_000), 'hex')

let world: MonitorWorld
let root: string
let transcript: string
let monitor: Monitor
beforeEach(async () => {
  world = makeMonitorWorld('disasters')
  root = path.join(world.home, 'project')
  fs.mkdirSync(root)
  git(root, 'init', '-q', '-b', 'main')
  write('.gitignore', 'node_modules/\n.venv/\n*.iso\n')
  write('a.txt', 'committed\n')
  write('src/b.ts', 'export const b = 1\n')
  git(root, 'add', '-A')
  git(root, 'commit', '-q', '-m', 'first')
  write('node_modules/p/index.js', 'module.exports = 1\n')
  write('.venv/bin/python', noise)
  write('a.txt', 'work in progress\n')
  write('picture.png', noise)
  transcript = world.writeSession(idOf(1), root)
  monitor = await world.started()
})
afterEach(async () => {
  await monitor.stop()
  world.remove()
})

function write(name: string, content: string | Uint8Array, mode = 0o644): void {
  const at = path.join(root, name)
  fs.mkdirSync(path.dirname(at), { recursive: true })
  fs.rmSync(at, { force: true })
  fs.writeFileSync(at, content, { mode })
}

async function save(): Promise<string> {
  const [outcome] = await monitor.requestCheckpoint({ sessionIds: [idOf(1)] })
  return outcome?.kind === 'saved' ? `${outcome.sessionId}/${outcome.seq}` : JSON.stringify(outcome)
}

const files = (checkpoint: string, more: Partial<RestoreRequest> = {}): RestoreRequest => ({
  checkpoint,
  selection: { what: 'files' },
  target: { kind: 'in-place' },
  rules: { conflicts: 'replace', deleted: 'restore' },
  ...more,
})

/** @throws {Error} if it is refused */
async function restore(request: RestoreRequest): Promise<RestoreDone> {
  const done = await monitor.applyRestore({ ...request, planId: null })
  if (!done.ok) throw new Error(`${done.code}: ${done.message}`)
  return done
}

async function actions(request: RestoreRequest): Promise<Readonly<Record<string, RestoreAction>>> {
  const planned = await monitor.planRestore(request)
  if (!planned.ok) throw new Error(planned.message)
  return Object.fromEntries(planned.plan.entries.items.map(({ path: name, action }) => [name, action]))
}

/** Everything but git's own, as latin1, with modes. */
function contents(): Readonly<Record<string, string>> {
  const names = fs.readdirSync(root, { recursive: true, withFileTypes: true })
  const all = names.filter(each => !each.isDirectory()).map(each => path.join(each.parentPath, each.name))
  const own = all.filter(at => !path.relative(root, at).startsWith('.git/'))
  return Object.fromEntries(own.map(at => [path.relative(root, at), contentOf(at)]))
}

function contentOf(at: string): string {
  const stat = fs.lstatSync(at)
  return stat.isSymbolicLink()
    ? `-> ${fs.readlinkSync(at)}`
    : `${(stat.mode & 0o777).toString(8)} ${fs.readFileSync(at, 'latin1')}`
}

describeWithGit('a restore that cannot hurt', () => {
  it('keeps uncommitted changes of .gitignore in a safety checkpoint, and gives them back', async () => {
    const first = await save()
    write('.gitignore', 'node_modules/\n.venv/\n*.iso\nsecret.env\n')
    write('secret.env', 'KEY=1\n')
    const before = contents()
    const done = await restore(files(first))
    expect(contents()).toEqual({ ...before, '.gitignore': '644 node_modules/\n.venv/\n*.iso\n' })
    expect(done.safety).toBe(`${idOf(1)}/2`)
    await monitor.undoRestore({ restoreId: done.restoreId ?? '', conflicts: 'keep' })
    expect(contents()).toEqual(before)
  })

  it('leaves ignored folders alone, whatever lies in them', async () => {
    const first = await save()
    write('node_modules/p/index.js', 'module.exports = 2\n')
    write('node_modules/new/index.js', 'new\n')
    fs.rmSync(path.join(root, 'src'), { recursive: true })
    const before = contents()
    await restore(files(first))
    expect(contents()).toEqual({ ...before, 'src/b.ts': '644 export const b = 1\n' })
  })

  it('gives binary files back with every byte', async () => {
    const first = await save()
    write('picture.png', noise.subarray(0, 100))
    await restore(files(first))
    expect(fs.readFileSync(path.join(root, 'picture.png'))).toEqual(noise)
  })

  it('offers a file that was deleted since, and does not force it', async () => {
    const first = await save()
    fs.rmSync(path.join(root, 'picture.png'))
    const kept = files(first, { rules: { conflicts: 'replace', deleted: 'keep' } })
    expect((await actions(kept))['picture.png']).toBe('create')
    const before = contents()
    expect(await restore(kept)).toMatchObject({ written: { files: 0 }, kept: 1 })
    expect(contents()).toEqual(before)
    expect(await restore(files(first))).toMatchObject({ written: { files: 1 } })
    expect(fs.readFileSync(path.join(root, 'picture.png'))).toEqual(noise)
  })

  it('does not empty a project by a checkpoint of a half-missing tree', async () => {
    const whole = contents()
    fs.rmSync(path.join(root, 'src'), { recursive: true })
    fs.rmSync(path.join(root, 'a.txt'))
    const halfMissing = await save()
    git(root, 'checkout', '-q', '--', 'src')
    write('a.txt', 'work in progress\n')
    expect(await actions(files(halfMissing))).toEqual({
      '.gitignore': 'same',
      'picture.png': 'same',
      'src/b.ts': 'leave',
      'a.txt': 'leave',
    })
    await restore(files(halfMissing))
    expect(contents()).toEqual(whole)
  })

  it('changes nothing more when it is done twice', async () => {
    const first = await save()
    write('a.txt', 'in no checkpoint\n')
    fs.rmSync(path.join(root, 'src/b.ts'))
    const keeping = files(first, { rules: { conflicts: 'keep', deleted: 'restore' } })
    await restore(keeping)
    const after = contents()
    expect(await restore(keeping)).toMatchObject({ written: { files: 0 }, kept: 1 })
    expect(contents()).toEqual(after)
  })

  it('never follows a link out of the project', async () => {
    const first = await save()
    const outside = path.join(world.home, 'outside')
    fs.mkdirSync(outside)
    fs.writeFileSync(path.join(outside, 'b.ts'), 'not ours\n')
    fs.rmSync(path.join(root, 'src'), { recursive: true })
    fs.symlinkSync(outside, path.join(root, 'src'))
    expect((await actions(files(first)))['src/b.ts']).toBe('blocked')
    await restore(files(first))
    expect(fs.readFileSync(path.join(outside, 'b.ts'), 'utf8')).toBe('not ours\n')
    expect(fs.readlinkSync(path.join(root, 'src'))).toBe(outside)
  })

  it('refuses a project folder that has become a link', async () => {
    const first = await save()
    fs.renameSync(root, `${root}-moved`)
    fs.symlinkSync(`${root}-moved`, root)
    expect(await monitor.planRestore(files(first))).toMatchObject({ ok: false, code: 'target-taken' })
  })

  it('writes over a read-only file, keeps its place in the undo, and gives it its mode', async () => {
    write('run.sh', '#!/bin/sh\n', 0o555)
    const first = await save()
    write('run.sh', 'broken\n', 0o444)
    const before = contents()
    const done = await restore(files(first))
    expect(contentOf(path.join(root, 'run.sh'))).toBe('555 #!/bin/sh\n')
    await monitor.undoRestore({ restoreId: done.restoreId ?? '', conflicts: 'keep' })
    expect(contents()).toEqual(before)
  })

  it('brings a deleted project back as a whole, clean files and conversation included', async () => {
    const saved = fs.readFileSync(transcript)
    const before = contents()
    const first = await save()
    fs.rmSync(transcript)
    fs.rmSync(path.join(root, 'a.txt'))
    fs.rmSync(path.join(root, 'src'), { recursive: true })
    const done = await restore(files(first, { selection: { what: 'whole' } }))
    expect(done.transcript).toMatchObject({ action: 'create', sessionId: idOf(1) })
    expect({ files: contents(), transcript: fs.readFileSync(transcript) }).toEqual({ files: before, transcript: saved })
  })

  it('does one folder or one file alone when that is asked for', async () => {
    const first = await save()
    write('a.txt', 'changed\n')
    write('src/b.ts', 'changed\n')
    await restore(files(first, { selection: { what: 'paths', paths: ['src/'] } }))
    expect(contents()).toMatchObject({ 'src/b.ts': '644 export const b = 1\n', 'a.txt': '644 changed\n' })
    expect(await monitor.planRestore(files(first, { selection: { what: 'paths', paths: ['nowhere'] } }))).toMatchObject(
      {
        ok: false,
        code: 'nothing-saved',
      },
    )
  })

  it('refuses to do what was not planned when something changed in between', async () => {
    const first = await save()
    write('a.txt', 'changed\n')
    const planned = await monitor.planRestore(files(first))
    write('a.txt', 'changed again\n')
    const planId = planned.ok ? planned.plan.planId : ''
    expect(await monitor.applyRestore({ ...files(first), planId })).toMatchObject({
      ok: false,
      code: 'changed-since-plan',
    })
    expect(contents()['a.txt']).toBe('644 changed again\n')
  })

  it('does what was planned when nothing changed, and lists it', async () => {
    const first = await save()
    write('a.txt', 'changed\n')
    const planned = await monitor.planRestore(files(first))
    const planId = planned.ok ? planned.plan.planId : ''
    expect(await monitor.applyRestore({ ...files(first), planId })).toMatchObject({ ok: true, kind: 'complete' })
    expect((await monitor.listRestores({})).map(({ state }) => state)).toEqual(['complete'])
  })

  it('warns of a HEAD that moved, and takes committed files for what they are', async () => {
    const first = await save()
    git(root, 'commit', '-q', '-a', '-m', 'second')
    const planned = await monitor.planRestore(files(first))
    expect(planned).toMatchObject({ ok: true, plan: { warnings: [expect.stringContaining('HEAD has moved')] } })
    expect(await actions(files(first))).toMatchObject({ 'a.txt': 'same', '.gitignore': 'same' })
  })

  it('compares with now: files, one of them line by line, and what the conversation went on by', async () => {
    const first = await save()
    write('a.txt', 'work in progress\nand more\n')
    write('new.txt', 'new\n')
    fs.rmSync(path.join(root, 'src/b.ts'))
    fs.appendFileSync(transcript, promptLine(idOf(1), root, 'And then?'))
    const made = await monitor.diffCheckpoint({ from: first, to: 'now', offset: 0, limit: 10 })
    const diff = made.ok ? made.diff : null
    expect(diff?.files.items.map(({ path: name, change }) => [name, change])).toEqual([
      ['a.txt', 'changed'],
      ['new.txt', 'added'],
      ['src/b.ts', 'gone'],
    ])
    expect(diff?.transcript).toMatchObject({ kind: 'grew', prompts: 1, lastPrompts: [{ text: 'And then?' }] })
    expect(await monitor.diffFile({ from: first, to: 'now', path: 'a.txt' })).toMatchObject({
      ok: true,
      diff: { kind: 'text', hunks: [{ lines: [' work in progress', '+and more'] }] },
    })
    expect(await monitor.diffFile({ from: first, to: 'now', path: 'picture.png' })).toMatchObject({
      ok: true,
      diff: { kind: 'opaque', why: 'It is no text.' },
    })
    const second = await save()
    const between = await monitor.diffCheckpoint({ from: first, to: second, offset: 0, limit: 10 })
    expect(between.ok && between.diff.files.items).toEqual(diff?.files.items.map(each => ({ ...each })))
  })
})
