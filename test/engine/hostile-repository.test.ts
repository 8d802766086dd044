/**
 * Every way in which a repository can make git run a program, each really tried.
 *
 * First the attack is shown to work: by `git status`, or, where git's own `status` is safe, by the command that falls
 * for it, so that no attack is harmless only because it was set up wrongly. Then a capture runs nothing and is exact.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { CommandRunner } from '../../shared/engine/ports.ts'
import { idOf } from '../support/core-values.ts'
import { createFiller } from '../support/filler.ts'
import { madeUpTokens } from '../support/made-up-tokens.ts'
import { folderContent } from '../support/materialised-tree.ts'
import { type MonitorWorld, makeMonitorWorld } from '../support/monitor-world.ts'
import { seededRandom } from '../support/random.ts'
import { git, makeRepository } from '../support/repositories.ts'
import {
  countingCommands,
  describeWithGit,
  makeCommitted,
  makeSnapshotWorld,
  type SnapshotWorld,
} from '../support/snapshot-world.ts'

let world: SnapshotWorld
/** A program that leaves a trace when it is run, and the trace. */
let sentinel: string
let canary: string

function makeWorld(): void {
  world = makeSnapshotWorld()
  makeCommitted(world)
  canary = path.join(world.folder, 'canary')
  sentinel = path.join(world.folder, 'sentinel')
  fs.writeFileSync(sentinel, `#!/bin/sh\necho "$0 $*" >> '${canary}'\ncat\n`, { mode: 0o755 })
  // Same size, other time: git has to look at the content.
  world.write('a.txt', 'two\n')
}

const at = (...names: string[]) => path.join(world.root, ...names)
const wasRun = () => fs.existsSync(canary)
const config = (...args: readonly string[]) => world.git('config', ...args)

/** Runs git for the user; what becomes of it does not matter. */
function attempt(...args: readonly string[]): void {
  try {
    git(world.root, ...args)
  } catch {}
}

/** The first one only refreshes the index, which is what some of the attacks wait for. */
function statusTwice(): void {
  attempt('status')
  fs.utimesSync(at('run.sh'), 1, 1)
  attempt('status')
}

/** Shows that the attack works, and makes ready for another one. */
function expectToFall(control: () => void): void {
  control()
  expect(wasRun()).toBe(true)
  fs.rmSync(canary)
  fs.utimesSync(at('run.sh'), 2, 2)
}

function include(setting: string): void {
  fs.writeFileSync(at('evil.inc'), `[core]\n\tfsmonitor = ${sentinel}\n`)
  config(setting, '../evil.inc')
}

function filterEverything(root: string, driver: string, name = 'evil'): void {
  fs.writeFileSync(path.join(root, '.gitattributes'), `* filter=${name}\n`)
  git(root, 'config', `filter.${name}.${driver}`, sentinel)
}

function hook(folder: string): void {
  fs.mkdirSync(folder, { recursive: true })
  fs.copyFileSync(sentinel, path.join(folder, 'post-index-change'))
}

/** The file of a submodule keeps its size, so that git must look inside. */
function dirtySubmodule(): string {
  const origin = path.join(world.folder, 'origin')
  fs.mkdirSync(origin)
  git(origin, 'init', '-q', '-b', 'main')
  fs.writeFileSync(path.join(origin, 'lib.txt'), 'one\n')
  git(origin, 'add', '-A')
  git(origin, 'commit', '-q', '-m', 'library')
  world.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin, 'lib')
  world.git('commit', '-q', '-m', 'with a submodule')
  fs.writeFileSync(at('lib/lib.txt'), 'two\n')
  return at('lib')
}

/** A remote to fetch missing objects from, and a staged change that makes git read the tree that is missing. */
function promisor(settings: Readonly<Record<string, string>>): void {
  const all = { 'extensions.partialClone': 'origin', 'remote.origin.promisor': 'true', ...settings }
  config('core.repositoryFormatVersion', '1')
  for (const [name, value] of Object.entries(all)) config(name, value)
  const tree = world.git('rev-parse', 'HEAD:src').trim()
  world.write('src/b.ts', 'staged\n')
  world.git('add', 'src/b.ts')
  fs.rmSync(at('.git/objects', tree.slice(0, 2), tree.slice(2)))
}

/** Not the sentinel: that would wait for the other end to speak. */
const trace = () => `touch '${canary}'; false`

