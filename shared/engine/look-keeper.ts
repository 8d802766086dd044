/**
 * Keeps what a command's look found for the next one (`kept-look.ts`, which says what may be told of it).
 *
 * Not kept is what may pass without a sign on the disk: a transcript that could not be read, a damaged record, a file
 * that was changed a moment before, and any look but the first of a monitor, which knows what it saw before.
 */
import type { Judged } from '../core/judgement.ts'
import { compareViews, type MonitorState } from '../core/monitor-state.ts'
import { dataPaths } from './data-folder.ts'
import { failureOf, replaceFile } from './durable-file.ts'
import { encodeLook, type KeptProject, type LookPlace } from './kept-look.ts'
import { type LookKey, lookKeyOf } from './look-key.ts'
import { type SessionEntry, wantsSurvey } from './overview.ts'
import type { Ports } from './ports.ts'

export interface LookKeeper {
  /** Before a look reads anything. @param searched all folders that it searches */
  begin(searched: readonly string[]): Promise<void>
  /** After a look that was not cut short. */
  found(looked: readonly SessionEntry[]): void
  /** At the end, with the state that came of it. */
  save(state: MonitorState): void
}

/** A file that was changed so shortly before may change again and look the same (see `stat-key.ts`). */
const settleMs = 2_000
/** Conditions that another look would not tell of in the same way. */
const passingNotices = ['store-damaged', 'settings-broken']

export function createLookKeeper(ports: Ports, place: LookPlace): LookKeeper {
  const { files, processes, clock, log } = ports
  const paths = dataPaths(place.dataFolder)
  let begun: (LookKey & { readonly searched: readonly string[]; readonly atMs: number }) | null = null
  let looked: readonly SessionEntry[] | null = null
  let looks = 0

  return {
    async begin(searched) {
      if (++looks > 1) return
      const atMs = clock.nowMs()
      begun = { ...(await lookKeyOf(files, processes, { roots: searched, paths })), searched, atMs }
    },
    found: entries => {
      looked = entries
    },
    save(state) {
      if (begun === null || looked === null || looks > 1 || !mayKeep(looked, state, begun)) return
      const { key, searched, atMs } = begun
      const { storeFolder, roots, notices, settings, settingsProblems, lastProof, storeUse } = state
      const workTreesAtMs = looked.some(({ session, last }) => wantsSurvey(session, last)) ? atMs : null
      // In the order in which they will most likely be told.
      const sessions = looked.toSorted((a, b) => compareViews(a.view, b.view)).map(judgedOf)
      const found = { storeFolder, roots, notices, settings, settingsProblems, lastProof, storeUse }
      try {
        replaceFile(
          ports,
          paths.look,
          encodeLook(place, key, { ...found, searched, workTreesAtMs, sessions, projects: projectsOf(looked) }),
        )
      } catch (error) {
        log('warn', failureOf(error, 'Keeping what was found').message)
      }
    },
  }
}

function mayKeep(
  looked: readonly SessionEntry[],
  { notices }: MonitorState,
  { newestMs, problems, atMs }: LookKey & { readonly atMs: number },
): boolean {
  if (atMs - newestMs <= settleMs || notices.some(({ id }) => passingNotices.includes(id))) return false
  return looked.every(({ session }) => !session.partial && session.problems.every(problem => problems.has(problem)))
}

function judgedOf({ view, assessment, cooldownFromMs }: SessionEntry): Judged {
  const { protection, score, decision, why, lastOutcome, ...findings } = view
  return { findings, unchanged: assessment.unchanged, cooldownFromMs }
}

function projectsOf(looked: readonly SessionEntry[]): readonly KeptProject[] {
  const found = looked.map(({ session: { facts, project } }): readonly [string, KeptProject] => {
    const { cwd, firstCwd } = facts
    return [JSON.stringify([cwd, firstCwd]), { cwd, firstCwd, project }]
  })
  return [...new Map(found).values()]
}
