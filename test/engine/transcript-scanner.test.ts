import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { TranscriptEvent } from '../../shared/core/transcript.ts'
import { nodeFiles } from '../../shared/engine/node-ports.ts'
import type { OpenFile } from '../../shared/engine/ports.ts'
import {
  createScanner,
  type ScanPosition,
  startOfFile,
  type TranscriptScanner,
} from '../../shared/engine/transcript-scanner.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('scanner')
afterAll(() => removeScratchFolder(scratch))

/** A file in memory, for reading only. `until` hides what comes after. */
function fileOf(bytes: Buffer, until = bytes.length): OpenFile {
  const never = () => {
    throw new Error('not for reading')
  }
  return {
    read: (into, position) => bytes.copy(into, 0, position, Math.min(until, position + into.byteLength)),
    stat: () => ({ ...nodeFiles.stat(scratch), kind: 'file', size: until }),
    peek: never,
    close: () => {},
    append: never,
    truncate: never,
    sync: never,
  }
}

interface Seen {
  readonly events: { readonly event: TranscriptEvent; readonly endByte: number }[]
  position: ScanPosition
}

/** Reads on from `seen.position`, at most `steps` chunks. */
function scanOn(scanner: TranscriptScanner, file: OpenFile, seen: Seen, steps = Number.POSITIVE_INFINITY): Seen {
  let step = 0
  const { size } = file.stat()
  for (const position of scanner.scan(file, seen.position, size, (event, endByte) =>
    seen.events.push({ event, endByte }),
  )) {
    seen.position = position
    step += 1
    if (step >= steps) break
  }
  return seen
}
const nothingSeen = (): Seen => ({ events: [], position: startOfFile })
const scanAll = (bytes: Buffer, options = {}) => scanOn(createScanner(options), fileOf(bytes), nothingSeen())
const kinds = (seen: Seen) => seen.events.map(({ event, endByte }) => [event.kind, endByte])

const mode = '{"type":"mode","mode":"normal"}\n'
const title = (text: string) => `${JSON.stringify({ type: 'ai-title', aiTitle: text })}\n`

describe('a scan', () => {
  it('gives an event and the byte after it for every whole line, and leaves a torn one', () => {
    const bytes = Buffer.from(`${mode}oops\n\n${title('ü')}{"type":"cost-state"}\n{"type":"mo`)
    const seen = scanAll(bytes)
    expect(kinds(seen)).toEqual([
      ['ignored', 32],
      ['damaged', 37],
      ['damaged', 38],
      ['title', 73],
      ['closed', 95],
    ])
    expect(seen.position).toEqual({ endByte: 95, scannedTo: bytes.length })
  })

  it('of an empty file gives nothing', () => {
    expect(scanAll(Buffer.alloc(0))).toEqual(nothingSeen())
  })

  it('reads no further than it is told, though the file has grown', () => {
    const bytes = Buffer.from(mode + mode)
    const seen = nothingSeen()
    const steps = createScanner().scan(fileOf(bytes), startOfFile, 40, (event, endByte) =>
      seen.events.push({ event, endByte }),
    )
    expect([...steps]).toEqual([{ endByte: 32, scannedTo: 40 }])
    expect(kinds(seen)).toEqual([['ignored', 32]])
  })

  it('ends where a file that shrinks under it ends', () => {
    const seen = nothingSeen()
    const steps = createScanner().scan(fileOf(Buffer.from(mode + mode), 40), startOfFile, 64, (event, endByte) =>
      seen.events.push({ event, endByte }),
    )
    expect([...steps].at(-1)).toEqual({ endByte: 32, scannedTo: 40 })
  })

  it('counts lines with zeros from a crash as damaged, and the others all the same', () => {
    const bytes = Buffer.concat([
      Buffer.from(mode),
      Buffer.alloc(5_000),
      Buffer.from(`\n${mode}`),
      Buffer.from(mode.replace('normal', 'n\0')),
    ])
    expect(kinds(scanAll(bytes, { chunkBytes: 64 })).map(([kind]) => kind)).toEqual([
      'ignored',
      'damaged',
      'ignored',
      'damaged',
    ])
  })

  it('takes invalid UTF-8 for what it is', () => {
    const bytes = Buffer.from(title('a?b'))
    bytes[bytes.indexOf('?')] = 0xfe
    expect(scanAll(bytes).events).toMatchObject([{ event: { kind: 'title', text: 'a\ufffdb' } }])
  })

  it('reads a line of 15 MB', () => {
    const bytes = Buffer.from(mode + title('x'.repeat(15_000_000)) + mode)
    const seen = scanAll(bytes)
    expect(seen.events.map(({ event }) => event.kind)).toEqual(['ignored', 'title', 'ignored'])
    expect(seen.position.endByte).toBe(bytes.length)
  })

  it('never throws and never skips a line end, whatever the bytes (seed 6)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.integer({ min: 1, max: 700 }), (noise, chunkBytes) => {
        const bytes = Buffer.from(noise.map(byte => (byte < 40 ? 10 : byte)))
        const ends = [...bytes.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1)
        const seen = scanAll(bytes, { chunkBytes })
        expect(seen.events.map(({ endByte }) => endByte)).toEqual(ends)
        expect(seen.position).toEqual({ endByte: ends.at(-1) ?? 0, scannedTo: bytes.length })
      }),
      { seed: 6 },
    )
  })
})