type Attack = readonly [title: string, arm: () => void]

/** 1 to 13: `git status` runs the program. */
const onStatus: readonly Attack[] = [
  ['core.fsmonitor', () => config('core.fsmonitor', sentinel)],
  ['core.fsmonitor in an included file', () => include('include.path')],
  ['core.fsmonitor in a file included on a condition', () => include('includeIf.gitdir:**.path')],
  [
    'core.fsmonitor in config.worktree',
    () => {
      config('extensions.worktreeConfig', 'true')
      config('--worktree', 'core.fsmonitor', sentinel)
    },
  ],
  ['a clean filter', () => filterEverything(world.root, 'clean')],
  ['a filter process', () => filterEverything(world.root, 'process')],
  ['a filter with an odd name', () => filterEverything(world.root, 'clean', 'a.b]"=c')],
  [
    'a filter of .git/info/attributes',
    () => {
      fs.mkdirSync(at('.git/info'), { recursive: true })
      fs.writeFileSync(at('.git/info/attributes'), '* filter=evil\n')
      config('filter.evil.clean', sentinel)
    },
  ],
  [
    'a filter of core.attributesFile',
    () => {
      fs.writeFileSync(path.join(world.folder, 'attributes'), '* filter=evil\n')
      config('core.attributesFile', path.join(world.folder, 'attributes'))
      config('filter.evil.clean', sentinel)
    },
  ],
  ['a hook', () => hook(at('.git/hooks'))],
  [
    'a hook in core.hooksPath',
    () => {
      hook(at('.githooks'))
      config('core.hooksPath', at('.githooks'))
    },
  ],
  ["a submodule's core.fsmonitor", () => git(dirtySubmodule(), 'config', 'core.fsmonitor', sentinel)],
  ["a submodule's clean filter", () => filterEverything(dirtySubmodule(), 'clean')],
]

/** 14 to 16: `git status` fetches a missing object, and the way to it is a program. */
const onFetch: readonly Attack[] = [
  ['core.sshCommand', () => promisor({ 'core.sshCommand': trace(), 'remote.origin.url': 'ssh://example.invalid/x' })],
  [
    'an ext:: address',
    () => promisor({ 'protocol.ext.allow': 'always', 'remote.origin.url': `ext::sh -c touch% ${canary}` }),
  ],
  [
    'remote.origin.uploadpack',
    () => promisor({ 'remote.origin.uploadpack': trace(), 'remote.origin.url': at('.git') }),
  ],
]

/** 17 to 25: git's own `status` is safe, another command is not. */
const elsewhere: readonly (readonly [title: string, arm: () => void, control: () => void])[] = [
  ['diff.external', () => config('diff.external', sentinel), () => attempt('diff')],
  [
    'a textconv',
    () => {
      fs.writeFileSync(at('.gitattributes'), '* diff=evil\n')
      config('diff.evil.textconv', sentinel)
    },
    () => attempt('diff'),
  ],
  [
    'gpg.program',
    () => {
      config('gpg.program', sentinel)
      config('commit.gpgSign', 'true')
    },
    () => attempt('commit', '--allow-empty', '-m', 'signed'),
  ],
  ['an alias', () => config('alias.evil', `!${sentinel} </dev/null`), () => attempt('evil')],
  [
    'core.editor',
    () => config('core.editor', `${sentinel} </dev/null; false`),
    () => attempt('commit', '--allow-empty'),
  ],
  [
    'core.askPass',
    () => config('core.askPass', sentinel),
    () =>
      attempt(
        '-c',
        'protocol.allow=always',
        '-c',
        'alias.ask=!printf "protocol=https\\nhost=x\\n\\n" | git credential fill',
        'ask',
      ),
  ],
  [
    'core.pager',
    () => {
      config('core.pager', sentinel)
      config('pager.status', 'true')
    },
    () => attempt('-c', 'alias.page=!$(git var GIT_PAGER) </dev/null', 'page'),
  ],
  [
    "a submodule's update command",
    () => {
      git(dirtySubmodule(), 'commit', '-q', '-a', '-m', 'moved on')
      config('submodule.lib.update', `!${sentinel} </dev/null`)
    },
    () => attempt('submodule', 'update'),
  ],
  [
    "an embedded repository's core.fsmonitor",
    () => {
      git(world.root, 'init', '-q', 'inner')
      world.write('inner/own.txt', 'own\n')
      git(at('inner'), 'config', 'core.fsmonitor', sentinel)
    },
    () => attempt('-C', 'inner', 'status'),
  ],
]

