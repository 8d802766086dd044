/**
 * Work trees for tests: real git repositories with every kind of change, and plain folders.
 *
 * Author, dates and contents come from the seed, so commits have the same hashes on every machine. git runs with an
 * environment of its own: no configuration of the user, no hooks, no prompt.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { Filler } from './filler.ts'
import type { Random } from './random.ts'

export type TreeChange = 'modified' | 'staged' | 'untracked' | 'deleted'

export interface ChangedPath {
  /** Relative to the root, with '/' between parts. */
  readonly path: string
  readonly change: TreeChange
  /** What lies there now. */
  readonly content: 'text' | 'binary' | 'executable' | 'link' | 'nothing'
}

export interface WorkTree {
  /** Absolute, links followed. */
  readonly root: string
  readonly name: string
  readonly kind: 'git' | 'folder' | 'missing'
  readonly branch: string | null
  readonly head: string | null
  /** True when `head` is on a remote-tracking branch. */
  readonly pushed: boolean
  /** What `git status` must list, sorted by path; empty where there is no git. */
  readonly changes: readonly ChangedPath[]
  /** Present but ignored by git. */
  readonly ignored: readonly string[]
}

export interface WorkTreePlan {
  readonly branch?: string
  /** Tracked files of filler, beside those that every repository has. Default 6. */
  readonly files?: number
  /** Default true: one change of each kind. */
  readonly dirty?: boolean
  /** Default false. */
  readonly pushed?: boolean
}

/** Fixed, so that commits have fixed hashes: 2026-01-05T08:00:00Z in seconds. */
const commitTime = 1_767_600_000

export function gitEnv(home: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ann Example',
    GIT_AUTHOR_EMAIL: 'ann@example.invalid',
    GIT_COMMITTER_NAME: 'Ann Example',
    GIT_COMMITTER_EMAIL: 'ann@example.invalid',
    GIT_AUTHOR_DATE: `${commitTime} +0000`,
    GIT_COMMITTER_DATE: `${commitTime} +0000`,
    LC_ALL: 'C.UTF-8',
  }
}

/** Runs git in `root` and returns what it printed. @throws {Error} with git's words when it fails. */
export function git(root: string, ...args: readonly string[]): string {
  return gitWithInput(root, undefined, args)
}

function gitWithInput(root: string, input: Buffer | undefined, args: readonly string[]): string {
  return execFileSync('git', args, {
    cwd: root,
    env: gitEnv(path.dirname(root)),
    ...(input === undefined ? {} : { input }),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 60_000,
  })
}