describe('a line over the limit (invariant 3)', () => {
  const limit = { chunkBytes: 16, longestLine: 100 }
  const overlong = `${'z'.repeat(1_000)}\n`

  it('is skipped unread and counted once, wherever it lies', () => {
    const bytes = Buffer.from(overlong + mode + overlong + overlong + mode)
    expect(kinds(scanAll(bytes, limit)).map(([kind]) => kind)).toEqual([
      'overlong',
      'ignored',
      'overlong',
      'overlong',
      'ignored',
    ])
  })

  it('is one byte longer than one that is read', () => {
    const line = (length: number) => Buffer.from(`${'7'.repeat(length)}\n`)
    expect(kinds(scanAll(line(100), limit))).toEqual([['damaged', 101]])
    expect(kinds(scanAll(line(101), limit))).toEqual([['overlong', 102]])
    expect(kinds(scanAll(line(101), { longestLine: 100 }))).toEqual([['overlong', 102]])
  })

  it('that is not whole yet is not read again from its beginning', () => {
    const bytes = Buffer.from(mode + overlong + mode)
    const seen = scanOn(createScanner(limit), fileOf(bytes, 900), nothingSeen())
    expect(seen.position).toEqual({ endByte: 32, scannedTo: 900 })
    const places: number[] = []
    const file = fileOf(bytes)
    const watched = {
      ...file,
      read: (into: Uint8Array, position: number) => {
        places.push(position)
        return file.read(into, position)
      },
    }
    expect(kinds(scanOn(createScanner(limit), watched, seen))).toEqual([
      ['ignored', 32],
      ['overlong', 1_033],
      ['ignored', 1_065],
    ])
    expect(Math.min(...places)).toBe(900)
  })

  it('of 400 MB without a line end, as in a sparse file, costs little memory and ends', () => {
    const name = path.join(scratch, 'sparse.jsonl')
    fs.writeFileSync(name, mode)
    fs.truncateSync(name, 400_000_000)
    const file = nodeFiles.open(name, 'read')
    const before = process.memoryUsage().arrayBuffers
    const seen = scanOn(createScanner({ longestLine: 1_000_000 }), file, nothingSeen())
    file.close()
    expect(seen.position).toEqual({ endByte: 32, scannedTo: 400_000_000 })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000)
  })
})

describe('reading in parts (invariant 1)', () => {
  const real = path.join(import.meta.dirname, '../fixtures/claude-code/config-dir/projects/-home-dev-work-proj1')
  const transcripts = ['9229065e-b1a5-406f-a835-a724ccf7169d.jsonl', '12eed295-b481-47b7-8947-ab1cadeb18c5.jsonl']

  it.each(transcripts)('of %s gives the same events as reading at once, wherever it was split (seed 7)', name => {
    const bytes = fs.readFileSync(path.join(real, name))
    const whole = scanAll(bytes)
    const splits = fc
      .array(fc.nat(bytes.length), { maxLength: 6 })
      .map(places => [...places, bytes.length].sort((a, b) => a - b))
    fc.assert(
      fc.property(splits, fc.integer({ min: 1_000, max: 100_000 }), (places, chunkBytes) => {
        const seen = nothingSeen()
        for (const until of places) {
          // As in another process: nothing is carried over but the position, and that as JSON.
          seen.position = JSON.parse(JSON.stringify(seen.position))
          scanOn(createScanner({ chunkBytes }), fileOf(bytes, until), seen)
        }
        expect(seen).toEqual(whole)
      }),
      { seed: 7, numRuns: 40 },
    )
  })

  it('also when a scan is given up after any chunk and lines are over the limit (seed 8)', () => {
    const lines = fc.array(
      fc.oneof(
        fc.constantFrom(mode, title('a'), 'oops\n', '\n'),
        fc.nat(90).map(n => `${'x'.repeat(n)}\n`),
      ),
    )
    const steps = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 })
    fc.assert(
      fc.property(lines, steps, fc.integer({ min: 1, max: 50 }), (parts, counts, chunkBytes) => {
        const bytes = Buffer.from(parts.join(''))
        const options = { chunkBytes, longestLine: 40 }
        const scanner = createScanner(options)
        const seen = nothingSeen()
        for (let i = 0; seen.position.scannedTo < bytes.length; i++) {
          // A torn line is read again, so a part must be able to grow beyond it.
          scanOn(scanner, fileOf(bytes), seen, (counts[i % counts.length] ?? 1) + i)
        }
        expect(seen.events).toEqual(scanAll(bytes, options).events)
      }),
      { seed: 8 },
    )
  })
})
