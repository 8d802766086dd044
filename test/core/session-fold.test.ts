import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SessionFacts } from '../../shared/core/session.ts'
import {
  applyEvent,
  dropStream,
  emptyFold,
  factsOf,
  foldText,
  parseFold,
  type SessionFold,
  saidGoodbye,
} from '../../shared/core/session-fold.ts'
import { foldLimits } from '../../shared/core/stream-fold.ts'
import type { ToolCall, ToolResult } from '../../shared/core/tool-call.ts'
import type { Envelope, Reply, TranscriptEvent } from '../../shared/core/transcript.ts'

const sessionId = '0ecf3a5a-7992-4668-9faf-374392f83408'
const other = '88d7150e-a12f-4ae5-92d5-5ca47c59438b'

const envelope = (more: Partial<Envelope> = {}): Envelope => ({
  atMs: null,
  cwd: null,
  branch: null,
  version: null,
  entrypoint: null,
  sessionId: null,
  forkedFrom: null,
  sidechain: false,
  ...more,
})
const at = (atMs: number | null, sidechain = false) => envelope({ atMs, sidechain })
const prompt = (text: string, where = at(null)): TranscriptEvent => ({ kind: 'prompt', envelope: where, text })
const reply = (fields: Partial<Reply> = {}, where = at(null)): TranscriptEvent => ({
  kind: 'reply',
  envelope: where,
  reply: {
    messageId: 'm1',
    model: 'claude-opus-4-5',
    requestedModel: null,
    contextTokens: null,
    text: null,
    calls: [],
    ...fields,
  },
})
const calls = (...list: ToolCall[]) => reply({ calls: list })
const edit = (id: string, path: string): ToolCall => ({ kind: 'edit', id, path })
const result = (fields: Partial<ToolResult> & { callId: string }, where = at(null)): TranscriptEvent => ({
  kind: 'results',
  envelope: where,
  results: [{ failed: false, taskId: null, ...fields }],
})
const title = (source: 'custom' | 'ai', text: string): TranscriptEvent => ({
  kind: 'title',
  envelope: at(null),
  source,
  text,
})
const compaction = (postTokens: number | null): TranscriptEvent => ({
  kind: 'compaction',
  envelope: at(null),
  postTokens,
})
const ignored = (where: Partial<Envelope> = {}): TranscriptEvent => ({ kind: 'ignored', envelope: envelope(where) })

/** Each event's record is 10 bytes long. */
function feed(fold: SessionFold, stream: string, events: readonly TranscriptEvent[], fromByte = 0): SessionFold {
  events.forEach((event, i) => {
    applyEvent(fold, event, { stream, endByte: fromByte + 10 * (i + 1) })
  })
  return fold
}
const factsAfter = (...events: TranscriptEvent[]) => factsOf(feed(emptyFold(sessionId), 'main', events))

const nothing: SessionFacts = {
  sessionId,
  title: '',
  titleSource: 'none',
  model: null,
  branch: null,
  firstCwd: null,
  cwd: null,
  version: null,
  entrypoint: null,
  counts: {
    messages: 0,
    prompts: 0,
    replies: 0,
    toolCalls: 0,
    compactions: 0,
    lines: 0,
    damagedLines: 0,
    overlongLines: 0,
  },
  firstActivityMs: null,
  lastActivityMs: null,
  changedFiles: 0,
  filesChanged: [],
  context: null,
  compaction: null,
  lastPrompts: [],
  lastCommands: [],
  lastReply: null,
  todos: [],
  forkedFrom: null,
}

