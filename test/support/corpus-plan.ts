/**
 * Which sessions a corpus has, in which projects, in which shape: decided here from the seed, before anything of a
 * transcript is written.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { SessionId } from '../../shared/core/session.ts'
import type { TranscriptCase } from './case-base.ts'
import { sessionRandom } from './corpus-session.ts'
import type { Filler } from './filler.ts'
import type { Random } from './random.ts'
import { type OddRegistryKind, oddRegistryKinds } from './registry-files.ts'
import {
  hasGit,
  makeLinkedWorkTree,
  makePlainFolder,
  makeRepository,
  missingFolder,
  type WorkTree,
} from './repositories.ts'
import { modelsOf, type SessionShape, type TornTail, versionsOf } from './session-plan.ts'
import { commonCases, rareCases } from './transcript-cases.ts'
import type { ForkPlan } from './transcript-fork.ts'
import { enterWorkTree, moveTo } from './transcript-moves.ts'
import type { Age, WriterOptions } from './transcript-writer.ts'

export type Profile = 'small' | 'real' | 'nasty'

export interface CorpusPlace {
  readonly folder: string
  readonly home: string
  readonly configDir: string
  readonly projectsDir: string
  readonly sessionsDir: string
  readonly workDir: string
  readonly nowMs: number
}

export interface SessionPlan {
  readonly sessionId: SessionId
  readonly random: Random
  /** The cwd that names the folder of its file: where it is now, or began. */
  readonly fileCwd: string
  readonly writer: Omit<WriterOptions, 'sessionId' | 'random' | 'filler' | 'sink'>
  readonly shape: SessionShape
  readonly caseNames: readonly string[]
  readonly forkOf: ForkPlan | null
  readonly torn: TornTail | null
  readonly registry: { readonly kind: 'live' | OddRegistryKind; readonly n: number } | null
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Makes the projects: repositories, of which two share an encoded name, a plain folder and a missing one. */
export function layOutWork(
  place: CorpusPlace,
  random: Random,
  filler: Filler,
  count: number,
  profile: Profile,
): readonly WorkTree[] {
  if (count > 0 && !hasGit()) throw new Error('git is needed to make repositories, and is not installed')
  const branches = ['main', 'main', 'feature/new-parser', 'fix-123']
  const roots = Array.from({ length: count }, (_, i) => path.join(place.workDir, projectName(i)))
  const repositories = roots.map((root, i) =>
    makeRepository(root, random.branch(root.slice(place.workDir.length)), filler, {
      branch: branches[i % 4] ?? 'main',
      pushed: i % 3 === 0,
      dirty: i % 5 !== 4,
    }),
  )
  const [first] = repositories
  const linked = profile === 'nasty' && first !== undefined ? [makeLinkedWorkTree(first, 'wt-demo')] : []
  const plain = makePlainFolder(path.join(place.workDir, 'plain notes'), filler)
  return [...repositories, ...linked, plain, missingFolder(path.join(place.workDir, 'gone'))]
}

/** The first two encode to the same folder name; the others are plain, dotted, spaced or not Latin. */
function projectName(i: number): string {
  const special = ['twin/a-b.c_d', 'twin/a b-c d', 'ünïcode-项目', '.dot.folder', 'with space']
  return special[i] ?? `project-${i}`
}

interface Context {
  readonly place: CorpusPlace
  readonly trees: readonly WorkTree[]
  readonly profile: Profile
  readonly scale: number
  readonly live: number
}

