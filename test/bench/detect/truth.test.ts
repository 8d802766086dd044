import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { DetectedSession } from '../../../shared/core/session.ts'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { createDetector } from '../../../shared/engine/transcript-detector.ts'
import { buildCorpus } from '../../support/corpus.ts'
import { hasGit } from '../../support/repositories.ts'
import { makeScratchFolder, removeScratchFolder } from '../../support/scratch.ts'
import { compareWithTruth, readTruth } from './truth.ts'

const folder = makeScratchFolder('truth')
afterAll(() => removeScratchFolder(folder))

async function detected() {
  const options = { folder, seed: 31, sessions: 12, repositories: 2, profile: 'small', writeTruth: true } as const
  const corpus = buildCorpus(options)
  const found = await createDetector(
    nodePorts(() => {}),
    { roots: corpus.roots },
  ).refresh()
  return { truth: readTruth(path.join(corpus.folder, 'truth.json')), found }
}

type Change = (session: DetectedSession) => DetectedSession

describe.skipIf(!hasGit())('compareWithTruth (skipped where git is not installed)', async () => {
  const { truth, found } = hasGit() ? await detected() : { truth: [], found: [] }
  const changed = (change: Change) => found.map((session, i) => (i === 5 ? change(session) : session))
  const { sessionId } = found[5]?.facts ?? { sessionId: '' }

  it('finds nothing wrong with what is right', () => {
    expect(compareWithTruth(truth, found)).toEqual({ checked: 12, wrong: 0, mistakes: [] })
  })

  it.each<readonly [string, Change]>([
    ['title', s => ({ ...s, facts: { ...s.facts, title: `${s.facts.title}!` } })],
    ['counts', s => ({ ...s, facts: { ...s.facts, counts: { ...s.facts.counts, lines: s.facts.counts.lines + 1 } } })],
    ['context', s => ({ ...s, facts: { ...s.facts, context: null } })],
    ['lastActivityMs', s => ({ ...s, facts: { ...s.facts, lastActivityMs: 1 } })],
    ['streams', s => ({ ...s, streams: s.streams.map(stream => ({ ...stream, completeBytes: 1 })) })],
    ['project', s => ({ ...s, project: null })],
    ['live', s => ({ ...s, live: { ...s.live, status: 'busy' } })],
    ['it cannot be read', s => ({ ...s, problems: ['it cannot be read'] })],
  ])('notices a wrong %s', (name, change) => {
    expect(compareWithTruth(truth, changed(change))).toEqual({
      checked: 12,
      wrong: 1,
      mistakes: [`${sessionId}: ${name}`],
    })
  })

  it('notices a session that is missing, invented or told twice', () => {
    const [first, ...others] = found as [DetectedSession, ...DetectedSession[]]
    const stranger = { ...first, facts: { ...first.facts, sessionId: 'stranger' } }
    expect(compareWithTruth(truth, others)).toMatchObject({
      wrong: 1,
      mistakes: [`${first.facts.sessionId} was not found`],
    })
    expect(compareWithTruth(truth, [...found, stranger])).toMatchObject({ wrong: 1 })
    expect(compareWithTruth(truth, [...found, first])).toMatchObject({ wrong: 1 })
  })
})
