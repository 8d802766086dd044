import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createGit } from '../../shared/engine/git-command.ts'
import { repositoryAt } from '../../shared/engine/git-repository.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { createPrivateGitDirs, type PrivateGitDir } from '../../shared/engine/private-git-dir.ts'
import { git } from '../support/repositories.ts'
import {
  agedPorts,
  countingCommands,
  describeWithGit,
  makeCommitted,
  makeSnapshotWorld,
  type SnapshotWorld,
} from '../support/snapshot-world.ts'

let world: SnapshotWorld
beforeEach(() => {
  world = makeSnapshotWorld()
  makeCommitted(world)
})
afterEach(() => world.remove())

const at = (...names: string[]) => path.join(world.root, ...names)

function prepare(
  root = world.root,
  ports: Ports = agedPorts,
  environment = {},
  timeoutMs = 10_000,
): Promise<PrivateGitDir> {
  const user = { home: world.home, environment: { PATH: process.env['PATH'], ...environment } }
  const dirs = createPrivateGitDirs(ports, createGit(ports.commands, user.environment), world.gitFolder, user)
  return dirs.prepare({ root, repository: repositoryAt(ports.files, root), timeoutMs })
}

/** What git itself reads in a git dir: name=value lines, sorted. */
function settingsIn(dir: PrivateGitDir): readonly string[] {
  return git(dir.path, 'config', '--file', 'config', '--list').trim().split('\n').sort()
}

const fixed = ['core.bare=false', 'core.repositoryformatversion=0']
const textIn = (dir: PrivateGitDir, name: string) => fs.readFileSync(path.join(dir.path, name), 'utf8')

describeWithGit('the settings of our git dir', () => {
  it('are those that change a listing, and no other', async () => {
    fs.writeFileSync(
      at('.git/config'),
      `[core]
\tfileMode = false
\tautoCRLF = input
\tignoreCase = true
\tbare = true
\tworktree = elsewhere
\tfsmonitor = evil
\thooksPath = evil
\tsshCommand = evil
\tgitProxy = evil
\tpager = evil
\teditor = evil
\taskPass = evil
\tattributesFile = elsewhere
\tsymlinks = "false; evil"
[index]
\tthreads = 2
[include]
\tpath = /elsewhere
[includeIf "gitdir:**"]
\tpath = /elsewhere
[filter "x"]
\tclean = evil
[diff "x"]
\ttextconv = evil
[remote "origin"]
\turl = https://user:token@example.invalid/
\tuploadpack = evil
[extensions]
\tpartialClone = origin
[alias]
\tstatus = !evil
[status]
\tshowUntrackedFiles = no
`,
    )
    const dir = await prepare()
    const expected = [...fixed, 'core.autocrlf=input', 'core.filemode=false', 'core.ignorecase=true', 'index.threads=2']
    expect(settingsIn(dir)).toEqual(expected.sort())
    expect(dir.problems).toEqual([])
  })

  it('take in those of one work tree, if it has any', async () => {
    git(world.root, 'config', 'extensions.worktreeConfig', 'true')
    git(world.root, 'config', '--worktree', 'core.fileMode', 'false')
    expect(settingsIn(await prepare())).toContain('core.filemode=false')
  })

  it.each([
    ['the global one', '[core]\n\texcludesFile = ~/ignored\n', undefined],
    ['one that the global one includes', '[include]\n\tpath = more\n', '[core]\n\texcludesFile = ~/ignored\n'],
  ])("hold the user's own list of ignored files: %s", async (_title, config, more = '') => {
    fs.writeFileSync(path.join(world.home, '.gitconfig'), config)
    fs.writeFileSync(path.join(world.home, 'more'), more)
    expect(settingsIn(await prepare())).toContain(`core.excludesfile=${world.home}/ignored`)
  })

  it("hold the user's own list where git looks for it by itself, under XDG_CONFIG_HOME, too", async () => {
    const xdg = path.join(world.folder, 'xdg "quoted" \\ name')
    fs.mkdirSync(path.join(xdg, 'git'), { recursive: true })
    fs.writeFileSync(path.join(xdg, 'git/ignore'), '*.mine\n')
    const dir = await prepare(world.root, agedPorts, { XDG_CONFIG_HOME: xdg })
    expect(settingsIn(dir)).toContain(`core.excludesfile=${xdg}/git/ignore`)
  })

  it('prefer the list of ignored files that the repository names', async () => {
    fs.writeFileSync(path.join(world.home, '.gitconfig'), '[core]\n\texcludesFile = ~/ignored\n')
    world.git('config', 'core.excludesFile', '/srv/ignored')
    expect(settingsIn(await prepare()).filter(line => line.startsWith('core.excludesfile'))).toEqual([
      'core.excludesfile=/srv/ignored',
    ])
  })

  it('are few, with a problem, when the config does not parse', async () => {
    fs.writeFileSync(at('.git/config'), '[core\nbroken')
    const dir = await prepare()
    expect(settingsIn(dir)).toEqual(fixed)
    expect(dir.problems).toEqual([expect.stringContaining(at('.git/config'))])
  })

  it('are read again when a file that they come from has changed, and only then', async () => {
    const { calls, ports } = countingCommands()
    await prepare(world.root, ports)
    await prepare(world.root, ports)
    expect(calls).toHaveLength(1)
    world.git('config', 'core.fileMode', 'false')
    expect(settingsIn(await prepare(world.root, ports))).toContain('core.filemode=false')
    expect(calls).toHaveLength(2)
  })

  it('name the object format', async () => {
    const root = path.join(world.folder, 'sha256')
    fs.mkdirSync(root)
    git(root, 'init', '-q', '--object-format=sha256')
    const [first, second] = [await prepare(root), await prepare(root)]
    expect([first.objectFormat, second.objectFormat]).toEqual(['sha256', 'sha256'])
    expect(settingsIn(first)).toContain('core.repositoryformatversion=1')
  })
})

