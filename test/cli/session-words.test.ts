import { describe, expect, it } from 'vitest'
import {
  checkpointAge,
  checkpointAgeShort,
  percentWords,
  scoreWords,
  timeStamp,
  titleOf,
  unsavedShort,
  unsavedWords,
} from '../../cli/session-words.ts'
import { sampleNowMs, sampleSession } from '../support/sample-state.ts'

const savedAgo = (ms: number) =>
  sampleSession({
    lastCheckpoint: {
      id: 'x/1',
      seq: 1,
      atMs: sampleNowMs - ms,
      why: '',
      causeKind: 'due',
      messages: 1,
      transcriptBytes: 1,
      treeFiles: 0,
      treeSkipped: 0,
      treeError: null,
      fingerprint: null,
    },
  })

describe('the age of a checkpoint', () => {
  it.each([
    [5_000, 'just now', 'just now'],
    [2_400_000, '40 min ago', '40 min ago'],
    [9_600_000, '2 h 40 min ago', '2 h ago'],
    [187_200_000, '2 d 4 h ago', '2 d ago'],
    [-600_000, 'in 10 min', 'in 10 min'],
  ])('%i ms ago is "%s", short "%s"', (ms, long, short) => {
    expect(checkpointAge(savedAgo(ms), sampleNowMs)).toBe(long)
    expect(checkpointAgeShort(savedAgo(ms), sampleNowMs)).toBe(short)
  })

  it('is "never" without one', () => {
    expect(checkpointAge(sampleSession(), sampleNowMs)).toBe('never')
    expect(checkpointAgeShort(sampleSession(), sampleNowMs)).toBe('never')
  })
})

describe('unsaved work', () => {
  it.each([
    [{ messages: 1, files: 1 }, '1 message, 1 file', '1 msg 1 f'],
    [{ messages: 1200, files: 0 }, '1,200 messages', '1200 msg'],
    [{ messages: 0, files: 4 }, '4 files', '4 f'],
    [{ messages: 0, files: 0 }, 'none', 'none'],
  ])('%o is "%s", short "%s"', (unsaved, long, short) => {
    expect(unsavedWords({ ...unsaved, transcriptBytes: 9 })).toBe(long)
    expect(unsavedShort({ ...unsaved, transcriptBytes: 9 })).toBe(short)
  })
})

it('a title is one harmless line, and never empty', () => {
  expect(titleOf({ title: 'a\n\u001b[31mb\u202e' })).toBe('a [31mb')
  expect(titleOf({ title: ' \u0007 ' })).toBe('Untitled session')
})

it('a score has two decimals, and none from a hundred on', () => {
  expect([0, 1.5, 99.99, 3096.23].map(scoreWords)).toEqual(['0.00', '1.50', '99.99', '3096'])
})

it('a percentage has its sign, and what is unknown is left empty', () => {
  expect([percentWords(81), percentWords(null)]).toEqual(['81 %', ''])
})

it('a time is local, to the second', () => {
  expect(timeStamp(new Date(2026, 0, 5, 9, 3, 7, 999).getTime())).toBe('2026-01-05 09:03:07')
})
