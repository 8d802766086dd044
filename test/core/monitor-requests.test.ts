import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CallName, callNames, isCallName } from '../../shared/core/monitor-api.ts'
import { BadRequest, parseRequest } from '../../shared/core/monitor-requests.ts'
import { restoreCalls } from '../../shared/core/restore-calls.ts'
import { idOf, noonMs } from '../support/core-values.ts'
import { restoreExchanges, restoreRequest } from '../support/restore-values.ts'

const upper = 'ABCDEF01-0000-4000-8000-00000000ABCD'
const inherited = ['toString', '__proto__', 'constructor', 'hasOwnProperty', 'valueOf']

describe('callNames', () => {
  it('lists the whole contract and nothing else', () => {
    expect([...callNames].sort()).toEqual(
      [
        'changeSettings',
        'getHistory',
        'getState',
        'listCheckpoints',
        'pause',
        'requestCheckpoint',
        'resume',
        'runCycle',
        ...Object.keys(restoreCalls),
      ].sort(),
    )
  })
})

describe('isCallName', () => {
  it.each(callNames)('knows %s', name => {
    expect(isCallName(name)).toBe(true)
  })

  it.each([...inherited, 'onState', 'close', 'getstate', '', null, undefined, 7, ['getState'], { name: 'getState' }])(
    'does not know %j',
    name => {
      expect(isCallName(name)).toBe(false)
    },
  )
})

describe('parseRequest', () => {
  it.each<[CallName, unknown, unknown]>([
    ['getState', {}, {}],
    ['runCycle', {}, {}],
    ['resume', {}, {}],
    ['requestCheckpoint', { sessionIds: [idOf(1), upper] }, { sessionIds: [idOf(1), upper.toLowerCase()] }],
    ['requestCheckpoint', { which: 'due' }, { which: 'due' }],
    ['requestCheckpoint', { which: 'changed' }, { which: 'changed' }],
    ['listCheckpoints', { sessionId: upper }, { sessionId: upper.toLowerCase() }],
    ['pause', { untilMs: noonMs }, { untilMs: noonMs }],
    ['pause', { untilMs: null }, { untilMs: null }],
    [
      'requestCheckpoint',
      { sessionIds: [idOf(1)], urgent: 'before-compaction' },
      { sessionIds: [idOf(1)], urgent: 'before-compaction' },
    ],
    [
      'changeSettings',
      { changes: { language: 'de', projects: [{}] } },
      { changes: { language: 'de', projects: [{}] } },
    ],
    ['getHistory', { sessionId: upper }, { sessionId: upper.toLowerCase() }],
  ])('takes %s %j', (call, value, request) => {
    expect(parseRequest(call, value)).toEqual(request)
  })

  it.each(Object.entries(restoreExchanges))('takes %s as it is meant', (call, [request]) => {
    expect(parseRequest(call as CallName, request)).toEqual(request)
  })

  it.each<[CallName, unknown]>([
    ['planRestore', { ...restoreRequest, checkpoint: '../../etc/passwd/1' }],
    ['planRestore', { ...restoreRequest, target: { kind: 'side', folder: 'relative/folder' } }],
    ['planRestore', { ...restoreRequest, target: { kind: 'in-place', folder: '/elsewhere' } }],
    ['planRestore', { ...restoreRequest, selection: { what: 'paths', paths: [] } }],
    ['planRestore', { ...restoreRequest, rules: { conflicts: 'keep' } }],
    ['applyRestore', restoreRequest],
    ['planEntries', { planId: 'short', actions: null, offset: 0, limit: 10 }],
    ['showCheckpoint', { checkpoint: `${idOf(1)}/1`, offset: 0, limit: 1_001 }],
    ['showCheckpoint', { checkpoint: `${idOf(1)}/1`, offset: -1, limit: 10 }],
    ['undoRestore', { restoreId: '../0123456789abcdef', conflicts: 'keep' }],
    ['diffCheckpoint', { from: 'now', to: 'now', offset: 0, limit: 10 }],
    ['exportCheckpoint', { checkpoint: `${idOf(1)}/1`, to: 'here.tar.zst' }],
    ['getState', undefined],
    ['getState', null],
    ['getState', []],
    ['getState', 'all'],
    ['getState', { extra: 1 }],
    ['getState', JSON.parse('{"__proto__": {"admin": true}}')],
    ['requestCheckpoint', {}],
    ['requestCheckpoint', { sessionIds: [idOf(1)], urgent: 'now' }],
    ['changeSettings', { changes: [] }],
    ['changeSettings', { changes: { language: undefined } }],
    ['changeSettings', {}],
    ['getHistory', { sessionId: '../main' }],
    ['requestCheckpoint', { sessionIds: [] }],
    ['requestCheckpoint', { sessionIds: idOf(1) }],
    ['requestCheckpoint', { sessionIds: [idOf(1), '../../etc/passwd'] }],
    ['requestCheckpoint', { sessionIds: Array.from({ length: 10_001 }, (_, n) => idOf(n)) }],
    ['requestCheckpoint', { which: 'all' }],
    ['requestCheckpoint', { which: 'due', sessionIds: [idOf(1)] }],
    ['listCheckpoints', { sessionId: 'main' }],
    ['listCheckpoints', { sessionId: [idOf(1)] }],
    ['listCheckpoints', { sessionId: idOf(1), seq: 1 }],
    ['pause', {}],
    ['pause', { untilMs: 'tomorrow' }],
    ['pause', { untilMs: Number.POSITIVE_INFINITY }],
    ['pause', { untilMs: Number.NaN }],
  ])('refuses %s %j, and names the call', (call, value) => {
    expect(() => parseRequest(call, value)).toThrow(BadRequest)
    expect(() => parseRequest(call, value)).toThrow(new RegExp(`^${call}: .`))
  })

  it('says what is wrong with a session id', () => {
    expect(() => parseRequest('listCheckpoints', { sessionId: 'main' })).toThrow('listCheckpoints: not a session id')
  })

  it.each(inherited)('refuses %s, which only the prototype has, as a bad request', name => {
    expect(() => parseRequest(name as CallName, {})).toThrow(BadRequest)
  })

  it.each([131, 132])(
    'gives a request that it would take again, or throws BadRequest, for any value (seed %i)',
    seed => {
      fc.assert(
        fc.property(fc.constantFrom(...callNames), fc.oneof(anyRequest, fc.anything()), (call, value) => {
          const outcome = tryParse(call, value)
          expect(outcome).toEqual(outcome instanceof BadRequest ? outcome : parseRequest(call, outcome))
        }),
        { seed, numRuns: 400 },
      )
    },
  )
})

/** @throws whatever is not a {@link BadRequest}. */
function tryParse(call: CallName, value: unknown): unknown {
  try {
    return parseRequest(call, value)
  } catch (error) {
    if (error instanceof BadRequest) return error
    throw error
  }
}

const anyId = fc.oneof(fc.uuid(), fc.string())
const anyRequest = fc.record(
  {
    sessionIds: fc.array(anyId, { maxLength: 3 }),
    which: fc.constantFrom('due', 'changed', 'all'),
    sessionId: anyId,
    untilMs: fc.option(fc.double()),
  },
  { requiredKeys: [] },
)
