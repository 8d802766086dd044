/** Gathers what the triage of sessions asks for: the sessions of the last look, and those that only the store knows. */
import type { CheckpointRecord } from '../core/checkpoint.ts'
import { checkpointId } from '../core/checkpoint-id.ts'
import { clip } from '../core/json-value.ts'
import type { RescueCase, RescueList } from '../core/rescue.ts'
import { lastOfProjects, type ProjectPlace } from '../core/rescue-summary.ts'
import { triage } from '../core/rescue-triage.ts'
import type { NextStep } from '../core/restore.ts'
import type { LiveState, SessionId } from '../core/session.ts'
import { shellWord } from '../core/shell-word.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { SessionEntry } from './overview.ts'

const mostCases = 200
const longestPrompt = 500
const longestBrief = 8_000
const mostTodos = 20

/** @param entries of the last look */
export function rescueList(
  entries: readonly SessionEntry[],
  store: Pick<CheckpointStore, 'sessions' | 'newest'>,
  nowMs: number,
): RescueList {
  const known = new Set(entries.map(({ session }) => session.facts.sessionId))
  const listed = store.sessions()
  const others = (listed.ok ? listed.sessions : []).filter(id => !known.has(id))
  const last = lastOfProjects(entries.map(placeOf))
  const cases = [
    ...entries.flatMap(entry => caseOfEntry(entry, last, nowMs) ?? []),
    ...others.flatMap(id => {
      const newest = store.newest(id)
      return (newest.ok && newest.record && caseOfRecord(newest.record, nowMs)) || []
    }),
  ].sort((a, b) => (b.lastActivityMs ?? 0) - (a.lastActivityMs ?? 0) || (a.sessionId < b.sessionId ? -1 : 1))
  return { atMs: nowMs, cases: cases.slice(0, mostCases), more: Math.max(0, cases.length - mostCases) }
}

function placeOf({ session: { facts, project, live } }: SessionEntry): ProjectPlace {
  const { sessionId, lastActivityMs } = facts
  return { sessionId, root: project?.root ?? null, live, lastActivityMs }
}

function caseOfEntry(
  { session, last, view }: SessionEntry,
  lastOfProject: ReadonlySet<SessionId>,
  nowMs: number,
): RescueCase | null {
  const { facts, live, project } = session
  const found = triage(
    {
      live,
      hasTranscript: true,
      lastActivityMs: facts.lastActivityMs,
      uncommitted: last?.tree?.files ?? 0,
      unsavedFiles: view.unsaved.files,
      unsavedMessages: view.unsaved.messages,
      isLastOfProject: lastOfProject.has(facts.sessionId),
    },
    nowMs,
  )
  if (found === null) return null
  const prompt = facts.lastPrompts.at(-1)?.text ?? null
  return {
    sessionId: facts.sessionId,
    ...found,
    title: facts.title,
    root: project?.root ?? null,
    branch: facts.branch,
    lastActivityMs: facts.lastActivityMs,
    ...savedFacts(last),
    lastPrompt: prompt && clip(prompt, longestPrompt),
    openTodos: facts.todos.filter(({ status }) => status !== 'completed').slice(0, mostTodos),
    unsaved: { messages: view.unsaved.messages, files: view.unsaved.files },
    next: [...stepsFor(last), resumeStep(facts.cwd, facts.sessionId)],
  }
}

const gone: LiveState = { status: 'ended', waitingFor: null, pid: null, sinceMs: null, note: null }

/** A session that only the store knows. */
function caseOfRecord(record: CheckpointRecord, nowMs: number): RescueCase | null {
  const lastActivityMs = record.lastActivity ?? record.at
  const nothing = { uncommitted: record.tree?.files ?? 0, unsavedFiles: 0, unsavedMessages: 0, isLastOfProject: false }
  const found = triage({ live: gone, hasTranscript: false, lastActivityMs, ...nothing }, nowMs)
  if (found === null) return null
  return {
    sessionId: record.session,
    ...found,
    title: record.title,
    root: record.tree?.root ?? record.cwd,
    branch: record.tree?.branch ?? null,
    lastActivityMs,
    ...savedFacts(record),
    lastPrompt: null,
    openTodos: [],
    unsaved: { messages: 0, files: 0 },
    next: stepsFor(record),
  }
}

function savedFacts(record: CheckpointRecord | null) {
  return {
    checkpoint: record && checkpointId(record.session, record.seq),
    checkpointAtMs: record?.at ?? null,
    uncommitted: { files: record?.tree?.files ?? 0, bytes: record?.tree?.bytes ?? 0 },
    brief: record && clip(record.brief, longestBrief),
  }
}

function stepsFor(record: CheckpointRecord | null): readonly NextStep[] {
  if (record === null) return []
  const id = checkpointId(record.session, record.seq)
  return [
    { command: `session-monitor diff ${id}`, words: 'what has changed since its last checkpoint' },
    { command: `session-monitor restore ${id} --in-place`, words: 'what giving it back would do; --yes does it' },
  ]
}

function resumeStep(cwd: string | null, sessionId: SessionId): NextStep {
  return { command: `cd ${shellWord(cwd ?? '.')} && claude --resume ${sessionId}`, words: 'goes on with it' }
}