/** Nothing ran, and what is restored is the work tree to the byte. */
async function expectExactCapture(): Promise<void> {
  const captured = await world.capture()
  expect(wasRun()).toBe(false)
  expect(captured.manifest.degraded).toBeNull()
  expect(world.restored(captured)).toEqual(folderContent(world.root))
}

describeWithGit('a hostile repository runs nothing of its own', () => {
  beforeEach(makeWorld)
  afterEach(() => world.remove())

  it.each(onStatus)('through %s, which git status falls for', async (_title, arm) => {
    arm()
    expectToFall(statusTwice)
    await expectExactCapture()
  })

  it.each(onFetch)('through %s of a promisor remote, which git status falls for', async (_title, arm) => {
    arm()
    expectToFall(statusTwice)
    const captured = await world.capture()
    expect(wasRun()).toBe(false)
    // The tree of HEAD is not to be had, so everything is saved.
    expect(captured.manifest.degraded).toBe('no-head')
    expect(world.restored(captured)).toEqual(folderContent(world.root))
  })

  it.each(elsewhere)('through %s, which another command falls for', async (_title, arm, control) => {
    arm()
    expectToFall(control)
    await expectExactCapture()
  })

  it('through any setting when git itself is asked for a HEAD that files do not tell', async () => {
    // What git takes for the branch, and a reader of files leaves to git.
    fs.writeFileSync(at('.git/HEAD'), 'ref:refs/heads/main\n')
    hook(at('.git/hooks'))
    config('core.fsmonitor', sentinel)
    config('core.pager', sentinel)
    for (const name of ['symbolic-ref', 'rev-parse']) {
      config(`pager.${name}`, sentinel)
      config(`alias.${name}`, `!${sentinel} </dev/null`)
    }
    expectToFall(statusTwice)
    const { calls, ports } = countingCommands()
    const captured = await world.capture(null, world.snapshotter({ ports }))
    expect(calls.some(({ args }) => args.includes('rev-parse'))).toBe(true)
    expect(wasRun()).toBe(false)
    expect(captured.manifest).toMatchObject({ branch: 'main', head: world.git('rev-parse', 'HEAD').trim() })
    expect(world.restored(captured)).toEqual(folderContent(world.root))
  })

  it('through GIT_ variables in the environment that we were started with', async () => {
    const environment = {
      PATH: process.env['PATH'],
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.fsmonitor',
      GIT_CONFIG_VALUE_0: sentinel,
      GIT_DIR: path.join(world.folder, 'elsewhere'),
      GIT_INDEX_FILE: path.join(world.folder, 'elsewhere-index'),
    }
    const { GIT_DIR, GIT_INDEX_FILE, ...monitor } = environment
    expectToFall(() => execFileSync('git', ['status'], { cwd: world.root, env: monitor, stdio: 'ignore' }))
    const { manifest } = await world.capture(null, world.snapshotter({ environment }))
    expect(wasRun()).toBe(false)
    expect(manifest.files).toMatchObject([{ path: 'a.txt' }])
  })
})

describeWithGit('a hostile repository leads nowhere else', () => {
  beforeEach(makeWorld)
  afterEach(() => world.remove())

  function makeOutside(): string {
    const outside = path.join(world.folder, 'outside')
    fs.mkdirSync(outside)
    fs.writeFileSync(path.join(outside, 'secret.txt'), 'outside secret\n')
    return outside
  }

  it('through core.worktree, which git status follows', async () => {
    config('core.worktree', makeOutside())
    expect(git(world.root, 'status', '--porcelain')).toContain('secret.txt')
    await expectExactCapture()
  })

  it('through a core.excludesFile that breaks git: then everything is saved', async () => {
    config('core.excludesFile', makeOutside())
    const captured = await world.capture()
    expect(captured.manifest.degraded).toBe('git-failed')
    expect(world.restored(captured)).toEqual(folderContent(world.root))
  })

  it('through a .git that is a link to another repository, which git status follows', async () => {
    const outside = makeOutside()
    git(outside, 'init', '-q')
    fs.renameSync(at('.git'), path.join(world.folder, 'moved.git'))
    fs.symlinkSync(path.join(outside, '.git'), at('.git'))
    expect(git(world.root, 'status', '--porcelain')).toContain('?? a.txt')
    const captured = await world.capture()
    expect(captured.manifest).toMatchObject({ base: 'no-git', head: null })
    expect(captured.pack.added.map(String).join()).not.toContain('outside secret')
  })

  it('through alternates, of which only objects are read', async () => {
    const outside = makeOutside()
    fs.mkdirSync(at('.git/objects/info'), { recursive: true })
    fs.writeFileSync(at('.git/objects/info/alternates'), `${outside}\n/nowhere\n`)
    await expectExactCapture()
    expect(fs.readdirSync(outside)).toEqual(['secret.txt'])
  })
})