describe('factsOf', () => {
  it('of nothing is nothing', () => {
    expect(factsOf(emptyFold(sessionId))).toEqual(nothing)
  })

  it('counts lines, damaged and overlong ones among them', () => {
    expect(factsAfter(ignored(), { kind: 'damaged' }, { kind: 'overlong' }, { kind: 'damaged' })).toEqual({
      ...nothing,
      counts: { ...nothing.counts, lines: 4, damagedLines: 2, overlongLines: 1 },
    })
  })

  it('keeps the first cwd and the last of everything else that an envelope says', () => {
    const facts = factsAfter(
      ignored({ cwd: '/a', branch: 'main', version: '2.1.1', entrypoint: 'cli', atMs: 50 }),
      ignored({ cwd: '/a/b', branch: 'topic', version: '2.1.2', entrypoint: 'sdk-cli', atMs: 20, forkedFrom: other }),
      ignored({ atMs: 30 }),
    )
    expect(facts).toEqual({
      ...nothing,
      firstCwd: '/a',
      cwd: '/a/b',
      branch: 'topic',
      version: '2.1.2',
      entrypoint: 'sdk-cli',
      forkedFrom: other,
      firstActivityMs: 20,
      lastActivityMs: 50,
      counts: { ...nothing.counts, lines: 3 },
    })
  })

  it('does not change when the fold goes on', () => {
    const fold = feed(emptyFold(sessionId), 'main', [prompt('one'), calls({ kind: 'command', command: 'ls' })])
    const before = factsOf(fold)
    const copy = structuredClone(before)
    feed(fold, 'main', [prompt('two'), calls({ kind: 'command', command: 'pwd' }), reply({ text: 'x' })])
    expect(before).toEqual(copy)
  })

  it.each([
    [
      'the last custom title',
      [prompt('p'), title('ai', 'ai'), title('custom', 'a'), title('custom', 'b')],
      'b',
      'custom',
    ],
    ['a custom title before a later AI title', [title('custom', 'a'), title('ai', 'ai')], 'a', 'custom'],
    ['the last AI title', [prompt('p'), title('ai', 'x'), title('ai', 'y')], 'y', 'ai'],
    ['the first prompt on one line', [prompt('Fix\n  it'), prompt('then this')], 'Fix it', 'prompt'],
  ] as const)('is titled by %s', (_, events, text, source) => {
    expect(factsAfter(...events)).toMatchObject({ title: text, titleSource: source })
  })

  it('counts the lines of one reply once, also where others come between', () => {
    const facts = factsAfter(
      prompt('p'),
      reply({ messageId: 'm1' }),
      reply({ messageId: 'm2' }),
      reply({ messageId: 'm1' }),
      reply({ messageId: null }),
      reply({ messageId: null }),
    )
    expect(facts.counts).toMatchObject({ prompts: 1, replies: 4, messages: 5 })
  })

  it('keeps the last prompts, commands and words, oldest first', () => {
    const many = Array.from({ length: 30 }, (_, i) => i)
    const facts = factsAfter(
      ...many.flatMap(i => [
        prompt(`p${i}`, at(i)),
        calls({ kind: 'command', command: `c${i}` }),
        reply({ text: `t${i}` }),
      ]),
      reply({ text: null }),
    )
    expect(facts.lastPrompts).toEqual([25, 26, 27, 28, 29].map(i => ({ text: `p${i}`, atMs: i })))
    expect(facts.lastCommands).toEqual(many.slice(20).map(i => `c${i}`))
    expect(facts.lastReply).toBe('t29')
  })
})

