/** Compares what a detector found with what the corpus says is true. Any difference is a mistake. Pure but for reading the truth. */
import fs from 'node:fs'
import type { DetectedSession, SessionFacts, TranscriptStream } from '../../../shared/core/session.ts'
import { isDeepStrictEqual } from '../../../shared/engine/node-util.ts'
import type { CorpusSession } from '../../support/corpus-session.ts'
import type { TrueFacts } from '../../support/ground-truth.ts'
import { plainFacts } from '../../support/plain-sessions.ts'

/** At most this many mistakes are told; all are counted. */
const tellAtMost = 5

export interface Comparison {
  readonly checked: number
  readonly wrong: number
  /** The first few, in words. */
  readonly mistakes: readonly string[]
}

export function readTruth(truthFile: string): readonly CorpusSession[] {
  return (JSON.parse(fs.readFileSync(truthFile, 'utf8')) as { sessions: CorpusSession[] }).sessions
}

export function compareWithTruth(truth: readonly CorpusSession[], found: readonly DetectedSession[]): Comparison {
  const byId = new Map(found.map(session => [session.facts.sessionId, session]))
  const missing = truth.flatMap(({ sessionId }) => (byId.has(sessionId) ? [] : [`${sessionId} was not found`]))
  const known = new Set(truth.map(({ sessionId }) => sessionId))
  const invented = [...byId.keys()].flatMap(id => (known.has(id) ? [] : [`${id} was found but is no session`]))
  const differing = truth.flatMap(session => {
    const other = byId.get(session.sessionId)
    const parts = other === undefined ? [] : differences(session, other)
    return parts.length === 0 ? [] : [`${session.sessionId}: ${parts.join(', ')}`]
  })
  const twice = found.length === byId.size ? [] : ['a session was found twice']
  const mistakes = [...missing, ...invented, ...differing, ...twice]
  return { checked: truth.length, wrong: mistakes.length, mistakes: mistakes.slice(0, tellAtMost) }
}

/** Names of what differs. */
function differences(truth: CorpusSession, found: DetectedSession): readonly string[] {
  const facts = Object.keys(truth.truth) as (keyof TrueFacts)[]
  const wanted = comparableFacts(truth.truth)
  const given = comparableFacts(plainFacts(found.facts))
  return [
    ...facts.filter(name => !isDeepStrictEqual(given[name], wanted[name])),
    ...(isDeepStrictEqual(found.streams.map(comparableStream), truth.streams.map(comparableStream)) ? [] : ['streams']),
    ...(isDeepStrictEqual(found.project, truth.project) ? [] : ['project']),
    ...(isRightLive(truth.live, found.live) ? [] : ['live']),
    ...(isOrdered(found.facts) ? [] : ['order of filesChanged']),
    ...found.problems,
  ]
}

/** As JSON, with changed files in an order that does not depend on how ties in time are broken. */
function comparableFacts(facts: TrueFacts): TrueFacts {
  const filesChanged = facts.filesChanged.toSorted((a, b) => a.atMs - b.atMs || (a.path < b.path ? -1 : 1))
  return JSON.parse(JSON.stringify({ ...facts, filesChanged })) as TrueFacts
}

/** Times of files are told in nanoseconds by some and in milliseconds by others. */
function comparableStream({ modifiedMs, ...stream }: TranscriptStream): object {
  return { ...stream, modifiedMs: Math.round(modifiedMs) }
}

function isOrdered({ filesChanged }: SessionFacts): boolean {
  return filesChanged.every((file, i) => i === 0 || (filesChanged[i - 1]?.atMs ?? 0) <= file.atMs)
}

function isRightLive(truth: CorpusSession['live'], { status, pid, waitingFor, sinceMs }: DetectedSession['live']) {
  const { accept, ...exact } = truth
  return accept.includes(status) && isDeepStrictEqual({ pid, waitingFor, sinceMs }, exact)
}
