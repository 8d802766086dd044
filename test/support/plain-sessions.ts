/**
 * Sessions with facts as plain values: facts that come from an index have accessors, which a comparison of own
 * properties does not see.
 */
import type { DetectedSession, SessionFacts } from '../../shared/core/session.ts'

const factNames = [
  'sessionId',
  'title',
  'titleSource',
  'model',
  'branch',
  'firstCwd',
  'cwd',
  'version',
  'entrypoint',
  'counts',
  'firstActivityMs',
  'lastActivityMs',
  'changedFiles',
  'context',
  'compaction',
  'forkedFrom',
  'filesChanged',
  'lastPrompts',
  'lastCommands',
  'lastReply',
  'todos',
] as const satisfies readonly (keyof SessionFacts)[]

export function plainFacts(facts: SessionFacts): SessionFacts {
  return Object.fromEntries(factNames.map(name => [name, facts[name]])) as unknown as SessionFacts
}

export function plainSessions(sessions: readonly DetectedSession[]): readonly DetectedSession[] {
  return sessions.map(session => ({ ...session, facts: plainFacts(session.facts) }))
}