describe('the context', () => {
  const context = (...events: TranscriptEvent[]) => factsAfter(...events).context

  it('is that of the last reply that says so', () => {
    expect(context(reply({ contextTokens: 5_000 }), reply({ contextTokens: 30_000 }), reply())).toEqual({
      tokens: 30_000,
      windowTokens: 200_000,
      percent: 15,
    })
  })

  it('after a compaction is what was left, until the next reply', () => {
    const before = [reply({ contextTokens: 190_000 }), compaction(2_958)]
    expect(context(...before)).toMatchObject({ tokens: 2_958 })
    expect(context(...before, reply({ contextTokens: 16_365 }))).toMatchObject({ tokens: 16_365 })
  })

  it('tells how far the next compaction is, by the last five turns', () => {
    const turn = (n: number) => [prompt('go on'), reply({ messageId: `m${n}`, contextTokens: 10_000 * n })]
    const turns = [1, 2, 3, 4, 5, 6, 7, 8].flatMap(turn)
    const outlook = { atTokens: 167_000, leftTokens: 87_000, leftPercent: 52, turnsLeft: 8 }
    expect(factsAfter(...turns).compaction).toEqual(outlook)
    expect(factsAfter(...turns, prompt('more')).compaction).toEqual(outlook)
  })

  it('forgets after a compaction how the turns before it grew', () => {
    const events = [reply({ contextTokens: 90_000 }), prompt('a'), reply({ contextTokens: 95_000 }), compaction(4_000)]
    expect(factsAfter(...events).compaction).toMatchObject({ leftTokens: 163_000, turnsLeft: null })
  })

  it('after a compaction that does not say what was left is not known', () => {
    expect(context(reply({ contextTokens: 190_000 }), compaction(null))).toBeNull()
  })

  it('is that of the main thread, not of sub-agents', () => {
    expect(context(reply({ contextTokens: 5_000 }), reply({ contextTokens: 9_000 }, at(1, true)))).toMatchObject({
      tokens: 5_000,
    })
  })

  it('has the window of the model that was asked for last', () => {
    const model: TranscriptEvent = { kind: 'model', envelope: at(null), requestedModel: 'claude-opus-4-6[1m]' }
    const large = { model: 'claude-opus-4-6', requestedModel: 'claude-opus-4-6[1m]', contextTokens: 10_000 }
    expect(context(reply(large))).toMatchObject({ windowTokens: 1_000_000 })
    expect(context(model, reply({ ...large, requestedModel: null }))).toMatchObject({ windowTokens: 1_000_000 })
    expect(context(reply(large), reply({ ...large, requestedModel: 'claude-opus-4-6' }))).toMatchObject({
      windowTokens: 200_000,
    })
  })

  it('that grew beyond a window proves a larger one, for that model only', () => {
    const seen = reply({ model: 'unknown-1', contextTokens: 300_000 })
    expect(context(seen, compaction(4_000))).toEqual({ tokens: 4_000, windowTokens: 1_000_000, percent: 0 })
    expect(context(seen, reply({ model: 'claude-haiku-4-5', contextTokens: 20_000 }))).toMatchObject({
      windowTokens: 200_000,
    })
  })
})

describe('files changed (invariant 4)', () => {
  it('are those whose call succeeded, with the place of the record that says so', () => {
    const facts = factsAfter(
      calls(edit('a', '/a'), edit('b', '/b')),
      calls(edit('c', '/c')),
      result({ callId: 'b' }, at(200)),
      result({ callId: 'a' }, at(100)),
      result({ callId: 'c', failed: true }, at(300)),
      calls(edit('d', '/a')),
      result({ callId: 'd' }, at(400)),
      calls(edit('e', '/e')),
    )
    expect(facts.filesChanged).toEqual([
      { path: '/b', atMs: 200, stream: 'main', endByte: 30, changes: 1 },
      { path: '/a', atMs: 400, stream: 'main', endByte: 70, changes: 2 },
    ])
    expect(facts.counts.toolCalls).toBe(5)
  })

  it('count once per call, however often its result is told', () => {
    const facts = factsAfter(calls(edit('a', '/a')), result({ callId: 'a' }, at(1)), result({ callId: 'a' }, at(2)))
    expect(facts.filesChanged).toEqual([{ path: '/a', atMs: 1, stream: 'main', endByte: 20, changes: 1 }])
  })

  it('of sub-agents are in, in their own file or in the main one', () => {
    const fold = feed(emptyFold(sessionId), 'main', [
      reply({ calls: [edit('a', '/a')] }, at(1, true)),
      result({ callId: 'a' }, at(2, true)),
    ])
    feed(fold, 'subagents/agent-1.jsonl', [
      calls(edit('b', '/b'), { kind: 'command', command: 'ls' }),
      result({ callId: 'b' }, at(3)),
    ])
    expect(factsOf(fold)).toEqual({
      ...nothing,
      firstActivityMs: 1,
      lastActivityMs: 3,
      changedFiles: 2,
      counts: { ...nothing.counts, lines: 4, toolCalls: 3 },
      filesChanged: [
        { path: '/a', atMs: 2, stream: 'main', endByte: 20, changes: 1 },
        { path: '/b', atMs: 3, stream: 'subagents/agent-1.jsonl', endByte: 20, changes: 1 },
      ],
    })
  })

  it('in several streams are one entry, told by the newest record', () => {
    const fold = emptyFold(sessionId)
    feed(fold, 'subagents/agent-1.jsonl', [calls(edit('b', '/a')), result({ callId: 'b' }, at(9))])
    feed(fold, 'main', [calls(edit('a', '/a')), result({ callId: 'a' }, at(5))])
    expect(factsOf(fold).filesChanged).toEqual([
      { path: '/a', atMs: 9, stream: 'subagents/agent-1.jsonl', endByte: 20, changes: 2 },
    ])
  })

  it('without a time take that of the stream so far', () => {
    expect(
      factsAfter(ignored({ atMs: 7 }), calls(edit('a', '/a')), result({ callId: 'a' })).filesChanged,
    ).toMatchObject([{ atMs: 7 }])
  })

  it('may have names that mean something to JavaScript', () => {
    const facts = factsAfter(calls(edit('__proto__', '__proto__')), result({ callId: '__proto__' }, at(1)))
    expect(facts.filesChanged).toEqual([{ path: '__proto__', atMs: 1, stream: 'main', endByte: 20, changes: 1 }])
  })
})

