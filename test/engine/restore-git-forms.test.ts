/** Repositories in which git keeps another form of a file than lies in the work tree, through the whole monitor. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RestoreDone, RestoreEntry, RestoreRequest } from '../../shared/core/restore.ts'
import type { Monitor } from '../../shared/engine/monitor.ts'
import { idOf } from '../support/core-values.ts'
import { type MonitorWorld, makeMonitorWorld, promptLine } from '../support/monitor-world.ts'
import { seededRandom } from '../support/random.ts'
import { git } from '../support/repositories.ts'
import { describeWithGit } from '../support/snapshot-world.ts'

const noise = Buffer.from(seededRandom(17).hex(6_000), 'hex')

let world: MonitorWorld
let root: string
let monitor: Monitor
let transcript: string
beforeEach(() => {
  world = makeMonitorWorld('git-forms')
  root = path.join(world.home, 'project')
  fs.mkdirSync(root)
  git(root, 'init', '-q', '-b', 'main')
})
afterEach(async () => {
  await monitor.stop()
  world.remove()
})

const at = (name: string) => path.join(root, name)

function write(name: string, content: string | Uint8Array): void {
  fs.mkdirSync(path.dirname(at(name)), { recursive: true })
  fs.rmSync(at(name), { force: true })
  fs.writeFileSync(at(name), content)
}

/** Commits what lies there, and has git write it anew, in the form that git gives it. */
function commitAndCheckOut(): void {
  git(root, 'add', '-A')
  git(root, 'commit', '-q', '-m', 'first')
  for (const name of git(root, 'ls-files', '-z').split('\0')) if (name !== '') fs.rmSync(at(name))
  git(root, 'checkout', '-q', '--', '.')
  settle()
}

/** Files as old as they are after a while: git takes younger ones for doubtful, and looks at their content each time. */
function settle(): void {
  for (const name of git(root, 'ls-files', '-z').split('\0')) {
    if (name !== '') fs.utimesSync(at(name), 1_700_000_000, 1_700_000_000)
  }
  git(root, 'update-index', '--refresh')
}

/** Takes a checkpoint of the work tree with one changed file in it. */
async function save(): Promise<string> {
  write('work.txt', 'in progress\r\nand mixed\n')
  transcript = world.writeSession(idOf(1), root)
  monitor = await world.started()
  return saveAgain()
}

async function saveAgain(): Promise<string> {
  world.advance(3_600_000)
  const [outcome] = await monitor.requestCheckpoint({ sessionIds: [idOf(1)] })
  if (outcome?.kind !== 'saved') throw new Error(JSON.stringify(outcome))
  return `${outcome.sessionId}/${outcome.seq}`
}

const inPlace = (checkpoint: string): RestoreRequest => ({
  checkpoint,
  selection: { what: 'files' },
  target: { kind: 'in-place' },
  rules: { conflicts: 'replace', deleted: 'restore' },
})

async function restore(request: RestoreRequest): Promise<RestoreDone> {
  const done = await monitor.applyRestore({ ...request, planId: null })
  if (!done.ok) throw new Error(`${done.code}: ${done.message}`)
  return done
}

async function entries(request: RestoreRequest): Promise<ReadonlyMap<string, RestoreEntry>> {
  const planned = await monitor.planRestore(request)
  if (!planned.ok) throw new Error(planned.message)
  return new Map(planned.plan.entries.items.map(entry => [entry.path, entry]))
}

async function actions(request: RestoreRequest): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries([...(await entries(request))].map(([name, { action }]) => [name, action]))
}

/** What a comparison of the checkpoint with now lists. */
async function changes(from: string, to = 'now'): Promise<readonly string[]> {
  const made = await monitor.diffCheckpoint({ from, to, offset: 0, limit: 100 })
  if (!made.ok) throw new Error(made.message)
  return made.diff.files.items.map(({ path: name, change }) => `${change} ${name}`)
}

/** Makes git look at the content of every file again. */
function touchAll(): void {
  const names = git(root, 'ls-files', '-z').split('\0')
  for (const name of names) if (name !== '') fs.utimesSync(at(name), 1_500_000_000, 1_500_000_000)
}

