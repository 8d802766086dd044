/** What the detector says of a made-up machine, against what the maker of that machine meant. */
import { afterAll, describe, expect, it } from 'vitest'
import type { SessionFacts, TranscriptStream } from '../../shared/core/session.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { buildCorpus } from '../support/corpus.ts'
import { plainFacts } from '../support/plain-sessions.ts'
import { hasGit } from '../support/repositories.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('truth')
afterAll(() => removeScratchFolder(scratch))
const ports = nodePorts(() => {})

/** Built when the first test asks: the body of a skipped suite runs too. */
const once = <T>(make: () => T): (() => T) => {
  let value: T | undefined
  return () => {
    value ??= make()
    return value
  }
}

/** Without what only follows from the rest. */
const stated = (facts: SessionFacts) => {
  const { compaction: _, changedFiles: __, ...rest } = plainFacts(facts)
  return rest
}

/** Whole milliseconds: the two ways of asking Node round differently. */
const rounded = (streams: readonly TranscriptStream[] = []) =>
  streams.map(stream => ({ ...stream, modifiedMs: Math.round(stream.modifiedMs) }))

describe.skipIf(!hasGit())('the detector (skipped where git is not installed)', () => {
  describe.each([
    ['small', 31],
    ['nasty', 32],
    ['nasty', 33],
  ] as const)('on a corpus of profile %s (seed %i)', (profile, seed) => {
    const build = once(() =>
      buildCorpus({ folder: `${scratch}/${profile}-${seed}`, seed, sessions: 60, repositories: 6, profile }),
    )

    it('finds every session with all its facts, files and its project, and after each growth again', async () => {
      const corpus = build()
      const detector = createDetector(ports, { roots: corpus.roots })
      const byId = async () => new Map((await detector.refresh()).map(session => [session.facts.sessionId, session]))

      let expected = corpus.sessions
      for (let round = 0; round < 2; round++) {
        const found = await byId()
        const told = expected.map(({ sessionId }) => {
          const session = found.get(sessionId)
          return {
            facts: session && stated(session.facts),
            project: session?.project,
            streams: rounded(session?.streams),
          }
        })
        expect(told).toEqual(
          expected.map(({ truth, project, streams }) => ({ facts: truth, project, streams: rounded(streams) })),
        )
        expect(found.size).toBe(expected.length)
        expected = expected.map((session, i) => (i % 5 === round ? corpus.grow(session, { turns: 2 }) : session))
      }
    })

    it('tells the live state of every session', async () => {
      const corpus = build()
      const detector = createDetector(ports, { roots: corpus.roots })
      const found = new Map((await detector.refresh()).map(session => [session.facts.sessionId, session.live]))
      for (const { sessionId, live } of corpus.sessions) {
        const state = found.get(sessionId)
        expect(live.accept).toContain(state?.status)
        expect(state).toMatchObject({ pid: live.pid, waitingFor: live.waitingFor, sinceMs: live.sinceMs })
      }
    })
  })
})
