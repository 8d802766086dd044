import { appendFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointRecord, FramePlace, StreamRecord } from '../../shared/core/checkpoint.ts'
import type { TranscriptStream } from '../../shared/core/session.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import type { FrameSink } from '../../shared/engine/frame-sink.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { createPackTable } from '../../shared/engine/record-packs.ts'
import { saveStream } from '../../shared/engine/transcript-stream.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import {
  checkpoint,
  describeTranscript,
  openTestStore,
  realPorts,
  sha256,
  streamBytes,
  transcriptLines,
  writeTranscript,
} from '../support/stores.ts'

let scratch: string
let file: string
let store: CheckpointStore
beforeEach(() => {
  scratch = makeScratchFolder('stream')
  file = path.join(scratch, 'main.jsonl')
  store = openTestStore(path.join(scratch, 'store'))
})
afterEach(() => removeScratchFolder(scratch))

const random = seededRandom(4)
const [begin, more, rest] = [30_000, 9_000, 5_000].map(bytes => transcriptLines(random, bytes)) as [
  string,
  string,
  string,
]

/** One checkpoint of the file with this content; its only stream. */
function save(content: string | Buffer, older: CheckpointRecord | null = null) {
  const record = checkpoint(store, { older, streams: [writeTranscript(file, content)] })
  const [stream] = record.streams
  return { record, stream: stream ?? expect.fail('no stream'), text: streamBytes(store, record).toString() }
}

describe('a transcript', () => {
  it('is stored whole the first time', () => {
    const { stream, text } = save(begin)
    expect(text).toBe(begin)
    expect(stream).toMatchObject({
      name: 'main',
      path: file,
      generation: 1,
      bytes: begin.length,
      sha256: sha256(begin),
    })
    expect(stream.segments).toHaveLength(1)
  })

  it('that has grown gets one frame with what is new, and keeps the frames it has', () => {
    const first = save(begin)
    const second = save(begin + more, first.record)
    const third = save(begin + more + rest, second.record)
    expect([second.text, third.text]).toEqual([begin + more, begin + more + rest])
    expect(third.stream).toMatchObject({ generation: 1, bytes: (begin + more + rest).length })
    expect(third.stream.segments.map(place => place[3])).toEqual([begin, more, rest].map(part => part.length))
    expect(third.record.packs).toEqual([...second.record.packs, expect.any(String)])
    expect(streamBytes(store, first.record).toString()).toBe(begin)
  })

  it('that has not changed writes nothing', () => {
    const first = save(begin)
    const second = save(begin, first.record)
    expect(second.stream).toEqual(first.stream)
    expect(second.record.packs).toEqual(first.record.packs)
  })

  it.each<[string, () => string]>([
    ['was cut', () => begin.slice(0, begin.lastIndexOf('\n', 9_000) + 1)],
    ['was emptied', () => ''],
    ['was replaced by another', () => rest],
    ['was replaced by a longer one', () => rest + more + begin + begin],
    ['has one other byte early on, and has grown', () => begin.replace('const', 'Const') + more],
    ['has one other byte in the last line that was stored', () => `${begin.slice(0, -4)}X"}\n`],
  ])('that %s begins a new generation with all of it, and the old one stays restorable', (_title, change) => {
    const first = save(begin)
    const second = save(change(), first.record)
    expect(second.text).toBe(change())
    expect(second.stream).toMatchObject({ generation: 2, sha256: sha256(change()) })
    expect(streamBytes(store, first.record).toString()).toBe(begin)
  })

  it('that has grown again after a new generation goes on with that one', () => {
    const second = save(rest, save(begin).record)
    const third = save(rest + more, second.record)
    expect(third.stream).toMatchObject({ generation: 2, segments: [expect.anything(), expect.anything()] })
    expect(third.text).toBe(rest + more)
  })

  it('that was deleted is said to be missing, and older checkpoints give it back', () => {
    const first = save(begin)
    rmSync(file)
    expect(saved(describeTranscript(file, Buffer.from(begin)))).toMatchObject({ ok: false, code: 'transcript-missing' })
    expect(streamBytes(store, first.record).toString()).toBe(begin)
  })

  it('is stored up to its last line end: a torn line waits for the next checkpoint', () => {
    const torn = '{"type":"assistant","te'
    const first = save(begin + torn)
    const second = save(`${begin}${torn}xt":1}\n${more}`, first.record)
    expect([first.text, second.text]).toEqual([begin, `${begin}${torn}xt":1}\n${more}`])
    expect(second.stream).toMatchObject({ generation: 1, segments: [expect.anything(), expect.anything()] })
  })

  it('that is not lines is stored to its last byte', () => {
    const result = path.join(scratch, 'result.txt')
    const stream = writeTranscript(result, 'no line end', 'tool-results/result.txt')
    const record = checkpoint(store, { streams: [stream] })
    expect(streamBytes(store, record, 'tool-results/result.txt').toString()).toBe('no line end')
  })

  it('that the detector saw longer than it is now is stored as far as it goes, whole lines only', () => {
    const stream = writeTranscript(file, begin + more)
    truncateSync(file, begin.length + 100)
    const lastLineEnd = (begin + more).slice(0, begin.length + 100).lastIndexOf('\n') + 1
    const record = checkpoint(store, { streams: [stream] })
    expect(streamBytes(store, record).toString()).toBe((begin + more).slice(0, lastLineEnd))
  })

  it('that the detector saw shorter than another process has stored does not go back', () => {
    const newer = save(begin + more).record
    const stale = describeTranscript(file, Buffer.from(begin))
    expect(checkpoint(store, { older: newer, streams: [stale] }).streams).toEqual(newer.streams)
  })

  it('with bytes that are no text at all is stored byte for byte', () => {
    const bytes = Buffer.concat([
      Buffer.from([0, 0xff, 0xfe, 0x0a, 0xc3]),
      Buffer.from(random.hex(4_000), 'hex'),
      Buffer.from('\n'),
    ])
    const { record } = save(bytes)
    expect(streamBytes(store, record).equals(bytes)).toBe(true)
  })

  it('is not followed when it is a link', () => {
    writeFileSync(path.join(scratch, 'secret'), begin)
    symlinkSync(path.join(scratch, 'secret'), file)
    expect(saved(describeTranscript(file, Buffer.from(begin)))).toMatchObject({ ok: false, code: 'io-error' })
  })

  it.each(['../main', 'a//b', '/abs', 'sub/../../x', '.hidden', 'sp ace', ''])(
    'is not stored under the name %j',
    name => {
      writeFileSync(file, begin)
      expect(saved({ ...describeTranscript(file, Buffer.from(begin)), name })).toMatchObject({
        ok: false,
        code: 'internal',
      })
    },
  )
})