describe('to-dos (invariant 4)', () => {
  const create = (id: string, text: string): ToolCall => ({ kind: 'task-create', id, text })
  const update = (id: string, fields: Partial<Extract<ToolCall, { kind: 'task-update' }>>): ToolCall => ({
    kind: 'task-update',
    id,
    taskId: '1',
    status: null,
    text: null,
    ...fields,
  })

  it('are the last list that was accepted', () => {
    const list = (id: string, ...texts: string[]): ToolCall => ({
      kind: 'todos',
      id,
      items: texts.map(text => ({ text, status: 'pending' })),
    })
    const facts = factsAfter(
      calls(list('a', 'one', 'two')),
      result({ callId: 'a' }),
      calls(list('b', 'two')),
      result({ callId: 'b' }),
      calls(list('c')),
      result({ callId: 'c', failed: true }),
    )
    expect(facts.todos).toEqual([{ text: 'two', status: 'pending' }])
  })

  it('may be tasks, made, changed and deleted one by one', () => {
    const facts = factsAfter(
      calls(create('a', 'one'), create('b', 'two'), create('c', 'three')),
      result({ callId: 'b', taskId: '2' }),
      result({ callId: 'a', taskId: '1' }),
      result({ callId: 'c', failed: true }),
      calls(update('d', { status: 'completed' }), update('e', { taskId: '2', text: 'second', status: 'in_progress' })),
      result({ callId: 'd' }),
      result({ callId: 'e' }),
      calls(update('f', { taskId: '2', status: 'deleted' }), update('g', { taskId: '9', status: 'completed' })),
      result({ callId: 'g' }),
    )
    expect(facts.todos).toEqual([
      { text: 'second', status: 'in_progress' },
      { text: 'one', status: 'completed' },
    ])
  })

  it('of a sub-agent are its own affair', () => {
    const facts = factsAfter(
      reply({ calls: [create('a', 'one')] }, at(1, true)),
      result({ callId: 'a', taskId: '1' }, at(2, true)),
    )
    expect(facts.todos).toEqual([])
  })
})

describe('saidGoodbye', () => {
  const closed: TranscriptEvent = { kind: 'closed', envelope: at(null) }
  it.each([
    ['nothing', [], false],
    ['a goodbye', [prompt('p'), closed], true],
    ['a goodbye and book-keeping', [closed, ignored()], true],
    ['a goodbye and another prompt', [closed, prompt('p')], false],
    ['a goodbye and another reply', [closed, reply()], false],
    ['a goodbye and another result', [closed, result({ callId: 'x' })], false],
  ] as const)('after %s', (_, events, expected) => {
    expect(saidGoodbye(feed(emptyFold(sessionId), 'main', events))).toBe(expected)
  })
})

