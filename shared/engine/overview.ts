/**
 * One look at everything: detect, find the last checkpoints, survey the work trees that matter, assess,
 * score, decide. Reads only; the clock is read once, and past it everything is arithmetic on values.
 */
import path from 'node:path'
import {
  type Assessment,
  assess,
  findingsOf,
  type TreeNow,
  treeBelongsTo,
  unsavedTranscriptBytes,
} from '../core/assessment.ts'
import type { BackOffs } from '../core/back-off.ts'
import type { CheckpointOutcome, CheckpointRecord } from '../core/checkpoint.ts'
import type { Decision } from '../core/decision.ts'
import { judge } from '../core/judgement.ts'
import type { SessionView } from '../core/monitor-state.ts'
import type { SessionScore } from '../core/scoring.ts'
import type { DetectedSession, SessionId } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import { displayTreePath } from '../core/tree-name.ts'
import type { UrgentEvents } from '../core/urgent-events.ts'
import { changedTreePaths, type TreeManifest } from '../core/work-tree.ts'
import type { CheckpointHistory } from './checkpoint-history.ts'
import type { Ports } from './ports.ts'
import type { Snapshotter, TreeResult } from './work-tree-snapshot.ts'

/** One session with everything that was found out about it in this look. */
export interface SessionEntry {
  readonly session: DetectedSession
  readonly last: CheckpointRecord | null
  /** Null where it was not looked at. */
  readonly tree: SurveyedTree | null
  readonly assessment: Assessment
  /** Epoch ms of the last checkpoint that counts for the cooldown, or null. */
  readonly cooldownFromMs: number | null
  readonly score: SessionScore
  readonly decision: Decision
  readonly view: SessionView
}

export interface OverviewParts {
  readonly ports: Ports
  readonly history: CheckpointHistory
  readonly snapshotter: Snapshotter
}

export interface LookOptions {
  readonly settings: Settings
  readonly pausedUntilMs: number | null
  /** Last checkpoint times of the system that this one replaces: for the cooldown only. */
  readonly legacyCheckpointMs: ReadonlyMap<SessionId, number>
  readonly outcomes: ReadonlyMap<SessionId, CheckpointOutcome>
  /** What cannot wait, see `urgent-events.ts`. */
  readonly urgent: UrgentEvents
  readonly backOffs: BackOffs
  readonly signal?: AbortSignal
}

/** A project's work tree now, and what changed since the newest saved one. */
export interface SurveyedTree {
  readonly manifest: TreeManifest
  /** Fingerprint of the saved tree that `changedPaths` is measured from; null if there was none. */
  readonly sinceFingerprint: string | null
  /** Absolute. */
  readonly changedPaths: readonly string[]
}

/** Surveys run at once: one waits for git while the other hashes. */
const surveysAtOnce = 2

export function createOverview({ ports, history, snapshotter }: OverviewParts) {
  return { look, entryOf }

  /** Every session's entry. A work tree that cannot be read counts as unchanged and is a problem of its sessions. */
  async function look(sessions: readonly DetectedSession[], options: LookOptions): Promise<readonly SessionEntry[]> {
    const lasts = new Map(sessions.map(session => [session.facts.sessionId, history.last(session.facts.sessionId)]))
    const trees = await surveyAll(sessions, lasts, options.signal)
    const nowMs = ports.clock.nowMs()
    return sessions.map(session => {
      const last = lasts.get(session.facts.sessionId) ?? null
      return entryOf(session, last, trees.get(session.project?.root ?? '') ?? null, nowMs, options)
    })
  }

  function entryOf(
    session: DetectedSession,
    last: CheckpointRecord | null,
    tree: SurveyedTree | null,
    nowMs: number,
    options: LookOptions,
  ): SessionEntry {
    const { sessionId } = session.facts
    const assessment = assess(session, last, tree && treeSince(last, tree))
    const findings = findingsOf(session, last, assessment.unsaved)
    const cooldownFromMs = latest(last?.at, options.legacyCheckpointMs.get(sessionId))
    const lastOutcome = options.outcomes.get(sessionId) ?? null
    const judgement = judge(
      { findings, unchanged: assessment.unchanged, cooldownFromMs },
      {
        nowMs,
        settings: options.settings,
        pausedUntilMs: options.pausedUntilMs,
        urgent: options.urgent.get(sessionId) ?? null,
        backOff: options.backOffs.get(sessionId) ?? null,
        lastOutcome,
      },
    )
    const { score, decision } = judgement
    const view = { ...findings, ...judgement, lastOutcome }
    return { session, last, tree, assessment, cooldownFromMs, score, decision, view }
  }

  /** The work tree now, measured against what `last` saved. */
  function treeSince(last: CheckpointRecord | null, { manifest, ...since }: SurveyedTree): TreeNow {
    const { fingerprint, root } = manifest
    if (last === null || last.tree?.fingerprint === fingerprint) return { fingerprint, changedPaths: [] }
    // Sessions of a project mostly share its newest saved tree; for an older one the manifests are compared.
    const isNewest = last.tree?.fingerprint === since.sinceFingerprint
    if (isNewest) return { fingerprint, changedPaths: since.changedPaths }
    const names = changedTreePaths(history.manifestOf(last), manifest)
    return { fingerprint, changedPaths: names.map(name => path.join(root, name)) }
  }

  /** Only projects where the answer can matter: some session was checkpointed before and owns what changes now. */
  async function surveyAll(
    sessions: readonly DetectedSession[],
    lasts: ReadonlyMap<SessionId, CheckpointRecord | null>,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, SurveyedTree>> {
    const roots = new Set<string>()
    for (const session of sessions) {
      const last = lasts.get(session.facts.sessionId) ?? null
      if (session.project !== null && wantsSurvey(session, last)) roots.add(session.project.root)
    }
    const found = new Map<string, SurveyedTree>()
    const waiting = [...roots]
    const worker = async () => {
      for (let root = waiting.shift(); root !== undefined && !signal?.aborted; root = waiting.shift()) {
        const saved = history.treeOf(root)?.manifest ?? null
        const result = await snapshotter.survey(root, saved, signal)
        if (result.ok) found.set(root, surveyed(result, saved))
        else ports.log('warn', 'work tree not surveyed', { root, code: result.code, message: result.message })
      }
    }
    await Promise.all(Array.from({ length: surveysAtOnce }, worker))
    return found
  }
}

/** What changed in its work tree can matter. */
export function wantsSurvey(session: DetectedSession, last: CheckpointRecord | null): boolean {
  if (last === null || session.project === null || session.project.kind === 'missing') return false
  return treeBelongsTo(session, unsavedTranscriptBytes(session, last) !== 0)
}

function surveyed(
  { manifest, changedSince }: Extract<TreeResult, { ok: true }>,
  saved: TreeManifest | null,
): SurveyedTree {
  const changedPaths = changedSince.map(name => path.join(manifest.root, displayTreePath(name)))
  return { manifest, sinceFingerprint: saved?.fingerprint ?? null, changedPaths }
}

export type Overview = ReturnType<typeof createOverview>

function latest(...times: readonly (number | undefined)[]): number | null {
  const known = times.filter(time => time !== undefined)
  return known.length === 0 ? null : Math.max(...known)
}
