/**
 * Checkpoints of a real repository while its user edits, commits, switches branches, merges and rebases in it.
 *
 * Now and then the user pauses: then not one byte, mode, inode or modification time of work tree and `.git` may differ
 * before and after a checkpoint, and what is restored is the work tree to the byte. No command of the user may ever
 * find a lock of ours, every checkpoint verifies and restores, and in the end the repository is sound.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { CheckpointRecord } from '../../../shared/core/checkpoint.ts'
import { defaultSettings } from '../../../shared/core/settings.ts'
import { createHistory } from '../../../shared/engine/checkpoint-history.ts'
import { createMaker } from '../../../shared/engine/checkpoint-maker.ts'
import { openStore } from '../../../shared/engine/checkpoint-store.ts'
import { createGit } from '../../../shared/engine/git-command.ts'
import { restoreSide } from '../../../shared/engine/restore-side.ts'
import { createSnapshotter } from '../../../shared/engine/work-tree-snapshot.ts'
import { requestOf, sessionOf } from '../../support/core-values.ts'
import { createFiller } from '../../support/filler.ts'
import { folderContent } from '../../support/materialised-tree.ts'
import { type Random, seededRandom } from '../../support/random.ts'
import { gitEnv, makeRepository } from '../../support/repositories.ts'
import type { ScratchHome } from '../../support/scratch.ts'
import { describeTranscript, realPorts, sessionA, transcriptLines } from '../../support/stores.ts'

export interface UserOptions {
  readonly home: ScratchHome
  readonly seed: number
  readonly checkpoints: number
  /** Every so manieth checkpoint the user pauses. */
  readonly pauseEvery: number
}

export interface UserAtWork {
  readonly checkpoints: number
  /** Commands of the user, and those that failed, such as a merge with a conflict. */
  readonly commands: number
  readonly refused: number
  readonly paused: number
  readonly failures: readonly string[]
}

export async function checkpointWhileUserWorks(options: UserOptions): Promise<UserAtWork> {
  const { home, checkpoints, pauseEvery } = options
  const random = seededRandom(options.seed)
  const root = path.join(home.folder, 'work/repo')
  fs.mkdirSync(path.dirname(root), { recursive: true })
  makeRepository(root, random, createFiller(random.branch('filler')), { files: 30 })
  const user = startUser(root, random.branch('user'))
  const machine = createMachine(home, root, random.branch('machine'))
  const failures: string[] = []
  let paused = 0
  try {
    for (let at = 1; at <= checkpoints; at++) {
      const rests = at % pauseEvery === 0
      if (rests) await user.pause()
      paused += rests ? 1 : 0
      const problems = rests ? await machine.checkpointInPeace() : await machine.checkpoint()
      failures.push(...problems.map(words => `checkpoint ${at}: ${words}`))
      user.goOn()
    }
  } finally {
    await user.stop()
  }
  failures.push(...user.lockErrors(), ...(await unsound(root)))
  return { checkpoints, ...user.counts(), paused, failures }
}

function createMachine(home: ScratchHome, root: string, random: Random) {
  const ports = realPorts
  const opened = openStore(ports, path.join(home.dataDir, 'store'), { minimumFreeShare: 0 })
  if (!opened.ok) throw new Error(opened.message)
  const { store } = opened
  const environment = { PATH: process.env['PATH'] }
  const gitFolder = path.join(home.dataDir, 'git')
  const snapshotter = createSnapshotter(ports, {
    gitFolder,
    home: home.home,
    environment,
    limits: defaultSettings.limits,
  })
  const maker = createMaker({ ports, store, snapshotter })
  const history = createHistory(store, () => {})
  const git = createGit(ports.commands, environment)
  const transcript = path.join(home.folder, `${sessionA}.jsonl`)
  const guard = { signal: new AbortController().signal, held: () => true }
  fs.writeFileSync(transcript, transcriptLines(random, 2_000))

  async function save(): Promise<CheckpointRecord | string> {
    fs.appendFileSync(transcript, transcriptLines(random, 200))
    const session = {
      ...sessionOf({
        facts: { sessionId: sessionA, cwd: root },
        streams: [describeTranscript(transcript, fs.readFileSync(transcript))],
      }),
      project: { root, name: 'repo', kind: 'git' as const },
    }
    const last = history.last(sessionA)
    const request = { ...requestOf(1), sessionId: sessionA }
    const item = { session, request, last, afterSeq: history.highestSeq(sessionA) }
    const [outcome] = await maker.makeCheckpoints([item], history.treeOf(root), guard)
    if (outcome?.kind !== 'saved') return `it was not saved: ${JSON.stringify(outcome)}`
    const record = history.last(sessionA)
    return record ?? 'no record'
  }

  async function restoreOf(record: CheckpointRecord): Promise<readonly string[] | Readonly<Record<string, string>>> {
    const target = path.join(home.folder, `restored-${record.seq}`)
    try {
      const restored = await restoreSide({ ports, git, store }, record, target)
      if (!restored.ok) return [`it does not restore: ${restored.message}`]
      if (restored.report.leftOut.length > 0) return [`left out: ${JSON.stringify(restored.report.leftOut[0])}`]
      return folderContent(path.join(target, 'files'))
    } finally {
      fs.rmSync(target, { recursive: true, force: true })
    }
  }

  async function checkpoint(): Promise<readonly string[]> {
    const record = await save()
    if (typeof record === 'string') return [record]
    const restored = await restoreOf(record)
    return Array.isArray(restored) ? restored : []
  }

  async function checkpointInPeace(): Promise<readonly string[]> {
    const everything = { withGit: true, withTimes: true }
    const before = folderContent(root, everything)
    const record = await save()
    const touched = differing(before, folderContent(root, everything)).map(name => `${name} was touched`)
    if (typeof record === 'string') return [...touched, record]
    const restored = await restoreOf(record)
    if (Array.isArray(restored)) return [...touched, ...restored]
    const wrong = differing(folderContent(root), withoutIgnored(root, restored as Readonly<Record<string, string>>))
    return [...touched, ...wrong.map(name => `${name} is restored as something else`)]
  }

  return { checkpoint, checkpointInPeace }
}