describeWithGit('HEAD of our git dir', () => {
  const headOf = () => world.git('rev-parse', 'HEAD').trim()

  it.each<[string, string | null, () => void]>([
    ['a branch in a file of its own', 'main', () => {}],
    ['a branch among the packed refs', 'main', () => world.git('pack-refs', '--all')],
    [
      'a packed branch beside one whose name ends alike',
      'main',
      () => {
        world.git('branch', 'x/refs/heads/main')
        world.git('commit', '-q', '--allow-empty', '-m', 'second')
        world.git('pack-refs', '--all')
      },
    ],
    [
      'a branch that moved on after it was packed',
      'main',
      () => {
        world.git('pack-refs', '--all')
        world.git('commit', '-q', '--allow-empty', '-m', 'second')
      },
    ],
    [
      'a branch that is a name for another',
      'alias',
      () => {
        world.git('symbolic-ref', 'refs/heads/alias', 'refs/heads/main')
        world.git('symbolic-ref', 'HEAD', 'refs/heads/alias')
      },
    ],
    ['a commit', null, () => world.git('checkout', '-q', '--detach')],
    [
      'a link, as gits of long ago made it',
      'main',
      () => {
        fs.rmSync(at('.git/HEAD'))
        fs.symlinkSync('refs/heads/main', at('.git/HEAD'))
      },
    ],
  ])('is the commit of %s', async (_title, branch, make) => {
    make()
    const dir = await prepare()
    expect(dir.head).toEqual({ commit: headOf(), branch, known: true })
    expect(textIn(dir, 'HEAD')).toBe(`${headOf()}\n`)
  })

  it('is unborn before the first commit', async () => {
    world.git('symbolic-ref', 'HEAD', 'refs/heads/new')
    const dir = await prepare()
    expect(dir.head).toEqual({ commit: null, branch: 'new', known: true })
    expect(textIn(dir, 'HEAD')).toBe('ref: refs/heads/none\n')
  })

  it.each(['ref: ../../../secret', 'ref: refs/heads/../../../../secret', 'rubbish'])(
    'is not looked for where "%s" would lead',
    async head => {
      fs.writeFileSync(path.join(world.folder, 'secret'), `${'a'.repeat(40)}\n`)
      fs.writeFileSync(at('.git/HEAD'), `${head}\n`)
      expect((await prepare()).head.commit).toBeNull()
    },
  )

  it('is asked of git where refs are in a form that files do not tell', async () => {
    const commit = headOf()
    const answers: Record<string, string> = { 'symbolic-ref': 'refs/heads/main\n', 'rev-parse': `${commit}\n` }
    const asked: string[] = []
    const ports: Ports = {
      ...agedPorts,
      commands: {
        ...agedPorts.commands,
        run: async (file, args, options) => {
          const command = args.find(arg => arg in answers)
          if (command === undefined) return agedPorts.commands.run(file, args, options)
          asked.push(`${command} ${options.env['GIT_DIR']}`)
          return { code: 0, stdout: Buffer.from(answers[command] ?? ''), stderr: '', failure: null }
        },
      },
    }
    fs.writeFileSync(at('.git/HEAD'), 'ref: refs/heads/.invalid\n')
    fs.mkdirSync(at('.git/reftable'))
    fs.writeFileSync(at('.git/reftable/tables.list'), 'one\n')
    expect((await prepare(world.root, ports)).head).toEqual({ commit, branch: 'main', known: true })
    expect(asked).toEqual([`symbolic-ref ${at('.git')}`, `rev-parse ${at('.git')}`])
  })
})