describe('a fold', () => {
  const streams = ['main', 'subagents/agent-1.jsonl', 'legacy/agent-2.jsonl']
  const ids = fc.constantFrom('a', 'b', 'c', 'd')
  const anyCall: fc.Arbitrary<ToolCall> = fc.oneof(
    fc.record({ kind: fc.constant('edit' as const), id: ids, path: fc.constantFrom('/x', '/y', '/z') }),
    fc.record({ kind: fc.constant('command' as const), command: fc.constantFrom('ls', 'pwd') }),
    fc.record({ kind: fc.constant('task-create' as const), id: ids, text: ids }),
    fc.constant({ kind: 'other' as const }),
  )
  const anyEnvelope = fc
    .record({
      atMs: fc.option(fc.integer({ min: 0, max: 50 })),
      cwd: fc.option(fc.constantFrom('/p', '/q')),
      sidechain: fc.boolean(),
    })
    .map(envelope)
  const anyEvent: fc.Arbitrary<TranscriptEvent> = fc.oneof(
    fc.record({ kind: fc.constant('prompt' as const), envelope: anyEnvelope, text: ids }),
    fc
      .record({
        where: anyEnvelope,
        messageId: ids,
        contextTokens: fc.option(fc.integer({ min: 1, max: 300_000 })),
        made: fc.array(anyCall),
      })
      .map(({ where, made, ...fields }) => reply({ ...fields, calls: made }, where)),
    fc
      .record({ where: anyEnvelope, callId: ids, failed: fc.boolean() })
      .map(({ where, ...fields }) => result(fields, where)),
    fc.constantFrom(compaction(5), title('ai', 't'), { kind: 'damaged' as const }, { kind: 'overlong' as const }),
  )
  const transcript = fc.array(fc.tuple(fc.nat(2), anyEvent), { maxLength: 60 })
  type Line = readonly [stream: number, event: TranscriptEvent]

  const foldOf = (lines: readonly Line[]) => {
    const fold = emptyFold(sessionId)
    const bytes = [0, 0, 0]
    for (const [stream, event] of lines) {
      bytes[stream] = (bytes[stream] ?? 0) + 10
      applyEvent(fold, event, { stream: streams[stream] ?? '', endByte: bytes[stream] ?? 0 })
    }
    return fold
  }

  it('does not depend on how its streams were interleaved (invariant 1, seed 1)', () => {
    fc.assert(
      fc.property(transcript, lines => {
        const sorted = [2, 0, 1].flatMap(stream => lines.filter(([of]) => of === stream))
        expect(factsOf(foldOf(sorted))).toEqual(factsOf(foldOf(lines)))
      }),
      { seed: 1 },
    )
  })

  it('goes on after a trip through JSON as if nothing had happened (invariant 1, seed 2)', () => {
    fc.assert(
      fc.property(transcript, transcript, (before, after) => {
        const kept = foldOf(before)
        const revived = parseFold(foldText(kept))
        for (const fold of [kept, revived]) {
          after.forEach(([stream, event], i) => {
            applyEvent(fold, event, { stream: streams[stream] ?? '', endByte: 1_000 + i })
          })
        }
        expect(factsOf(revived)).toEqual(factsOf(kept))
      }),
      { seed: 2 },
    )
  })

  it('is as new when a stream was dropped and read again (invariant 2, seed 3)', () => {
    fc.assert(
      fc.property(transcript, fc.nat(2), (lines, stream) => {
        const fold = foldOf(lines)
        dropStream(fold, streams[stream] ?? '')
        expect(factsOf(fold)).toEqual(factsOf(foldOf(lines.filter(([of]) => of !== stream))))
        lines
          .filter(([of]) => of === stream)
          .forEach(([, event], i) => {
            applyEvent(fold, event, { stream: streams[stream] ?? '', endByte: 10 * (i + 1) })
          })
        expect(factsOf(fold)).toEqual(factsOf(foldOf(lines)))
      }),
      { seed: 3 },
    )
  })

  it('stays small however long the transcript is (invariant 3)', () => {
    const fold = emptyFold(sessionId)
    const long = 'x'.repeat(2_000)
    for (let i = 0; i < 30_000; i++) {
      const call: ToolCall[] = [
        edit(`done-${i}`, `/file-${i}`),
        edit(`open-${i}`, `/never-${i}`),
        { kind: 'task-create', id: `t-${i}`, text: 'x' },
      ]
      feed(fold, 'main', [
        prompt(long, at(i)),
        reply({ messageId: `m-${i}`, text: long, calls: call }),
        result({ callId: `done-${i}` }, at(i)),
        result({ callId: `t-${i}`, taskId: String(i) }),
      ])
    }
    const main = fold.streams['main']
    expect([...(main?.files.keys() ?? [])]).toHaveLength(foldLimits.files)
    expect(main?.pending.length).toBeLessThanOrEqual(foldLimits.pending)
    expect(main?.thread?.todos).toHaveLength(200)
    expect(foldText(fold).length).toBeLessThan(2_000_000)
    expect(factsOf(fold).counts).toMatchObject({ prompts: 30_000, replies: 30_000, toolCalls: 90_000 })
  })
})
