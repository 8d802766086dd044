import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CheckpointRecord, FramePlace, StreamRecord, TreeRecord } from '../../shared/core/checkpoint.ts'
import {
  carryStream,
  carryTree,
  createPackTable,
  packsOfManifest,
  settlePacks,
} from '../../shared/engine/record-packs.ts'
import { manifestOf, sha256 } from '../support/stores.ts'

const pack = (n: number) => sha256(`pack ${n}`)
const stream = (segments: FramePlace[], name = 'main'): StreamRecord => ({
  name,
  path: '/x.jsonl',
  generation: 1,
  bytes: 0,
  sha256: sha256(''),
  segments,
})
const tree = (place: FramePlace, packs: number[]): TreeRecord => ({
  root: '/r',
  manifestSha256: sha256('m'),
  place,
  fingerprint: sha256('f'),
  packs,
  files: 0,
  bytes: 0,
  skipped: 0,
  head: null,
  branch: null,
  state: 'clean',
  base: 'no-git',
})

/** What a record refers to, with names for indexes: must not change on the way. */
function named({ streams, tree, packs }: Pick<CheckpointRecord, 'streams' | 'tree' | 'packs'>) {
  const byName = ([index, ...rest]: FramePlace) => [packs[index], ...rest]
  return {
    streams: streams.map(each => each.segments.map(byName)),
    tree: tree && { place: byName(tree.place), packs: tree.packs.map(index => packs[index]) },
  }
}

describe('a record made of carried and new parts', () => {
  const older = {
    streams: [
      stream([
        [1, 0, 5, 9],
        [0, 3, 4, 8],
      ]),
    ],
    tree: tree([2, 7, 7, 7], [2, 0]),
    packs: [pack(1), pack(2), pack(3)],
  }

  it('names the packs that it needs, and no others', () => {
    const table = createPackTable()
    const carried = carryStream(older, 'main', table)
    const segments = [...(carried?.segments ?? []), [0, 0, 6, 60] satisfies FramePlace]
    const settled = settlePacks({ streams: [stream(segments)], tree: null, packs: table.list() }, pack(9))
    expect(settled).toEqual({
      streams: [
        stream([
          [0, 0, 5, 9],
          [1, 3, 4, 8],
          [2, 0, 6, 60],
        ]),
      ],
      tree: null,
      packs: [pack(2), pack(1), pack(9)],
    })
  })

  it('does without the new pack if nothing was added to it', () => {
    const table = createPackTable()
    const streams = [carryStream(older, 'main', table)].filter(each => each !== null)
    const settled = settlePacks({ streams, tree: carryTree(older, table), packs: table.list() }, null)
    expect(named(settled)).toEqual(named(older))
    expect(settled.packs.toSorted()).toEqual(older.packs.toSorted())
  })

  it('lists a pack once if the new one is the same as an old one', () => {
    const table = createPackTable()
    const streams = [carryStream(older, 'main', table)].filter(each => each !== null)
    const settled = settlePacks({ streams, tree: tree([0, 0, 1, 1], [0]), packs: table.list() }, pack(1))
    expect(settled.packs).toEqual([pack(2), pack(1)])
    expect(settled.tree).toMatchObject({ place: [1, 0, 1, 1], packs: [1] })
  })

  it('keeps what every place means, however often it is carried (200 cases, seed 11)', () => {
    const place = fc.tuple(fc.nat(3), fc.nat(999), fc.nat(999), fc.nat(999))
    const records = fc.record({
      streams: fc.array(fc.array(place, { maxLength: 6 }), { maxLength: 4 }),
      tree: fc.option(fc.tuple(place, fc.array(fc.nat(3), { maxLength: 4 }))),
    })
    fc.assert(
      fc.property(records, made => {
        const record = {
          streams: made.streams.map((segments, at) => stream(segments, `s${at}`)),
          tree: made.tree && tree(...made.tree),
          packs: [pack(0), pack(1), pack(2), pack(3)],
        }
        const table = createPackTable()
        const streams = record.streams.map(each => carryStream(record, each.name, table)).filter(each => each !== null)
        const settled = settlePacks({ streams, tree: carryTree(record, table), packs: table.list() }, null)
        expect(named(settled)).toEqual(named(record))
      }),
      { numRuns: 200, seed: 11 },
    )
  })

  it('has nothing to carry where the older record has nothing', () => {
    const table = createPackTable()
    expect(carryStream(older, 'subagents/agent-1.jsonl', table)).toBe(null)
    expect(carryTree({ ...older, tree: null }, table)).toBe(null)
  })

  it.each([
    ['an index beyond the list', { streams: [stream([[5, 0, 1, 1]])], tree: null, packs: [null, pack(1)] }, pack(9)],
    ['a frame in a pack that was not written', { streams: [stream([[0, 0, 1, 1]])], tree: null, packs: [null] }, null],
  ])('is a defect with %s', (_title, draft, written) => {
    expect(() => settlePacks(draft, written)).toThrow(RangeError)
  })
})

describe('packsOfManifest', () => {
  it('names the packs of nested work trees too, each once', () => {
    const sink = { add: (): FramePlace => [0, 0, 0, 0] }
    const inner = manifestOf(sink, [], { packs: [pack(2), pack(3)] })
    const outer = manifestOf(sink, [], { packs: [pack(1), pack(2)], nested: [{ path: 'sub', manifest: inner }] })
    expect(packsOfManifest(outer)).toEqual([pack(1), pack(2), pack(3)])
  })
})