export function planSessions(
  place: CorpusPlace,
  trees: readonly WorkTree[],
  random: Random,
  options: {
    readonly sessions: number
    readonly profile: Profile
    readonly scale?: number
    readonly live?: readonly unknown[]
  },
): readonly SessionPlan[] {
  const { profile, scale = 1 } = options
  const context = { place, trees, profile, scale, live: options.live?.length ?? 1 }
  const plans: SessionPlan[] = []
  for (let i = 0; i < options.sessions; i++) {
    const plan = planSession(context, sessionRandom(random, i), i)
    const forks = i > 20 && i + 1 < options.sessions && i % (options.profile === 'nasty' ? 12 : 40) === 9
    plans.push(
      forks
        ? {
            ...plan,
            writer: { ...plan.writer, keepLog: true },
            torn: null,
            shape: { ...plan.shape, targetBytes: Math.min(plan.shape.targetBytes, 200_000), pictureBytes: 0 },
          }
        : plan,
    )
    if (forks) plans.push(planFork(plan, sessionRandom(random, ++i)))
  }
  return plans
}

function planSession(context: Context, random: Random, i: number): SessionPlan {
  const registry = planRegistry(context, i)
  const seeded = seededCases(context.profile, i)
  const age = planAge(random, registry !== null, seeded)
  const home = context.trees[i % context.trees.length] as WorkTree
  const cwd = home.kind === 'git' && random.chance(0.15) ? path.join(home.root, 'src') : home.root
  const move = planMove(context, random, home, i)
  const cases = [...planCases(context.profile, random, age, seeded), ...(move === null ? [] : [move.case])]
  const shape = planShape(context, random, cases, i)
  return {
    sessionId: random.uuid(),
    random,
    fileCwd: move?.fileCwd ?? cwd,
    writer: { ...planWriter(context, random, age, home), cwd, startMs: shape.startMs },
    shape,
    caseNames: shape.titlesOnly ? ['titles-only'] : cases.map(({ name }) => name),
    forkOf: null,
    torn: context.profile === 'nasty' && random.chance(0.2) ? random.pick(['cut', 'whole']) : null,
    registry,
  }
}

/** The first sessions are the live ones, then one of each odd registry file. */
function planRegistry(context: Context, i: number): SessionPlan['registry'] {
  if (i < context.live) return { kind: 'live', n: i }
  const kind = oddRegistryKinds[i - context.live]
  return kind === undefined ? null : { kind, n: i }
}

/** In the nasty profile every case has its turn. */
function seededCases(profile: Profile, i: number): readonly TranscriptCase[] {
  if (profile !== 'nasty') return []
  const every = [...rareCases, ...commonCases]
  return [every[i % every.length] as TranscriptCase]
}

function planAge(random: Random, known: boolean, seeded: readonly TranscriptCase[]): Age {
  const [only] = seeded
  if (known && (only === undefined || only.ages.includes('current'))) return 'current'
  if (only !== undefined) return random.pick(only.ages)
  return random.weighted([
    [85, 'current'],
    [10, 'early-2.1'],
    [5, 'old'],
  ] as const)
}

function planCases(
  profile: Profile,
  random: Random,
  age: Age,
  seeded: readonly TranscriptCase[],
): readonly TranscriptCase[] {
  const pool = (profile === 'nasty' ? [...commonCases, ...rareCases] : commonCases).filter(({ ages }) =>
    ages.includes(age),
  )
  const more = random.shuffle(pool).slice(0, profile === 'nasty' ? random.int(1, 6) : random.int(0, 3))
  return random.shuffle([...new Set([...seeded, ...more])])
}

function planWriter(
  context: Context,
  random: Random,
  age: Age,
  home: WorkTree,
): Omit<SessionPlan['writer'], 'cwd' | 'startMs'> {
  return {
    age,
    version: random.pick(versionsOf(age)),
    entrypoint: random.chance(0.75) ? 'cli' : 'sdk-cli',
    model: random.pick(modelsOf(age)),
    branch: age === 'old' && random.chance(0.3) ? null : (home.branch ?? 'HEAD'),
    heavyBytes: context.profile === 'real' ? random.int(20_000, 110_000) : random.int(400, 3000),
    shuffledKeys: context.profile === 'nasty' ? 0.3 : 0.02,
    keepLog: false,
  }
}