describeWithGit('a HEAD that nobody can read', () => {
  it('costs its time once: a git that was ended over it is not asked again', async () => {
    fs.rmSync(at('.git/HEAD'))
    execFileSync('mkfifo', [at('.git/HEAD')])
    const { calls, ports } = countingCommands()
    const dir = await prepare(world.root, ports, {}, 400)
    expect(dir.head).toEqual({ commit: null, branch: null, known: false })
    const asked = calls.map(({ args }) => args.find(arg => /^(symbolic-ref|rev-parse)$/.test(arg)))
    expect(asked.filter(arg => arg !== undefined)).toEqual(['symbolic-ref'])
  })
})

describeWithGit('the files of our git dir', () => {
  it("are copies of the user's lists, and nothing that runs", async () => {
    fs.mkdirSync(at('.git/info'), { recursive: true })
    fs.writeFileSync(at('.git/info/exclude'), 'mine\n')
    fs.writeFileSync(at('.git/info/attributes'), '* filter=evil\n')
    fs.mkdirSync(at('.git/hooks'), { recursive: true })
    fs.writeFileSync(at('.git/hooks/post-index-change'), '#!/bin/sh\n', { mode: 0o755 })
    world.git('sparse-checkout', 'set', 'src')
    const dir = await prepare()
    const files = fs
      .readdirSync(dir.path, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => entry.name)
    expect(files.sort()).toEqual(['HEAD', 'config', 'exclude', 'sparse-checkout'])
    expect(textIn(dir, 'info/exclude')).toBe('mine\n')
  })

  it('go when theirs go', async () => {
    fs.mkdirSync(at('.git/info'), { recursive: true })
    fs.writeFileSync(at('.git/info/exclude'), 'mine\n')
    world.git('update-index', '--split-index')
    const sharedIn = (folder: string) => fs.readdirSync(folder).filter(name => name.startsWith('sharedindex.'))
    const dir = await prepare()
    expect(sharedIn(dir.path)).toEqual(sharedIn(at('.git')))
    fs.rmSync(at('.git/info/exclude'))
    for (const name of sharedIn(at('.git'))) fs.rmSync(at('.git', name))
    await prepare()
    expect([sharedIn(dir.path), fs.existsSync(path.join(dir.path, 'info/exclude'))]).toEqual([[], false])
  })

  it('lend index and objects in place, those of the main repository for a linked work tree', async () => {
    const linked = path.join(world.folder, 'linked')
    world.git('worktree', 'add', '-q', linked)
    expect((await prepare(linked)).env).toEqual({
      GIT_WORK_TREE: linked,
      GIT_INDEX_FILE: at('.git/worktrees/linked/index'),
      GIT_OBJECT_DIRECTORY: at('.git/objects'),
    })
  })

  it('lie in another folder for each project', async () => {
    fs.mkdirSync(at('plain'))
    const [one, other] = [await prepare(), await prepare(at('plain'))]
    expect(path.dirname(one.path)).toBe(path.dirname(other.path))
    expect(one.path).not.toBe(other.path)
  })
})
