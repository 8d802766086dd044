import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RestoreRequest } from '../../shared/core/restore.ts'
import type { Monitor } from '../../shared/engine/monitor.ts'
import { idOf } from '../support/core-values.ts'
import { type MonitorWorld, makeMonitorWorld, promptLine } from '../support/monitor-world.ts'
import { git } from '../support/repositories.ts'
import { describeWithGit } from '../support/snapshot-world.ts'

let world: MonitorWorld
let root: string
let transcript: string
let monitor: Monitor

beforeEach(async () => {
  world = makeMonitorWorld('restore-desk')
  root = path.join(world.home, 'project')
  fs.mkdirSync(path.join(root, 'src'), { recursive: true })
  git(root, 'init', '-q', '-b', 'main')
  write('.gitignore', 'node_modules/\n')
  write('a.txt', 'committed\n')
  write('src/b.ts', 'export const b = 1\n')
  git(root, 'add', '-A')
  git(root, 'commit', '-q', '-m', 'first')
  write('a.txt', 'saved\n')
  write('notes.md', 'untracked\n')
  transcript = world.writeSession(idOf(1), root)
  monitor = await world.started()
})
afterEach(async () => {
  await monitor.stop()
  world.remove()
})

function write(name: string, content: string | Uint8Array): void {
  fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
  fs.writeFileSync(path.join(root, name), content)
}

const read = (name: string) => fs.readFileSync(path.join(root, name), 'utf8')

const wholeOf = (checkpoint: string, more: Partial<RestoreRequest> = {}): RestoreRequest => ({
  checkpoint,
  selection: { what: 'whole' },
  target: { kind: 'in-place' },
  rules: { conflicts: 'keep', deleted: 'restore' },
  ...more,
})

async function save(): Promise<string> {
  const [outcome] = await monitor.requestCheckpoint({ sessionIds: [idOf(1)] })
  return outcome?.kind === 'saved' ? `${outcome.sessionId}/${outcome.seq}` : JSON.stringify(outcome)
}

/** Action by path. */
async function planned(request: RestoreRequest): Promise<Readonly<Record<string, string>>> {
  const made = await monitor.planRestore(request)
  return made.ok
    ? Object.fromEntries(made.plan.entries.items.map(each => [each.path, each.action]))
    : { refused: `${made.code}: ${made.message}` }
}

describeWithGit('restoring in place', () => {
  it('plans path by path, restores what it said, and undoes it exactly', async () => {
    const first = await save()
    write('a.txt', 'saved again\n')
    write('late.txt', 'not in the first\n')
    fs.appendFileSync(transcript, promptLine(idOf(1), root, 'And on'))
    await save()
    write('notes.md', 'in no checkpoint\n')
    write('node_modules/x/index.js', 'ignored\n')
    fs.rmSync(path.join(root, 'src'), { recursive: true })
    const request = wholeOf(first, { selection: { what: 'files' } })
    expect(await planned(request)).toEqual({
      'notes.md': 'conflict',
      'a.txt': 'overwrite',
      'src/b.ts': 'create',
      'late.txt': 'leave',
      '.gitignore': 'same',
    })
    const before = contents(root)
    const done = await monitor.applyRestore({ ...request, planId: null })
    expect(done).toMatchObject({ ok: true, kind: 'complete', written: { files: 2 }, kept: 1, failures: [] })
    expect(contents(root)).toEqual({
      ...before,
      'a.txt': 'saved\n',
      'src/b.ts': 'export const b = 1\n',
    })
    const [journal] = await monitor.listRestores({})
    expect(journal).toMatchObject({ state: 'complete', canUndo: true, checkpoint: first })
    const undone = await monitor.undoRestore({ restoreId: journal?.restoreId ?? '', conflicts: 'keep' })
    expect(undone).toMatchObject({ ok: true, kind: 'complete', failures: [] })
    expect(contents(root)).toEqual(before)
    expect(fs.existsSync(path.join(root, 'src'))).toBe(false)
    expect((await monitor.listRestores({})).map(({ kind, state }) => [kind, state])).toEqual([
      ['undo', 'complete'],
      ['restore', 'undone'],
    ])
  })

  it('puts a deleted transcript back byte for byte, and makes a fork of one that went on', async () => {
    const first = await save()
    const saved = fs.readFileSync(transcript)
    fs.appendFileSync(transcript, promptLine(idOf(1), root, 'And on'))
    const forked = await monitor.applyRestore({
      ...wholeOf(first, { selection: { what: 'transcript' } }),
      planId: null,
    })
    const fork = forked.ok ? forked.transcript : null
    expect(fork).toMatchObject({ action: 'fork' })
    const copy = fs.readFileSync(fork?.file ?? '', 'utf8')
    expect(copy).toBe(saved.toString('utf8').replaceAll(idOf(1), fork?.sessionId ?? ''))
    fs.rmSync(transcript)
    const back = await monitor.applyRestore({ ...wholeOf(first, { selection: { what: 'transcript' } }), planId: null })
    expect(back).toMatchObject({ ok: true, transcript: { action: 'create', sessionId: idOf(1), file: transcript } })
    expect(fs.readFileSync(transcript)).toEqual(saved)
    expect(read('a.txt')).toBe('saved\n')
  })
})

/** Text by path, `.git` left out. */
function contents(top: string): Readonly<Record<string, string>> {
  const names = fs.readdirSync(top, { recursive: true, withFileTypes: true })
  const files = names.filter(each => each.isFile() && !/(^|\/)\.git(\/|$)/.test(path.relative(top, each.parentPath)))
  return Object.fromEntries(
    files.map(each => {
      const at = path.join(each.parentPath, each.name)
      return [path.relative(top, at), fs.readFileSync(at, 'utf8')]
    }),
  )
}