function planShape(context: Context, random: Random, cases: readonly TranscriptCase[], i: number): SessionShape {
  const real = context.profile === 'real'
  const idle = Math.min(25 * day, Math.max(30 * minute, random.logNormal(6 * hour, 1.8)))
  const endMs = Math.floor(context.place.nowMs - idle)
  const targetBytes = real
    ? Math.min(8_000_000, Math.max(25_000, context.scale * random.logNormal(118_000, 1.6)))
    : random.int(5000, 30_000)
  const hugeLine = context.profile === 'nasty' && i % 40 === 7
  return {
    targetBytes,
    toolBytes: real ? 1200 : 150,
    startMs: Math.floor(endMs - Math.min(10 * day, random.logNormal(2 * hour, 1.2))),
    endMs,
    cases,
    ending: random.weighted([
      [60, 'clean'],
      [20, 'none'],
      [12, 'inTool'],
      [8, 'inStream'],
    ] as const),
    pictureBytes: hugeLine
      ? random.int(800_000, 5_600_000)
      : targetBytes > 2_000_000 && random.chance(0.3)
        ? random.int(100_000, 800_000)
        : 0,
    hookOutput: random.chance(0.3),
    aiTitle: random.chance(0.4),
    fill: 0.03 + 0.9 * random.next(),
    titlesOnly: context.profile === 'nasty' && i % 30 === 14,
  }
}

interface PlannedMove {
  readonly case: TranscriptCase
  /** Where its file lies in the end. Undefined: where it began. */
  readonly fileCwd?: string
}

/** A session that goes somewhere else: into a sub-folder, to another project, or into a linked work tree. */
function planMove(context: Context, random: Random, home: WorkTree, i: number): PlannedMove | null {
  const linked = context.trees.find(tree => tree.name === 'wt-demo')
  if (linked !== undefined && i % 15 === 3) {
    const stays = i % 2 === 1
    return {
      case: {
        name: stays ? 'moved-into-worktree' : 'worktree-and-back',
        ages: ['current'],
        write: writer => enterWorkTree(writer, linked, stays),
      },
      ...(stays ? { fileCwd: linked.root } : {}),
    }
  }
  if (home.kind === 'git' && random.chance(0.08))
    return {
      case: {
        name: 'sub-folder',
        ages: ['current'],
        write: writer => moveTo(writer, path.join(home.root, 'src'), home.branch),
      },
    }
  if (!random.chance(context.profile === 'nasty' ? 0.15 : 0.03)) return null
  const other = random.pick(context.trees)
  return {
    case: {
      name: 'other-project',
      ages: ['current'],
      write: writer => moveTo(writer, other.root, other.branch ?? 'HEAD'),
    },
  }
}

function planFork(source: SessionPlan, random: Random): SessionPlan {
  const saysSo = random.chance(0.5)
  return {
    ...source,
    sessionId: random.uuid(),
    random,
    writer: { ...source.writer, keepLog: false },
    caseNames: [...source.caseNames, saysSo ? 'branch' : 'fork'],
    forkOf: { sessionId: source.sessionId, saysSo },
    torn: null,
    registry: null,
  }
}

/** Files in `projects` that are no sessions: other names, notes, an index of an older tool. */
export function writeStrays(place: CorpusPlace): void {
  const folder = path.join(place.projectsDir, '-stray')
  fs.mkdirSync(path.join(folder, 'memory'), { recursive: true })
  fs.writeFileSync(path.join(folder, 'notes.jsonl'), '{"type":"user","cwd":"/nowhere"}\n')
  fs.writeFileSync(path.join(folder, 'sessions-index.json'), '{"version":1,"entries":[]}')
  fs.writeFileSync(path.join(folder, 'memory/MEMORY.md'), '# Notes\n')
  fs.writeFileSync(path.join(place.projectsDir, 'README.txt'), 'not a folder\n')
}