/** False where git is not installed: tests that need it skip themselves and say so. */
export function hasGit(): boolean {
  try {
    execFileSync('git', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface TrackedFile {
  /** With '/' between parts. */
  readonly path: string
  readonly mode: '100644' | '100755' | '120000'
  readonly content: Buffer
}

/** A new repository at `root`, which must not exist. Two commits; the second is HEAD. */
export function makeRepository(root: string, random: Random, filler: Filler, plan: WorkTreePlan = {}): WorkTree {
  const committed = commitFiles(root, trackedFiles(random, filler, plan.files ?? 6), plan)
  const dirty = plan.dirty ?? true
  return dirty ? { ...committed, ...makeChanges(root, random, filler) } : committed
}

/** A new, clean repository that tracks exactly these files; the first one is committed a day before the others. */
export function commitFiles(
  root: string,
  files: readonly TrackedFile[],
  plan: Pick<WorkTreePlan, 'branch' | 'pushed'> = {},
): WorkTree {
  const { branch = 'main', pushed = false } = plan
  fs.mkdirSync(root, { recursive: true })
  git(root, 'init', '-q', '--template=', '-b', branch)
  gitWithInput(root, history(branch, files, pushed), ['fast-import', '--quiet'])
  git(root, 'reset', '-q', '--hard')
  const head = git(root, 'rev-parse', 'HEAD').trim()
  return { root, name: path.basename(root), kind: 'git', branch, head, pushed, changes: [], ignored: [] }
}

function trackedFiles(random: Random, filler: Filler, count: number): readonly TrackedFile[] {
  const text = (name: string, content: string): TrackedFile => ({
    path: name,
    mode: '100644',
    content: Buffer.from(content),
  })
  const more = Array.from({ length: count }, (_, i) => text(`src/module-${i}.ts`, filler.code(random.int(100, 4000))))
  return [
    text('README.md', `# ${filler.title()}\n\n${filler.prose(300)}\n`),
    text('.gitignore', 'node_modules/\n*.log\n.env\n'),
    text('docs/übersicht 项目.md', filler.unicode(200)),
    text('src/removed-later.ts', filler.code(300)),
    { path: 'bin/run.sh', mode: '100755', content: Buffer.from('#!/bin/sh\necho run\n') },
    { path: 'src/linked.ts', mode: '120000', content: Buffer.from('module-0.ts') },
    { path: 'assets/logo.bin', mode: '100644', content: Buffer.from(filler.base64(2000), 'base64') },
    ...more,
  ]
}

/** A `git fast-import` stream: one process for the whole history. */
function history(branch: string, files: readonly TrackedFile[], pushed: boolean): Buffer {
  const data = (content: Buffer) => [Buffer.from(`data ${content.length}\n`), content, Buffer.from('\n')]
  const file = (entry: TrackedFile) => [
    Buffer.from(`M ${entry.mode} inline "${quoted(entry.path)}"\n`),
    ...data(entry.content),
  ]
  const commit = (at: number, message: string, entries: readonly TrackedFile[]) => [
    Buffer.from(`commit refs/heads/${branch}\ncommitter Ann Example <ann@example.invalid> ${at} +0000\n`),
    ...data(Buffer.from(message)),
    ...entries.flatMap(file),
  ]
  const remote = pushed ? [Buffer.from(`reset refs/remotes/origin/${branch}\nfrom refs/heads/${branch}\n\n`)] : []
  const [first = [], second = []] = [files.slice(0, 1), files.slice(1)]
  return Buffer.concat([
    ...commit(commitTime - 86_400, 'Begin', first),
    ...commit(commitTime, 'Add the rest', second),
    ...remote,
    Buffer.from('done\n'),
  ])
}

const quoted = (name: string) => name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')

function makeChanges(root: string, random: Random, filler: Filler): Pick<WorkTree, 'changes' | 'ignored'> {
  const put = (name: string, content: string | Buffer, mode = 0o644) => {
    const file = path.join(root, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, content, { mode })
  }
  put('src/module-0.ts', filler.code(random.int(200, 3000)))
  put('src/staged.ts', filler.code(400))
  git(root, 'add', 'src/staged.ts')
  put('notes/neue Datei 😀.md', filler.unicode(150))
  put('scripts/deploy.sh', '#!/bin/sh\nexit 0\n', 0o755)
  put('assets/new.bin', Buffer.from(filler.base64(4000), 'base64'))
  fs.symlinkSync('../README.md', path.join(root, 'docs/readme-link.md'))
  fs.rmSync(path.join(root, 'src/removed-later.ts'))
  put('debug.log', filler.prose(200))
  put('.env', 'SECRET=not-a-secret\n')
  put('node_modules/left-pad/index.js', 'module.exports = 1\n')
  return { changes: dirtyPaths, ignored: ['.env', 'debug.log', 'node_modules/left-pad/index.js'] }
}

const dirtyPaths: readonly ChangedPath[] = [
  { path: 'assets/new.bin', change: 'untracked', content: 'binary' },
  { path: 'docs/readme-link.md', change: 'untracked', content: 'link' },
  { path: 'notes/neue Datei 😀.md', change: 'untracked', content: 'text' },
  { path: 'scripts/deploy.sh', change: 'untracked', content: 'executable' },
  { path: 'src/module-0.ts', change: 'modified', content: 'text' },
  { path: 'src/removed-later.ts', change: 'deleted', content: 'nothing' },
  { path: 'src/staged.ts', change: 'staged', content: 'text' },
]

/** A folder without git, with a few files. */
export function makePlainFolder(root: string, filler: Filler): WorkTree {
  fs.mkdirSync(path.join(root, 'sub'), { recursive: true })
  fs.writeFileSync(path.join(root, 'notes.txt'), filler.prose(300))
  fs.writeFileSync(path.join(root, 'sub/data.csv'), filler.code(500))
  return {
    root,
    name: path.basename(root),
    kind: 'folder',
    branch: null,
    head: null,
    pushed: false,
    changes: [],
    ignored: [],
  }
}

/** A project whose folder is gone. */
export function missingFolder(root: string): WorkTree {
  return {
    root,
    name: path.basename(root),
    kind: 'missing',
    branch: null,
    head: null,
    pushed: false,
    changes: [],
    ignored: [],
  }
}

/** A linked work tree of `repository`, as EnterWorktree makes it; hidden from the repository's own status. */
export function makeLinkedWorkTree(repository: WorkTree, name: string): WorkTree {
  const root = path.join(repository.root, '.claude/worktrees', name)
  const branch = `worktree-${name}`
  fs.mkdirSync(path.join(repository.root, '.git/info'), { recursive: true })
  fs.appendFileSync(path.join(repository.root, '.git/info/exclude'), '/.claude/\n')
  git(repository.root, 'worktree', 'add', '-q', '-b', branch, root)
  return { ...repository, root, name, branch, pushed: false, changes: [], ignored: [] }
}

/** What {@link touchWorkTree} did; all paths relative to the root. */
export interface Touched {
  readonly modified: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** Changes files as an unseen Bash command would: overwrites `src/module-<n>.ts`, adds files under `touched/`, removes some of them. */
export function touchWorkTree(
  tree: Pick<WorkTree, 'root'>,
  random: Random,
  plan: { readonly modify?: number; readonly add?: number; readonly remove?: readonly string[] },
): Touched {
  const put = (name: string) => {
    const file = path.join(tree.root, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, `touched ${random.hex(32)}\n`)
    return name
  }
  const modified = Array.from({ length: plan.modify ?? 0 }, (_, i) => put(`src/module-${i}.ts`))
  const added = Array.from({ length: plan.add ?? 0 }, () => put(`touched/${random.hex(8)}.txt`))
  const removed = plan.remove ?? []
  for (const name of removed) fs.rmSync(path.join(tree.root, name))
  return { modified, added, removed }
}
