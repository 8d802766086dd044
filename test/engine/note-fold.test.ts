import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyToStream, emptyStream, type StreamFold } from '../../shared/core/stream-fold.ts'
import { parseRecord, type TranscriptEvent } from '../../shared/core/transcript.ts'
import { createLineWalk } from '../../shared/engine/line-walk.ts'
import { createScanner, startOfFile } from '../../shared/engine/transcript-scanner.ts'
import { fileInMemory } from '../support/file-in-memory.ts'
import { splitLines } from '../support/plain-reader.ts'
import { randomRecord, usualRecord } from '../support/random-records.ts'

const fixtures = path.join(import.meta.dirname, '../fixtures/claude-code')

function folded(bytes: Buffer, isMain: boolean, options = {}): StreamFold {
  const part = emptyStream(isMain)
  const steps = createScanner(options).fold(fileInMemory(bytes), startOfFile, bytes.length, part)
  expect([...steps].length).toBeGreaterThan(0)
  return part
}

function foldOfEvents(bytes: Buffer, isMain: boolean, eventOf: (line: Buffer) => TranscriptEvent): StreamFold {
  const part = emptyStream(isMain)
  let endByte = 0
  for (const line of splitLines(bytes).complete) {
    endByte += line.length + 1
    applyToStream(part, eventOf(line), endByte)
  }
  return part
}

/** Of what is JSON or is damaged as a whole. */
function parsed(line: Buffer): TranscriptEvent {
  try {
    return parseRecord(JSON.parse(line.toString()))
  } catch {
    return { kind: 'damaged' }
  }
}

const textOf = (records: readonly object[]) =>
  Buffer.from(records.map(record => `${JSON.stringify(record)}\n`).join(''))

it('most lines of a transcript are noted, so that these tests are of it', () => {
  const walk = createLineWalk()
  const plain = { type: 'user', timestamp: '2026-11-23T02:11:58.811Z', message: { content: 'Go on' } }
  const odd = { type: 'attachment', attachment: { type: 'queued_command' } }
  const bytes = textOf([{ type: 'mode' }, plain, odd, plain])
  bytes.copy(walk?.buffer ?? Buffer.alloc(0))
  expect([walk?.run(0, bytes.length), walk?.notes.lines(), walk?.notes.count()]).toEqual([
    bytes.indexOf('{"type":"a'),
    2,
    1,
  ])
  expect(walk?.notes.oddEnd()).toBe(bytes.indexOf('\n', bytes.indexOf('queued')))
})

describe('notes and events give the fold that the events of all lines give (invariant 1)', () => {
  it.each(
    fs.readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter(name => /projects.*jsonl$/.test(name)),
  )('in the real transcript %s, as main file and as a sub-agent’s', name => {
    const bytes = fs.readFileSync(path.join(fixtures, name))
    for (const isMain of [true, false]) expect(folded(bytes, isMain)).toEqual(foldOfEvents(bytes, isMain, parsed))
  })

  it.each([
    ['as Claude Code writes them', usualRecord, 41],
    ['of all kinds', fc.oneof({ weight: 5, arbitrary: usualRecord }, randomRecord), 42],
  ])(
    'of records %s, however they are read (seed %$)',
    (_, record, seed) => {
      const sizes = fc.record({
        chunkBytes: fc.constantFrom(300, 5_000, 262_144, 1_048_577),
        longestLine: fc.constantFrom(900, 67_108_864),
      })
      fc.assert(
        fc.property(fc.array(record, { maxLength: 60 }), fc.boolean(), sizes, (records, isMain, options) => {
          const bytes = textOf(records)
          fc.pre(bytes.length > 0)
          const eventOf = (line: Buffer): TranscriptEvent =>
            line.length > options.longestLine ? { kind: 'overlong' } : parsed(line)
          expect(folded(bytes, isMain, options)).toEqual(foldOfEvents(bytes, isMain, eventOf))
        }),
        { seed, numRuns: 300, endOnFailure: true },
      )
    },
    120_000,
  )

  it('of damaged lines too, which the careful reader reads alike (seed 43)', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 10, 11, 34, 44, 92, 93, 117, 123, 125)), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(fc.array(usualRecord, { minLength: 1, maxLength: 20 }), changes, (records, marks) => {
        const bytes = textOf(records)
        for (const [place, byte] of marks) bytes[place % bytes.length] = byte
        const part = emptyStream(true)
        const events = createScanner().scan(fileInMemory(bytes), startOfFile, bytes.length, (event, endByte) =>
          applyToStream(part, event, endByte),
        )
        expect([...events].length).toBeGreaterThan(0)
        expect(folded(bytes, true)).toEqual(part)
      }),
      { seed: 43, numRuns: 1_000, endOnFailure: true },
    )
  }, 120_000)

  it('of lines with damage where nobody needs to look, which both see or do not see (seed 44)', () => {
    const damaged = (record: object, isFirst: boolean) => {
      const text = JSON.stringify(record)
      return isFirst ? `{"odd":"\\9",${text.slice(1)}\n` : `${text.slice(0, -1)},"odd":"\\9"}\n`
    }
    const block = { type: 'text', text: 'Go on' }
    const typed = { type: 'user', timestamp: '2026-11-23T02:11:58.811Z', message: { content: [block] } }
    const record = fc.oneof(usualRecord, randomRecord, fc.constantFrom(typed, { ...typed, isMeta: true }))
    fc.assert(
      fc.property(fc.array(fc.tuple(record, fc.boolean()), { minLength: 1, maxLength: 20 }), lines => {
        const bytes = Buffer.from(lines.map(([record, isFirst]) => damaged(record, isFirst)).join(''))
        const part = emptyStream(true)
        const events = createScanner().scan(fileInMemory(bytes), startOfFile, bytes.length, (event, endByte) =>
          applyToStream(part, event, endByte),
        )
        expect([...events].length).toBeGreaterThan(0)
        expect(folded(bytes, true)).toEqual(part)
      }),
      { seed: 44, numRuns: 500, endOnFailure: true },
    )
  }, 120_000)
})

it('more notes than there is room for are taken in turn', () => {
  const call = (n: number) => ({ type: 'tool_use', id: `t${n}`, name: 'Write', input: { file_path: `/${n % 7}` } })
  const records = Array.from({ length: 900 }, (_, n) => [
    { type: 'assistant', message: { id: `m${n % 70}`, model: 'm', content: [call(n)] } },
    {
      type: 'user',
      timestamp: '2026-11-23T02:11:58.811Z',
      message: { content: [{ type: 'tool_result', tool_use_id: `t${n}`, content: 'ok' }] },
    },
  ]).flat()
  const bytes = textOf(records)
  expect(folded(bytes, true)).toEqual(foldOfEvents(bytes, true, parsed))
})
