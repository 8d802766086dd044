import { describe, expect, it } from 'vitest'
import {
  assess,
  findingsOf,
  type TreeNow,
  treeBelongsTo,
  unsavedTranscriptBytes,
} from '../../shared/core/assessment.ts'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import { signalsAt } from '../../shared/core/judgement.ts'
import type { DetectedSession, LiveStatus } from '../../shared/core/session.ts'
import {
  changedFileOf,
  countsOf,
  hashOf,
  hourMs,
  minuteMs,
  noonMs,
  recordOf,
  type SessionChanges,
  sessionOf,
  streamOf,
  streamRecordOf,
} from '../support/core-values.ts'

const shop = '/home/ann/shop'
const sameTree = { fingerprint: hashOf(1), changedPaths: [] }
const otherTree = { fingerprint: hashOf(2), changedPaths: [`${shop}/a.ts`, `${shop}/made-by-bash.txt`] }

function measure(session: DetectedSession, last: CheckpointRecord | null, tree: TreeNow | null) {
  const assessment = assess(session, last, tree)
  return { ...assessment, signals: signalsAt(findingsOf(session, last, assessment.unsaved), noonMs) }
}
type Measured = ReturnType<typeof measure>

/** What is found of a session that was checkpointed an hour ago and has not stirred since. */
const still: Measured = {
  signals: { hoursSinceCheckpoint: 1, messages: 10, filesChanged: 0, contextPercent: 25, idleMinutes: 10 },
  unsaved: { messages: 0, transcriptBytes: 0, files: 0 },
  unchanged: true,
}

interface Row {
  readonly session?: SessionChanges
  readonly last?: Partial<CheckpointRecord>
  readonly tree?: typeof otherTree | null
  readonly expected: {
    readonly signals?: Partial<Measured['signals']>
    readonly unsaved?: Partial<Measured['unsaved']>
    readonly unchanged?: boolean
  }
}

const namedFiles = [
  changedFileOf(`${shop}/old.ts`, 900),
  changedFileOf(`${shop}/at-the-edge.ts`, 1_000),
  changedFileOf(`${shop}/a.ts`, 1_001),
  changedFileOf(`${shop}/b.ts`, 1_400),
]

describe('assess, against a checkpoint', () => {
  it.each<[string, Row]>([
    ['a session that has not stirred', { expected: {} }],
    [
      'new messages and bytes',
      {
        session: { facts: { counts: countsOf({ messages: 13 }) }, streams: [streamOf('main', 1_500)] },
        expected: { signals: { messages: 13 }, unsaved: { messages: 3, transcriptBytes: 500 }, unchanged: false },
      },
    ],
    [
      'fewer messages than were saved, which is none to lose',
      { session: { facts: { counts: countsOf({ messages: 7 }) } }, expected: { signals: { messages: 7 } } },
    ],
    [
      'only the files that the transcript names beyond the saved position',
      {
        session: { facts: { filesChanged: namedFiles }, streams: [streamOf('main', 1_500)] },
        expected: { signals: { filesChanged: 2 }, unsaved: { transcriptBytes: 500, files: 2 }, unchanged: false },
      },
    ],
    [
      'a file of a new sub-agent from its first byte',
      {
        session: {
          facts: { filesChanged: [changedFileOf(`${shop}/c.ts`, 20, 'subagents/agent-1.jsonl')] },
          streams: [streamOf('main', 1_000), streamOf('subagents/agent-1.jsonl', 40)],
        },
        expected: { signals: { filesChanged: 1 }, unsaved: { transcriptBytes: 40, files: 1 }, unchanged: false },
      },
    ],
    [
      'a file that transcript and work tree both name once',
      {
        session: { facts: { filesChanged: namedFiles }, streams: [streamOf('main', 1_500)] },
        tree: otherTree,
        expected: { signals: { filesChanged: 3 }, unsaved: { transcriptBytes: 500, files: 3 }, unchanged: false },
      },
    ],
    [
      'a work tree that only Bash changed',
      { tree: otherTree, expected: { signals: { filesChanged: 2 }, unsaved: { files: 2 }, unchanged: false } },
    ],
    [
      'a changed work tree without changed paths, such as a new HEAD',
      { tree: { ...otherTree, changedPaths: [] }, expected: { unchanged: false } },
    ],
    ['a work tree that was not looked at', { tree: null, expected: {} }],
    [
      'paths of an equal work tree, which do not count',
      { tree: { ...otherTree, fingerprint: hashOf(1) }, expected: {} },
    ],
    [
      'a work tree that the checkpoint could not save',
      {
        last: { tree: null },
        tree: otherTree,
        expected: { signals: { filesChanged: 2 }, unsaved: { files: 2 }, unchanged: false },
      },
    ],
    [
      "a work tree that others changed after the session's end",
      { session: { status: 'ended' }, tree: otherTree, expected: {} },
    ],
    [
      'a work tree that changed with the last words of an ended session',
      {
        session: { status: 'ended-abruptly', streams: [streamOf('main', 1_100)] },
        tree: otherTree,
        expected: { signals: { filesChanged: 2 }, unsaved: { transcriptBytes: 100, files: 2 }, unchanged: false },
      },
    ],
    [
      'a rewritten transcript, now shorter, as changed, with every file that it names',
      {
        session: { facts: { filesChanged: namedFiles }, streams: [streamOf('main', 950)] },
        expected: { signals: { filesChanged: 4 }, unsaved: { files: 4 }, unchanged: false },
      },
    ],
    [
      'a rewritten sub-agent without touching the position of the main stream',
      {
        session: {
          facts: { filesChanged: [...namedFiles, changedFileOf(`${shop}/d.ts`, 5, 'subagents/agent-1.jsonl')] },
          streams: [streamOf('main', 1_000), streamOf('subagents/agent-1.jsonl', 10)],
        },
        last: { streams: [streamRecordOf('main', 1_000), streamRecordOf('subagents/agent-1.jsonl', 30)] },
        expected: { signals: { filesChanged: 3 }, unsaved: { files: 3 }, unchanged: false },
      },
    ],
    [
      'a stream that has vanished as nothing new',
      {
        last: { streams: [streamRecordOf('main', 1_000), streamRecordOf('subagents/agent-1.jsonl', 30)] },
        expected: {},
      },
    ],
    ['a busy session as not idle', { session: { status: 'busy' }, expected: { signals: { idleMinutes: 0 } } }],
    ['a waiting session as idle', { session: { status: 'waiting' }, expected: {} }],
    [
      'a session without any timestamp as not idle',
      { session: { facts: { lastActivityMs: null } }, expected: { signals: { idleMinutes: 0 } } },
    ],
    [
      'activity in the future, after the clock was set back, as not idle',
      { session: { facts: { lastActivityMs: noonMs + minuteMs } }, expected: { signals: { idleMinutes: 0 } } },
    ],
    [
      'a checkpoint in the future by its distance',
      { last: { at: noonMs + 3 * hourMs }, expected: { signals: { hoursSinceCheckpoint: 3 } } },
    ],
    [
      'an unknown context as empty',
      { session: { facts: { context: null } }, expected: { signals: { contextPercent: 0 } } },
    ],
    [
      'a context beyond its window as it is',
      {
        session: { facts: { context: { tokens: 220_000, windowTokens: 200_000, percent: 110 } } },
        expected: { signals: { contextPercent: 110 } },
      },
    ],
  ])('counts %s', (_title, { session, last, tree = sameTree, expected }) => {
    expect(measure(sessionOf(session), recordOf(last), tree)).toEqual({
      signals: { ...still.signals, ...expected.signals },
      unsaved: { ...still.unsaved, ...expected.unsaved },
      unchanged: expected.unchanged ?? still.unchanged,
    })
  })
})