describeWithGit('a session in a hostile repository', () => {
  const session = idOf(1)
  let machine: MonitorWorld
  let root: string
  beforeEach(() => {
    machine = makeMonitorWorld('hostile')
    const random = seededRandom('hostile')
    root = makeRepository(path.join(machine.folder, 'repo'), random, createFiller(random)).root
    machine.writeSession(session, root)
  })
  afterEach(() => machine.remove())

  async function cycle(change: Parameters<MonitorWorld['started']>[0] = {}) {
    const monitor = await machine.started(change)
    const summary = await monitor.runCycle({})
    const state = await monitor.getState({})
    await monitor.stop()
    return { summary, view: state.sessions.find(each => each.sessionId === session), state }
  }

  it('has its transcript saved when a pipe as .gitignore hangs every git, and says why there is no work tree', async () => {
    fs.rmSync(path.join(root, '.gitignore'))
    execFileSync('mkfifo', [path.join(root, '.gitignore')])
    const real = nodePorts(() => {}).commands
    const run: CommandRunner['run'] = (file, args, options) => {
      return real.run(file, args, { ...options, timeoutMs: Math.min(options.timeoutMs, 1_000) })
    }
    const { summary, view } = await cycle({ commands: { ...real, run } })
    expect(summary).toMatchObject({ created: 1, failed: 0 })
    expect(view?.lastCheckpoint).toMatchObject({ treeFiles: 0, treeError: expect.stringContaining('in time') })
    const newest = machine.store().newest(session)
    expect(newest).toMatchObject({ ok: true, record: { tree: null, treeError: { code: 'timed-out' } } })
    expect(view?.lastCheckpoint?.transcriptBytes).toBeGreaterThan(0)
  })

  it('leaves a store that only its user can read', async () => {
    await cycle()
    const entries = fs.readdirSync(machine.dataDir, { recursive: true, withFileTypes: true })
    const modes = entries.map(entry => {
      const { mode } = fs.statSync(path.join(entry.parentPath, entry.name))
      return `${entry.isDirectory() ? 'folder' : 'file'} ${(mode & 0o777).toString(8)}`
    })
    expect(new Set(modes)).toEqual(new Set(['folder 700', 'file 600']))
  })

  it('has no token of a remote address in record, manifest, brief, log or git dir', async () => {
    const tokens = Object.values(madeUpTokens).map(({ token }) => token)
    const [first = '', second = '', third = ''] = tokens
    git(root, 'remote', 'add', 'origin', `https://ann:${first}@example.invalid/shop.git`)
    git(root, 'config', 'remote.origin.pushurl', `https://${second}@example.invalid/shop.git`)
    git(root, 'config', 'http.extraHeader', `Authorization: Bearer ${third}`)
    git(root, 'config', 'branch.main.remote', `https://ann:${first}@example.invalid/shop.git`)
    const logged: string[] = []
    await cycle({ log: (...words) => logged.push(JSON.stringify(words)) })
    const store = machine.store()
    const newest = store.newest(session)
    const record = newest.ok && newest.record ? newest.record : expect.fail('no record')
    const read = store.readManifest(record)
    const { gitDirs } = dataPaths(machine.dataDir)
    const gitFiles = fs.readdirSync(gitDirs, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    const kept = gitFiles.map(entry => fs.readFileSync(path.join(entry.parentPath, entry.name), 'utf8'))
    const texts = [JSON.stringify(record), JSON.stringify(read), record.brief, ...logged, ...kept]
    expect(texts.length).toBeGreaterThan(5)
    expect(texts.flatMap(text => tokens.filter(token => text.includes(token)))).toEqual([])
  })
})