const bytesOf = (name: string) => fs.readFileSync(at(name), 'latin1')

/** A filter as Git LFS is one, and a file that says whether it ran. */
function installLfs(): { readonly ran: () => boolean; readonly forget: () => void } {
  const mark = path.join(world.home, 'filter-ran')
  const script = (name: string, body: string) => {
    const file = path.join(world.home, name)
    fs.writeFileSync(file, `#!/bin/sh\necho ran >> '${mark}'\n${body}\n`, { mode: 0o755 })
    return file
  }
  const clean = script(
    'clean.sh',
    `t=$(mktemp); cat > "$t"; o=$(sha256sum "$t" | cut -c1-64); n=$(wc -c < "$t")
d='${at('.git')}/lfs/objects/'$(echo "$o" | cut -c1-2)/$(echo "$o" | cut -c3-4); mkdir -p "$d"; mv "$t" "$d/$o"
printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize %s\\n' "$o" "$n"`,
  )
  const smudge = script(
    'smudge.sh',
    `o=$(sed -n 's/^oid sha256://p'); cat '${at('.git')}/lfs/objects/'$(echo "$o" | cut -c1-2)/$(echo "$o" | cut -c3-4)/$o`,
  )
  git(root, 'config', 'filter.lfs.clean', clean)
  git(root, 'config', 'filter.lfs.smudge', smudge)
  git(root, 'config', 'filter.lfs.required', 'true')
  return { ran: () => fs.existsSync(mark), forget: () => fs.rmSync(mark, { force: true }) }
}

function lfsObject(content: Uint8Array): string {
  const hash = createHash('sha256').update(content).digest('hex')
  return at(`.git/lfs/objects/${hash.slice(0, 2)}/${hash.slice(2, 4)}/${hash}`)
}

/** The project of the tests about Git LFS. */
async function saveLfs() {
  const filter = installLfs()
  write('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n')
  write('big.bin', noise)
  write('a.txt', 'committed\n')
  commitAndCheckOut()
  expect(git(root, 'cat-file', '-p', 'HEAD:big.bin')).toContain('oid sha256:')
  filter.forget()
  return { id: await save(), filter }
}

