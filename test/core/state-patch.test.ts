import { describe, expect, it } from 'vitest'
import type { MonitorState, SessionView } from '../../shared/core/monitor-state.ts'
import { applyPieces, piecesBetween, rowsPerPiece } from '../../shared/core/state-patch.ts'
import { idOf, stateOf, viewOf } from '../support/core-values.ts'
import { seededRandom } from '../support/random.ts'
import { nextRandomState } from '../support/random-states.ts'

const rows = [viewOf(1), viewOf(2), viewOf(3)] as const
const before = stateOf(1, { sessions: rows })

/** As it is on the other side of a wire. */
function sent<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

function changeTo(sessions: readonly SessionView[]) {
  return piecesBetween(before, { ...before, revision: 2, sessions })
}

describe('piecesBetween', () => {
  it('says only the fields that changed', () => {
    const head = { engine: 'engine-1', base: 1, revision: 2, part: 0, parts: 1, gone: [], rows: [] }
    expect(piecesBetween(before, { ...before, revision: 2, atMs: 5, phase: 'paused' })).toEqual([
      { ...head, fields: { atMs: 5, phase: 'paused' } },
    ])
  })

  it.each<[string, readonly SessionView[], readonly unknown[], readonly string[]]>([
    ['one that changed', [rows[0], viewOf(2, { title: 'x' }), rows[2]], [[1, viewOf(2, { title: 'x' })]], []],
    ['one that came', [viewOf(4), ...rows], [[0, viewOf(4)]], []],
    ['one that is gone', [rows[0], rows[2]], [], [idOf(2)]],
    ['one that only moved, by its id', [rows[2], rows[0], rows[1]], [[1, idOf(1)], [2, idOf(2)]], []], // biome-ignore format: a table
    ['none in a new list of the same', [...rows], [], []],
  ])('of the rows says %s', (_title, sessions, said, gone) => {
    expect(changeTo(sessions)).toEqual([expect.objectContaining({ base: 1, fields: {}, rows: said, gone })])
  })

  it.each<[string, MonitorState | null, MonitorState]>([
    ['nothing to build on', null, before],
    ['another engine', before, { ...before, engine: 'engine-2' }],
    ['an optional field that is gone', { ...before, watch: { mode: 'off', reason: null } }, { ...before, revision: 2 }],
  ])('says everything where there is %s', (_title, base, next) => {
    const [piece] = piecesBetween(base, next)
    expect(piece?.base).toBeNull()
    expect(applyPieces(base, piecesBetween(base, next))).toEqual(next)
  })

  it('cuts many rows into pieces of a bounded size', () => {
    const sessions = Array.from({ length: 2 * rowsPerPiece + 1 }, (_, n) => viewOf(n))
    const pieces = piecesBetween(null, stateOf(1, { sessions }))
    expect(pieces.map(piece => [piece.part, piece.parts, piece.rows.length])).toEqual([
      [0, 3, rowsPerPiece],
      [1, 3, rowsPerPiece],
      [2, 3, 1],
    ])
  })
})

describe('applyPieces', () => {
  it.each(Array.from({ length: 10 }, (_, seed) => seed))(
    'leads from any state to any later one, and keeps the rows that did not change (seed %i)',
    seed => {
      const random = seededRandom(`patch ${seed}`)
      let [state, copy]: [MonitorState, MonitorState | null] = [stateOf(0), null]
      for (let i = 0; i < 25; i++) {
        const next = nextRandomState(random, state)
        const kept = new Map(copy?.sessions.map(view => [view.sessionId, view]))
        const unchanged = new Set(next.sessions.filter(view => state.sessions.includes(view)).map(v => v.sessionId))
        const got = applyPieces(copy, sent(piecesBetween(copy && state, next)))
        expect(got).toEqual(next)
        const shared = got?.sessions.filter(view => unchanged.has(view.sessionId) && copy !== null) ?? []
        expect(shared.every(view => kept.get(view.sessionId) === view)).toBe(true)
        ;[state, copy] = [next, got]
      }
    },
  )

  it.each([
    ['no pieces', before, []],
    ['pieces of another base', { ...before, revision: 7 }, changeTo([])],
    ['no base where one is needed', null, changeTo([])],
    ['a row that nobody has', before, [{ ...changeTo([])[0], gone: [], rows: [[0, idOf(9)]] }]],
    ['a place beyond the list', before, [{ ...changeTo([])[0], gone: [], rows: [[9, viewOf(9)]] }]],
  ] as const)('refuses %s', (_title, base, pieces) => {
    expect(applyPieces(base, pieces as never)).toBeNull()
  })
})