/** Files that git ignores are not saved, and not compared. */
const ignored = ['debug.log', '.env', 'node_modules/left-pad/index.js']

function withoutIgnored(root: string, restored: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const now = folderContent(root)
  const left = ignored.flatMap(name => (now[name] === undefined ? [] : [[name, now[name]] as const]))
  return { ...restored, ...Object.fromEntries(left) }
}

function differing(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(name => a[name] !== b[name])
}

async function unsound(root: string): Promise<readonly string[]> {
  try {
    await promisify(execFile)('git', ['fsck', '--full', '--strict', '--no-dangling'], { cwd: root, env: gitEnv(root) })
    return []
  } catch (error) {
    return [`git fsck: ${(error as { stderr?: string }).stderr ?? String(error)}`]
  }
}

interface User {
  /** Resolves when no command of theirs runs. */
  pause(): Promise<void>
  goOn(): void
  stop(): Promise<void>
  counts(): { readonly commands: number; readonly refused: number }
  /** What a command of theirs said of a lock that it found. */
  lockErrors(): readonly string[]
}

function startUser(root: string, random: Random): User {
  let commands = 0
  let refused = 0
  const lockErrors: string[] = []
  let stopped = false
  let gate: Promise<void> = Promise.resolve()
  let open = () => {}
  let step: Promise<void> = Promise.resolve()

  const git = async (...args: readonly string[]) => {
    commands += 1
    const time = `${1_767_600_000 + commands} +0000`
    const env = { ...gitEnv(path.dirname(root)), GIT_AUTHOR_DATE: time, GIT_COMMITTER_DATE: time, GIT_EDITOR: 'true' }
    try {
      await promisify(execFile)('git', [...inFront, ...args], { cwd: root, env })
    } catch (error) {
      refused += 1
      const words = String((error as { stderr?: string }).stderr)
      if (/\.lock'|another git process/i.test(words)) lockErrors.push(`git ${args.join(' ')}: ${words.trim()}`)
    }
  }
  const loop = (async () => {
    while (!stopped) {
      await gate
      step = userStep(root, random, git)
      await step
    }
  })()
  return {
    pause: async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      open = resolve
      // The loop may just be past the gate: let it begin, then wait for it.
      await new Promise(done => setImmediate(done))
      await step
    },
    goOn: () => open(),
    stop: async () => {
      stopped = true
      open()
      await loop
    },
    counts: () => ({ commands, refused }),
    lockErrors: () => lockErrors,
  }
}

/** After some thousand objects git tidies up, by itself and behind its command: a user who rests must be seen to rest. */
const inFront = ['-c', 'gc.autoDetach=false', '-c', 'maintenance.autoDetach=false']

async function userStep(root: string, random: Random, git: (...args: string[]) => Promise<void>): Promise<void> {
  const branch = () => `topic-${random.int(0, 4)}`
  const edit = (name: string) => {
    fs.mkdirSync(path.join(root, 'src'), { recursive: true })
    fs.writeFileSync(path.join(root, name), `${random.hex(40)}\n`.repeat(random.int(1, 40)))
  }
  await random.weighted<() => Promise<void> | void>([
    [6, () => edit(`src/module-${random.int(0, 29)}.ts`)],
    [2, () => edit(`src/new-${random.hex(4)}.ts`)],
    [1, () => fs.rmSync(path.join(root, `src/module-${random.int(0, 29)}.ts`), { force: true })],
    [3, () => git('add', '-A')],
    [4, () => git('commit', '-q', '-a', '-m', random.hex(8))],
    [2, () => git('switch', '-q', '-C', branch())],
    [2, () => git('switch', '-q', '--discard-changes', branch())],
    [1, () => git('stash', '-q', '-u')],
    [1, () => git('rebase', '-q', '--autostash', branch())],
    [1, () => git('merge', '-q', branch())],
    [2, () => git('rebase', '--abort')],
    [2, () => git('merge', '--abort')],
    [1, () => git('reset', '-q', '--hard')],
  ])()
}
