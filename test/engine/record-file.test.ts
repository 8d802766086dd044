import { describe, expect, it } from 'vitest'
import { decodeRecord, encodeRecord, maxSeq, recordFileName, seqOfFileName } from '../../shared/engine/record-file.ts'
import { seededRandom } from '../support/random.ts'
import { sessionA, sessionB, sha256 } from '../support/stores.ts'

const content = {
  v: 1,
  session: sessionA,
  seq: 7,
  at: 1_795_000_000_000,
  title: 'Fix “the” bug [\n 1,\n 2\n ]\u2028',
  cwd: '/home/dev/work',
  model: 'a-model',
  cause: { kind: 'due', factors: ['time'], total: 1.2 },
  why: 'two hours since the last one',
  scores: { time: 1.1, total: 1.2 },
  counts: { messages: 3, lines: 12, compactions: 0 },
  contextPercent: 40,
  lastActivity: 1_794_999_000_000,
  streams: [
    {
      name: 'main',
      path: '/x.jsonl',
      generation: 1,
      bytes: 30,
      sha256: sha256('a'),
      segments: [
        [0, 0, 9, 10],
        [0, 9, 9, 20],
      ],
    },
  ],
  tree: null,
  treeError: { code: 'no-project', message: 'no folder' },
  packs: [sha256('p')],
  brief: '# Resume\n\n"quoted"\n',
}
const { record, bytes } = encodeRecord(content)
const damaged = { ok: false, problem: { kind: 'damaged', sessionId: sessionA, seq: 7, message: expect.any(String) } }

describe('a record as text', () => {
  it('reads back as it was', () => {
    expect(decodeRecord(bytes, sessionA, 7)).toEqual({ ok: true, record })
    expect(record).toEqual({ ...content, sum: record.sum })
  })

  it('is for people: indented, numbers of a place on one line, the checksum last', () => {
    const lines = bytes.toString().split('\n')
    expect(lines.slice(0, 3)).toEqual(['{', '  "v": 1,', `  "session": "${sessionA}",`])
    expect(lines).toContain('        [0, 9, 9, 20]')
    expect(lines.slice(-3)).toEqual([`  "sum": "${record.sum}"`, '}', ''])
    // What `head -n -2 <file> | sha256sum` says.
    expect(sha256(`${lines.slice(0, -3).join('\n')}\n`)).toBe(record.sum)
  })

  it('keeps fields that this version does not know', () => {
    const more = encodeRecord({ ...content, later: { a: [1, 2] }, streams: [{ ...content.streams[0], codec: 'x' }] })
    expect(decodeRecord(more.bytes, sessionA, 7)).toEqual({ ok: true, record: more.record })
  })

  it('is damaged when any one byte is changed (every byte, one bit each, seed 5)', () => {
    const random = seededRandom(5)
    const missed = [...bytes.keys()].filter(at => {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << random.int(0, 7))
      const read = decodeRecord(changed, sessionA, 7)
      return read.ok || read.problem.kind !== 'damaged'
    })
    expect(missed).toEqual([])
  })

  it('is damaged when it is cut at any length, or goes on', () => {
    const wrong = [...bytes.keys()].filter(length => decodeRecord(bytes.subarray(0, length), sessionA, 7).ok)
    expect(wrong).toEqual([])
    expect(decodeRecord(Buffer.concat([bytes, Buffer.from('\n')]), sessionA, 7)).toEqual(damaged)
  })

  it.each([
    ['another session', sessionB, 7],
    ['another number', sessionA, 8],
  ])('is not taken for the record of %s', (_title, session, seq) => {
    expect(decodeRecord(bytes, session, seq)).toMatchObject({ ok: false, problem: { kind: 'damaged' } })
  })

  it.each([
    ['no streams', { streams: undefined }],
    ['a stream whose name climbs out', { streams: [{ ...content.streams[0], name: '../../x' }] }],
    ['a pack that is no hash', { packs: ['../../etc'] }],
    ['a negative length', { streams: [{ ...content.streams[0], bytes: -1 }] }],
  ])('is not taken for one with %s, even if its sum is right', (_title, change) => {
    expect(decodeRecord(encodeRecord({ ...content, ...change }).bytes, sessionA, 7)).toEqual(damaged)
  })

  it.each(['null', '[]', '{}', 'x'])('is not taken for one if it is %s with a right sum', body => {
    const text = `${body}\n`
    expect(decodeRecord(Buffer.from(`${text}  "sum": "${sha256(text)}"\n}\n`), sessionA, 7)).toEqual(damaged)
  })

  it('of a later version is told from damage', () => {
    const later = encodeRecord({ ...content, v: 2, streams: 'something else' })
    expect(decodeRecord(later.bytes, sessionA, 7)).toMatchObject({ ok: false, problem: { kind: 'newer' } })
  })
})

describe('the file name of a record', () => {
  it('is its number, so that names sort as numbers do', () => {
    expect([1, 42, maxSeq].map(recordFileName)).toEqual(['00000001.json', '00000042.json', '99999999.json'])
    expect([1, 42, maxSeq].map(recordFileName).map(seqOfFileName)).toEqual([1, 42, maxSeq])
  })

  it.each(['00000000.json', '1.json', '00000001.json.bak', '0000000a.json', 'x00000001.json'])('is not %s', name => {
    expect(seqOfFileName(name)).toBe(null)
  })
})