type OpenArgs = Parameters<FileSystem['open']>

/** A sink that keeps the contents. */
function memorySink(): FrameSink & { readonly contents: Buffer[] } {
  const contents: Buffer[] = []
  return {
    contents,
    add: (content): FramePlace => [0, contents.push(Buffer.from(content)), content.byteLength, content.byteLength],
  }
}

function saved(stream: TranscriptStream, files: FileSystem = realPorts.files, older: CheckpointRecord | null = null) {
  return saveStream(files, { stream, older, table: createPackTable(), sink: memorySink() })
}

describe('saveStream', () => {
  it('says whether there is anything that the older record does not have', () => {
    const older = save(begin).record
    const changed = (content: string) => {
      const result = saved(writeTranscript(file, content), realPorts.files, older)
      return result.ok && result.changed
    }
    expect([begin, begin + more, rest, ''].map(changed)).toEqual([false, true, true, true])
    const empty = saved(writeTranscript(file, ''))
    expect(empty).toMatchObject({ ok: true, changed: false, stream: { generation: 1, bytes: 0, segments: [] } })
  })

  it('makes frames of at most 8 MiB, and never has more than that in one of them', () => {
    const large = Buffer.alloc(20_000_000, 'x'.repeat(99).concat('\n'))
    const stream = writeTranscript(file, large)
    const sink = memorySink()
    const result = saveStream(realPorts.files, { stream, older: null, table: createPackTable(), sink })
    expect(sink.contents.map(content => content.length)).toEqual([8_388_608, 8_388_608, 3_222_784])
    expect(Buffer.concat(sink.contents).equals(large)).toBe(true)
    expect(result).toMatchObject({ ok: true, stream: { bytes: 20_000_000, sha256: sha256(large) } })
  })

  it('takes small frames together when they have become 64, in the same generation', () => {
    const parts = Array.from({ length: 66 }, () => transcriptLines(random, 300))
    let older: CheckpointRecord | null = null
    const streams: StreamRecord[] = []
    for (const at of parts.keys()) {
      const { record, stream, text } = save(parts.slice(0, at + 1).join(''), older)
      expect(text).toBe(parts.slice(0, at + 1).join(''))
      streams.push(stream)
      older = record
    }
    expect(streams.map(stream => stream.segments.length).slice(62)).toEqual([63, 64, 1, 2])
    expect(new Set(streams.map(stream => stream.generation))).toEqual(new Set([1]))
    expect(older?.packs).toHaveLength(2)
  })

  /** The real file system, where `change` happens to the file right after the `n`th read. */
  const meanwhile = (n: number, change: () => void): FileSystem => {
    let reads = 0
    return {
      ...realPorts.files,
      open: (at, mode) => {
        const opened = realPorts.files.open(at, mode)
        return {
          ...opened,
          read: (into, position) => {
            const read = opened.read(into, position)
            reads += 1
            if (reads === n) change()
            return read
          },
        }
      },
    }
  }

  it('is not disturbed by lines that are appended while it reads', () => {
    const stream = writeTranscript(file, begin)
    const result = saved(
      stream,
      meanwhile(1, () => appendFileSync(file, more)),
    )
    expect(result).toMatchObject({ ok: true, stream: { bytes: begin.length, sha256: sha256(begin) } })
  })

  it.each<[string, () => void]>([
    ['rewritten in place', () => writeFileSync(file, rest + more + begin)],
    ['replaced by another file', () => replaceWith(rest + more + begin)],
    ['cut', () => truncateSync(file, 0)],
  ])('reads again when the file is %s while it reads, and stores no mixture', (_title, change) => {
    const stream = writeTranscript(file, begin)
    const after = (n: number) => {
      writeFileSync(file, begin)
      const result = saved(stream, meanwhile(n, change))
      return result.ok ? result.stream.sha256 : result.code
    }
    const limit = begin.length
    const wholeLines = (text: string) => text.slice(0, text.slice(0, limit).lastIndexOf('\n') + 1)
    const versions = [begin, wholeLines(rest + more + begin), ''].map(sha256)
    expect([1, 2, 3].map(after).filter(hash => !versions.includes(hash))).toEqual([])
  })

  it('stores the new file when the old one was replaced while it was read', () => {
    const stream = writeTranscript(file, begin)
    const replaced = begin.replace('const', 'CONST')
    const result = saved(
      stream,
      meanwhile(2, () => replaceWith(replaced)),
    )
    expect(result).toMatchObject({ ok: true, stream: { sha256: sha256(replaced) } })
  })

  it('gives up, and says so, when the file is rewritten under every reading', () => {
    const stream = writeTranscript(file, begin)
    let writes = 0
    const rewrite = () => writeFileSync(file, begin.replace('const', `c${++writes}nst`))
    // The first read looks for the last line end, the second one takes the bytes.
    const restless = { ...realPorts.files, open: (...args: OpenArgs) => meanwhile(2, rewrite).open(...args) }
    expect(saved(stream, restless)).toMatchObject({
      ok: false,
      code: 'io-error',
      message: expect.stringContaining('rewritten'),
    })
    expect(writes).toBe(3)
  })

  it('says that a file which moves away while it is read is missing', () => {
    const stream = writeTranscript(file, begin)
    const result = saved(
      stream,
      meanwhile(1, () => renameSync(file, `${file}.moved`)),
    )
    expect(result).toMatchObject({ ok: false, code: 'transcript-missing' })
  })

  function replaceWith(content: string): void {
    writeFileSync(`${file}.new`, content)
    renameSync(`${file}.new`, file)
  }
})

describe('a transcript that lives for long', () => {
  it.each([21, 22, 23])(
    'is given back exactly as it was at each of 25 checkpoints, whatever happened to it (seed %i)',
    seed => {
      const life = seededRandom(seed)
      const states: { readonly record: CheckpointRecord; readonly content: string }[] = []
      let content = transcriptLines(life, 5_000)
      for (let n = 0; n < 25; n++) {
        const cut = content.lastIndexOf('\n', life.int(0, content.length)) + 1
        content = life.weighted([
          [8, content + transcriptLines(life, life.int(1, 4_000))],
          [2, content],
          [1, content.slice(0, cut)],
          [1, content.replace('await', 'AWAIT')],
          [1, transcriptLines(life, 2_000)],
        ])
        states.push({ content, record: save(content, states.at(-1)?.record ?? null).record })
      }
      expect(states.map(({ record }) => sha256(streamBytes(store, record)))).toEqual(
        states.map(state => sha256(state.content)),
      )
      expect(states.flatMap(({ record }) => store.verifyRecord(record, { readData: true }))).toEqual([])
    },
  )
})
