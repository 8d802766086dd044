/**
 * Sessions with facts as plain values: facts that come from an index have accessors, which a comparison of own
 * properties does not see.
 */
import type { DetectedSession, SessionFacts } from '../../shared/core/session.ts'

export function plainFacts(facts: SessionFacts): SessionFacts {
  const { filesChanged, lastPrompts, lastCommands, lastReply, todos } = facts
  return { ...facts, filesChanged, lastPrompts, lastCommands, lastReply, todos }
}

export function plainSessions(sessions: readonly DetectedSession[]): readonly DetectedSession[] {
  return sessions.map(session => ({ ...session, facts: plainFacts(session.facts) }))
}