describe('assess, without a checkpoint', () => {
  it('counts everything as unsaved, and no work tree, since there is nothing to compare it with', () => {
    const session = sessionOf({ facts: { filesChanged: namedFiles }, streams: [streamOf('main', 1_500)] })
    expect(measure(session, null, otherTree)).toEqual({
      signals: { hoursSinceCheckpoint: null, messages: 10, filesChanged: 4, contextPercent: 25, idleMinutes: 10 },
      unsaved: { messages: 10, transcriptBytes: 1_500, files: 4 },
      unchanged: false,
    })
  })

  it('has nothing to save before the first message, whatever the file holds', () => {
    const session = sessionOf({ facts: { counts: countsOf({ lines: 2 }) }, streams: [streamOf('main', 300)] })
    expect(measure(session, null, null)).toEqual({
      signals: { hoursSinceCheckpoint: null, messages: 0, filesChanged: 0, contextPercent: 25, idleMinutes: 10 },
      unsaved: { messages: 0, transcriptBytes: 300, files: 0 },
      unchanged: true,
    })
  })
})

describe('treeBelongsTo', () => {
  it.each<[LiveStatus, boolean]>([
    ['busy', true],
    ['waiting', true],
    ['idle', true],
    ['shell', true],
    ['ended', false],
    ['ended-abruptly', false],
    ['unknown', false],
  ])('of a session that is %s and has no new records is %j', (status, belongs) => {
    expect(treeBelongsTo(sessionOf({ status }), false)).toBe(belongs)
  })

  it('is true of any session with new records', () => {
    expect(treeBelongsTo(sessionOf({ status: 'ended' }), true)).toBe(true)
  })
})

describe('unsavedTranscriptBytes', () => {
  const agent = 'subagents/agent-1.jsonl'
  const saved = recordOf({ streams: [streamRecordOf('main', 1_000), streamRecordOf(agent, 200)] })
  const torn = { ...streamOf('main', 1_000), sizeBytes: 1_080 }

  it.each([
    ['nothing new', [streamOf('main', 1_000), streamOf(agent, 200)], 0],
    ['growth of every stream', [streamOf('main', 1_300), streamOf(agent, 250)], 350],
    ['a new stream whole', [streamOf('main', 1_000), streamOf(agent, 200), streamOf('tool-results/b5.txt', 70)], 70],
    ['no torn last line', [torn, streamOf(agent, 200)], 0],
    ['a rewrite as less than nothing', [streamOf('main', 400), streamOf(agent, 150)], -650],
    ['growth, undiminished by a rewrite beside it', [streamOf('main', 1_010), streamOf(agent, 0)], 10],
    ['no stream that has vanished', [streamOf('main', 1_000)], 0],
  ])('counts %s', (_title, streams, bytes) => {
    expect(unsavedTranscriptBytes(sessionOf({ streams }), saved)).toBe(bytes)
  })

  it('counts everything without a checkpoint', () => {
    expect(unsavedTranscriptBytes(sessionOf({ streams: [streamOf('main', 1_000), streamOf(agent, 9)] }), null)).toBe(
      1_009,
    )
  })
})
