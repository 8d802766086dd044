import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkpointRecordSchema, streamNameSchema, summariseCheckpoint } from '../../shared/core/checkpoint.ts'
import { checkpointId, parseCheckpointId } from '../../shared/core/checkpoint-id.ts'
import { parseSessionId } from '../../shared/core/session.ts'
import { hashOf, hourMs, idOf, noonMs, recordOf, streamRecordOf } from '../support/core-values.ts'

describe('parseCheckpointId', () => {
  it.each([101, 102])('gives back what checkpointId was made of (seed %i)', seed => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 99_999_999 }), (sessionId, seq) => {
        expect(parseCheckpointId(checkpointId(sessionId, seq))).toEqual({ sessionId, seq })
      }),
      { seed, numRuns: 200 },
    )
  })

  it('folds an id in upper case', () => {
    const id = 'ABCDEF01-0000-4000-8000-00000000ABCD'
    expect(parseCheckpointId(`${id}/12`)).toEqual({ sessionId: id.toLowerCase(), seq: 12 })
  })

  it.each([
    '',
    idOf(1),
    `${idOf(1)}/`,
    `${idOf(1)}/0`,
    `${idOf(1)}/01`,
    `${idOf(1)}/-1`,
    `${idOf(1)}/1.5`,
    `${idOf(1)}/1e3`,
    `${idOf(1)}/123456789`,
    `${idOf(1)}/1\n`,
    ` ${idOf(1)}/1`,
    `${idOf(1)}/1/2`,
    `../${idOf(1)}/1`,
    '/1',
    'main/1',
  ])('refuses %j', text => {
    expect(parseCheckpointId(text)).toBeNull()
  })

  it.each([103])('never gives a session id or a number that is none, whatever the text (seed %i)', seed => {
    const part = fc.oneof(fc.uuid(), fc.constantFrom('/', '..', '1', '0', ' '), fc.string({ maxLength: 3 }))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), parts => {
        const parsed = parseCheckpointId(parts.join(''))
        const good = parsed === null || (parseSessionId(parsed.sessionId) === parsed.sessionId && parsed.seq >= 1)
        expect(good).toBe(true)
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('streamNameSchema', () => {
  it.each([
    'main',
    'subagents/agent-1f.jsonl',
    'tool-results/b5h.txt',
    'legacy/agent-0a.jsonl',
    '_x',
    'a/b/c/d/e/f/g/h/i',
  ])('takes %s', name => {
    expect(streamNameSchema.safeParse(name).success).toBe(true)
  })

  it.each([
    '',
    '/main',
    'main/',
    'a//b',
    '.',
    '..',
    '../main',
    'a/../b',
    'a/.hidden',
    'C:\\x',
    'a\\b',
    'a b',
    'main\n',
    'a\u0000b',
    'a/b/c/d/e/f/g/h/i/j',
    'x'.repeat(401),
  ])('refuses %j, which could leave its folder', name => {
    expect(streamNameSchema.safeParse(name).success).toBe(false)
  })
})

describe('checkpointRecordSchema', () => {
  it('takes a whole record, and keeps what it does not know', () => {
    const record = { ...recordOf(), later: { version: 'field' } }
    expect(checkpointRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record)
  })

  it('takes a record without a work tree', () => {
    const record = recordOf({ tree: null, treeError: { code: 'home-folder', message: 'not saved as a whole' } })
    expect(checkpointRecordSchema.parse(record)).toEqual(record)
  })

  it.each([
    ['a newer version', { v: 2 }],
    ['a number that is none', { seq: 0 }],
    ['an instant that is none', { at: Number.NaN }],
    ['a cause that is none', { cause: { kind: 'whim' } }],
    ['a stream outside its folder', { streams: [streamRecordOf('../main', 1)] }],
    ['a negative size', { streams: [streamRecordOf('main', -1)] }],
    ['a pack that is no hash', { packs: ['main.pack'] }],
    ['a hash in upper case', { sum: 'A'.repeat(64) }],
    ['a missing field', { brief: undefined }],
  ])('refuses %s', (_title, change) => {
    expect(checkpointRecordSchema.safeParse({ ...recordOf(), ...change }).success).toBe(false)
  })
})

describe('summariseCheckpoint', () => {
  it('says what the user interfaces need', () => {
    const record = recordOf({ streams: [streamRecordOf('main', 1_000), streamRecordOf('subagents/agent-1.jsonl', 30)] })
    expect(summariseCheckpoint(record)).toEqual({
      id: `${idOf(1)}/3`,
      seq: 3,
      atMs: noonMs - hourMs,
      why: '2 h since the last checkpoint (limit 2 h)',
      causeKind: 'due',
      messages: 10,
      transcriptBytes: 1_030,
      treeFiles: 2,
      treeSkipped: 0,
      treeError: null,
      fingerprint: hashOf(1),
    })
  })

  it('says why there is no work tree', () => {
    const record = recordOf({ tree: null, treeError: { code: 'home-folder', message: 'not saved as a whole' } })
    expect(summariseCheckpoint(record)).toMatchObject({
      treeFiles: 0,
      treeSkipped: 0,
      treeError: 'not saved as a whole',
      fingerprint: null,
    })
  })
})