describeWithGit('a restore of files that git keeps in another form (invariants of head-forms)', () => {
  const settings: readonly (readonly [name: string, prepare: () => void])[] = [
    ['core.autocrlf=true', () => git(root, 'config', 'core.autocrlf', 'true')],
    ['text eol=crlf', () => write('.gitattributes', '* text eol=crlf\n')],
    ['text=auto with core.eol=crlf', () => prepareAuto()],
  ]
  function prepareAuto(): void {
    git(root, 'config', 'core.eol', 'crlf')
    write('.gitattributes', '* text=auto\n')
  }

  for (const [name, prepare] of settings) {
    it(`finds files with other line ends the same, and gives deleted ones back to the byte: ${name} (2)`, async () => {
      prepare()
      write('a.txt', 'one\ntwo\n')
      write('deep/b.txt', 'three\n')
      commitAndCheckOut()
      expect(bytesOf('a.txt')).toBe('one\r\ntwo\r\n')
      const saved = await save()
      expect(await changes(saved)).toEqual([])
      expect(await actions(inPlace(saved))).toMatchObject({ 'a.txt': 'same', 'deep/b.txt': 'same', 'work.txt': 'same' })
      touchAll()
      expect(await changes(saved)).toEqual([])
      fs.rmSync(at('a.txt'))
      write('deep/b.txt', 'changed\n')
      expect(await actions(inPlace(saved))).toMatchObject({ 'a.txt': 'create', 'deep/b.txt': 'conflict' })
      expect(await restore(inPlace(saved))).toMatchObject({ kind: 'complete', written: { files: 2, bytes: 17 } })
      expect([bytesOf('a.txt'), bytesOf('deep/b.txt'), bytesOf('work.txt')]).toEqual([
        'one\r\ntwo\r\n',
        'three\r\n',
        'in progress\r\nand mixed\n',
      ])
      expect(await changes(saved)).toEqual([])
    })
  }

  it('keeps the LF of a file that had LF where git would write CR LF (1)', async () => {
    git(root, 'config', 'core.autocrlf', 'true')
    write('lf.txt', 'one\ntwo\n')
    git(root, 'add', '-A')
    git(root, 'commit', '-q', '-m', 'first')
    const saved = await save()
    fs.rmSync(at('lf.txt'))
    await restore(inPlace(saved))
    expect(bytesOf('lf.txt')).toBe('one\ntwo\n')
  })

  it('blocks a file of mixed line ends, and says what gives it back (4)', async () => {
    git(root, 'config', 'core.autocrlf', 'true')
    write('mixed file.txt', 'one\r\ntwo\n')
    git(root, 'add', '-A')
    git(root, 'commit', '-q', '-m', 'first')
    const saved = await save()
    expect(await actions(inPlace(saved))).toMatchObject({ 'mixed file.txt': 'same' })
    fs.rmSync(at('mixed file.txt'))
    const head = git(root, 'rev-parse', 'HEAD').slice(0, 12)
    expect((await entries(inPlace(saved))).get('mixed file.txt')).toMatchObject({
      action: 'blocked',
      willWrite: false,
      note: `git keeps it with other line ends, and which it had is not known; \`git restore --source=${head} -- 'mixed file.txt'\` gives it back`,
    })
    await restore(inPlace(saved))
    expect(fs.existsSync(at('mixed file.txt'))).toBe(false)
  })

  it('blocks what the index does not vouch for any more, and takes it from git where line ends are LF (1, 4)', async () => {
    git(root, 'config', 'core.autocrlf', 'true')
    write('.gitattributes', 'unix.txt text eol=lf\n')
    write('dos.txt', 'one\n')
    write('unix.txt', 'one\n')
    commitAndCheckOut()
    const saved = await save()
    write('dos.txt', 'two\r\n')
    write('unix.txt', 'two\n')
    git(root, 'commit', '-q', '-m', 'second', 'dos.txt', 'unix.txt')
    expect(await actions(inPlace(saved))).toMatchObject({ 'dos.txt': 'blocked', 'unix.txt': 'overwrite' })
    await restore(inPlace(saved))
    expect([bytesOf('dos.txt'), bytesOf('unix.txt')]).toEqual(['two\r\n', 'one\n'])
  })

  it('takes the attributes of the checkpoint, not those that lie there now', async () => {
    write('.gitattributes', '* text eol=crlf\n')
    write('a.txt', 'one\n')
    commitAndCheckOut()
    const saved = await save()
    fs.rmSync(at('.gitattributes'))
    fs.rmSync(at('a.txt'))
    await restore(inPlace(saved))
    expect(bytesOf('a.txt')).toBe('one\r\n')
  })

  it("finds the user's own attributes and settings", async () => {
    fs.mkdirSync(path.join(world.home, '.config/git'), { recursive: true })
    fs.writeFileSync(path.join(world.home, '.config/git/attributes'), '*.sec filter=crypt\n')
    fs.writeFileSync(path.join(world.home, '.gitconfig'), '[core]\n\tautocrlf = true\n')
    git(root, 'config', 'core.autocrlf', 'true')
    write('a.sec', 'kept\n')
    write('a.txt', 'one\n')
    commitAndCheckOut()
    git(root, 'config', '--unset', 'core.autocrlf')
    const saved = await save()
    fs.rmSync(at('a.sec'))
    fs.rmSync(at('a.txt'))
    expect(await actions(inPlace(saved))).toMatchObject({ 'a.sec': 'blocked', 'a.txt': 'create' })
    await restore(inPlace(saved))
    expect(bytesOf('a.txt')).toBe('one\r\n')
  })

  it('finds what Git LFS keeps the same, touched or not, and runs no filter (5)', async () => {
    const { id, filter } = await saveLfs()
    expect(await actions(inPlace(id))).toMatchObject({ 'big.bin': 'same' })
    expect(await changes(id)).toEqual([])
    touchAll()
    expect(await actions(inPlace(id))).toMatchObject({ 'big.bin': 'same' })
    expect(await changes(id)).toEqual([])
    expect(filter.ran()).toBe(false)
  })

  it('gives back what Git LFS keeps from its own store, to the byte (3)', async () => {
    const { id, filter } = await saveLfs()
    write('big.bin', 'changed')
    expect(await actions(inPlace(id))).toMatchObject({ 'big.bin': 'conflict' })
    await restore(inPlace(id))
    expect(fs.readFileSync(at('big.bin'))).toEqual(noise)
    fs.rmSync(at('big.bin'))
    const done = await restore(inPlace(id))
    expect(fs.readFileSync(at('big.bin'))).toEqual(noise)
    await monitor.undoRestore({ restoreId: done.restoreId ?? '', conflicts: 'keep' })
    expect(fs.existsSync(at('big.bin'))).toBe(false)
    expect(filter.ran()).toBe(false)
  })

  it('blocks what Git LFS does not have, and writes no pointer in its place (3, 4)', async () => {
    const { id } = await saveLfs()
    fs.rmSync(at('.git/lfs'), { recursive: true })
    write('big.bin', 'changed')
    const head = git(root, 'rev-parse', 'HEAD').slice(0, 12)
    expect((await entries(inPlace(id))).get('big.bin')).toMatchObject({
      action: 'blocked',
      note: `it is kept by Git LFS, which does not have it on this machine; \`git lfs fetch origin ${head}\` brings it, then restore it again`,
    })
    await restore(inPlace(id))
    expect(bytesOf('big.bin')).toBe('changed')
  })

  it('leaves a file alone if what Git LFS has is damaged, and restores the others (3)', async () => {
    const { id } = await saveLfs()
    fs.chmodSync(lfsObject(noise), 0o644)
    fs.writeFileSync(lfsObject(noise), Buffer.alloc(noise.length, 7))
    write('big.bin', 'changed')
    write('a.txt', 'changed\n')
    expect(await restore(inPlace(id))).toMatchObject({
      kind: 'incomplete',
      written: { files: 1 },
      failures: [
        { path: 'big.bin', reason: 'what Git LFS has of it does not have its hash; `git lfs fsck` tells more' },
      ],
    })
    expect([bytesOf('big.bin'), bytesOf('a.txt')]).toEqual(['changed', 'committed\n'])
  })

  it('keeps the pointer where the work tree had the pointer (1)', async () => {
    const filter = installLfs()
    write('.gitattributes', '*.bin filter=lfs -text\n')
    write('big.bin', noise)
    git(root, 'add', '-A')
    git(root, 'commit', '-q', '-m', 'first')
    // As Git LFS does with a pointer that it is told not to fill.
    git(root, 'config', 'filter.lfs.smudge', 'cat')
    git(root, 'config', 'filter.lfs.clean', 'cat')
    fs.rmSync(at('big.bin'))
    git(root, 'checkout', '-q', '--', '.')
    settle()
    const pointer = bytesOf('big.bin')
    filter.forget()
    const saved = await save()
    fs.rmSync(at('big.bin'))
    await restore(inPlace(saved))
    expect(bytesOf('big.bin')).toBe(pointer)
  })

  it('puts what Git LFS has into a side folder and an archive, and leaves out what it has not', async () => {
    const { id } = await saveLfs()
    const side = (name: string): RestoreRequest => ({
      ...inPlace(id),
      target: { kind: 'side', folder: path.join(world.home, name) },
    })
    expect(await restore(side('with'))).toMatchObject({ failures: [] })
    expect(fs.readFileSync(path.join(world.home, 'with/files/big.bin'))).toEqual(noise)
    expect(await monitor.exportCheckpoint({ checkpoint: id, to: path.join(world.home, 'with.tar.zst') })).toMatchObject(
      {
        ok: true,
        notes: [],
      },
    )
    fs.rmSync(at('.git/lfs'), { recursive: true })
    expect((await entries(side('without'))).get('big.bin')).toMatchObject({ action: 'blocked', willWrite: false })
    expect(await restore(side('without'))).toMatchObject({ failures: [{ path: 'big.bin' }] })
    expect(fs.existsSync(path.join(world.home, 'without/files/big.bin'))).toBe(false)
    expect(fs.readFileSync(path.join(world.home, 'without/as-in-git/big.bin'), 'utf8')).toContain('oid sha256:')
    const without = path.join(world.home, 'without.tar.zst')
    expect(await monitor.exportCheckpoint({ checkpoint: id, to: without })).toMatchObject({
      ok: true,
      notes: [
        expect.stringMatching(
          /^big\.bin is not in it as it was: what git keeps of it is put into as-in-git\/: it is kept by Git LFS/,
        ),
      ],
    })
  })

  it('blocks what another filter made, and finds it the same while git does (4, 5)', async () => {
    git(root, 'config', 'filter.shout.smudge', 'tr a-z A-Z')
    git(root, 'config', 'filter.shout.clean', 'tr A-Z a-z')
    write('.gitattributes', '*.loud filter=shout\n')
    write('a.loud', 'quiet\n')
    commitAndCheckOut()
    expect(bytesOf('a.loud')).toBe('QUIET\n')
    const saved = await save()
    expect(await actions(inPlace(saved))).toMatchObject({ 'a.loud': 'same' })
    fs.rmSync(at('a.loud'))
    expect((await entries(inPlace(saved))).get('a.loud')).toMatchObject({
      action: 'blocked',
      note: expect.stringMatching(/^git keeps it through the filter "shout", which is not run here; `git restore/),
    })
    await restore(inPlace(saved))
    expect(fs.existsSync(at('a.loud'))).toBe(false)
  })

  it('blocks names that git writes into files, and other encodings; what git keeps of them lies apart in a side folder (4)', async () => {
    write('.gitattributes', '*.c ident\n*.utf16 text working-tree-encoding=UTF-16LE eol=lf\n')
    write('a.c', '/* $Id$ */\n')
    write('plain.c', 'int main;\n')
    write('a.utf16', Buffer.from('wide\n', 'utf16le'))
    commitAndCheckOut()
    expect(bytesOf('a.c')).toMatch(/^\/\* \$Id: [0-9a-f]{40} \$ \*\/\n$/)
    const saved = await save()
    expect(await actions(inPlace(saved))).toMatchObject({ 'a.c': 'same', 'plain.c': 'same', 'a.utf16': 'same' })
    for (const name of ['a.c', 'plain.c', 'a.utf16']) fs.rmSync(at(name))
    expect(await actions(inPlace(saved))).toMatchObject({ 'a.c': 'blocked', 'plain.c': 'create', 'a.utf16': 'blocked' })
    const folder = path.join(world.home, 'side')
    const done = await restore({ ...inPlace(saved), target: { kind: 'side', folder } })
    expect(done.failures.map(({ path: name }) => name)).toEqual(['a.c', 'a.utf16'])
    expect(fs.readdirSync(path.join(folder, 'files')).sort()).toEqual(['.gitattributes', 'plain.c', 'work.txt'])
    expect(fs.readFileSync(path.join(folder, 'as-in-git/a.utf16'), 'utf8')).toBe('wide\n')
  })

  it('compares two checkpoints by what lay in the work tree', async () => {
    git(root, 'config', 'core.autocrlf', 'true')
    write('a.txt', 'one\n')
    write('b.txt', 'one\n')
    commitAndCheckOut()
    write('a.txt', 'one\r\ntwo\r\n')
    const first = await save()
    git(root, 'add', 'a.txt')
    git(root, 'commit', '-q', '-m', 'second')
    expect(await changes(first)).toEqual([])
    write('b.txt', 'one\r\nthree\r\n')
    fs.appendFileSync(transcript, promptLine(idOf(1), root, 'And then?'))
    const second = await saveAgain()
    expect(await changes(first, second)).toEqual(['changed b.txt'])
    expect(await monitor.diffFile({ from: first, to: second, path: 'b.txt' })).toMatchObject({
      diff: { kind: 'text', hunks: [{ lines: [' one\r', '+three\r'] }] },
    })
  })
})
