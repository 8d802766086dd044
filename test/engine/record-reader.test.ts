import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRecord } from '../../shared/core/transcript.ts'
import { createLineReader, type LineReader } from '../../shared/engine/line-reader.ts'
import { createRecordReader } from '../../shared/engine/record-reader.ts'
import { splitLines } from '../support/plain-reader.ts'
import { randomRecord } from '../support/random-records.ts'

const fixtures = path.join(import.meta.dirname, '../fixtures/claude-code')
const reader = createRecordReader()
const lines = createLineReader()

/** Reads the line with something before and after it, as it lies in a buffer: carefully and fast, which must not differ. */
function read(line: string | Buffer) {
  const bytes = Buffer.concat([Buffer.from('"}\n'), Buffer.from(line), Buffer.from('\n{"type":"user"}\n')])
  const event = reader.read(bytes, 3, 3 + Buffer.byteLength(line), true)
  expect(readFast(lines, bytes, 3)).toEqual({ event, end: 3 + bytes.subarray(3).indexOf('\n') })
  return event
}

function readFast(fast: LineReader, bytes: Buffer, from: number) {
  const buffer = fast.buffer(bytes.length)
  bytes.copy(buffer)
  const end = fast.find(buffer, from, from)
  return { event: fast.read(buffer, from, end), end }
}

const code = 'if (a["x\\\\"] < 5) {\n\treturn `}`\n}\u2028'

const base = {
  parentUuid: null,
  isSidechain: false,
  uuid: '962961b3-f7f4-48c0-ae29-bc6191cd39d8',
  timestamp: '2026-11-23T02:11:58.811Z',
  userType: 'external',
  entrypoint: 'cli',
  cwd: '/home/dev/wörk "1"\\x',
  sessionId: '7faa525b-681e-4c38-a2b5-d80165e2a19d',
  version: '2.1.330',
  gitBranch: 'main',
}
const usage = {
  input_tokens: 4,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 15_000,
  output_tokens: 90,
  iterations: [],
}
const assistant = (content: unknown, more: object = {}) => ({
  ...base,
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-opus-5-5', content, usage },
  requestedModel: 'claude-opus-5-5',
  type: 'assistant',
  ...more,
})
const result = (fields: object, more: object = {}) => ({
  ...base,
  type: 'user',
  message: { role: 'user', content: [{ tool_use_id: 'toolu_1', type: 'tool_result', ...fields }] },
  ...more,
})
/** The record as JSON with another spelling of one part. */
const spelled = (record: object, from: string, to: string) => JSON.stringify(record).replace(from, to)
const tool = (name: string, input: unknown) => ({ type: 'tool_use', id: 'toolu_1', name, input })

describe('a line that is JSON gives the event that parsing it whole gives (invariant 1)', () => {
  it.each(
    fs.readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter(name => /projects.*jsonl$/.test(name)),
  )('in the real transcript %s', name => {
    const { complete } = splitLines(fs.readFileSync(path.join(fixtures, name)))
    expect(complete.length).toBeGreaterThan(15)
    expect(complete.map(read)).toEqual(complete.map(line => parseRecord(JSON.parse(line.toString()))))
  })

  it.each([
    [
      'a result with quotes, brackets and escapes',
      result({ content: code.repeat(200) }, { toolUseResult: { stdout: code } }),
    ],
    ['a failed result', result({ content: 'no', is_error: true }, { toolUseResult: 'Error: no' })],
    ['a tool error without a flag', result({ content: '<tool_use_error>No' })],
    ['a tool error whose mark is escaped', spelled(result({ content: '<tool_use_error>No' }), '<tool', '\\u003ctool')],
    ['a result that begins with an escape', result({ content: '\t1\u0001' })],
    ['a new task, structured', result({ content: 'ok' }, { toolUseResult: { task: { id: '3', subject: 's' } } })],
    ['a new task, in words', result({ content: 'Task #3 created' })],
    ['a picture', result({ content: [{ type: 'image', source: { data: 'A'.repeat(5_000) } }] })],
    ['a result without an id', result({ tool_use_id: 5 })],
    [
      'a result whose text holds a whole transcript line',
      result({ content: JSON.stringify(assistant([{ type: 'text', text: 'x"}]},"uuid":"' }])) }),
    ],
    [
      'a result with the keys of a record in it',
      result(
        { content: [{ type: 'text', text: 'x', is_error: true }] },
        { toolUseResult: { type: 'x', cwd: '/wrong' } },
      ),
    ],
    [
      'a task in disguise',
      spelled(result({ content: 'ok' }, { toolUseResult: { task: { id: '3' } } }), '"task"', '"t\\u0061sk"'),
    ],
    ['a prompt that a tool made', { ...base, type: 'user', message: { content: 'x' }, isMeta: true }],
    ['a summary', { ...base, type: 'user', message: { content: 'x' }, isCompactSummary: true }],
    ['a prompt that answers a tool', { ...base, type: 'user', message: { content: 'x' }, toolUseResult: 'x' }],
    ['a prompt that names a call', { ...base, type: 'user', message: { content: 'x' }, sourceToolAssistantUUID: null }],
    ['a prompt from elsewhere', { ...base, type: 'user', message: { content: 'x' }, origin: { kind: 'task' } }],
    ['a human prompt', { ...base, type: 'user', message: { content: 'x\u00e9\n"' }, origin: { kind: 'human' } }],
    ['a prompt of an odd origin', { ...base, type: 'user', message: { content: 'x' }, origin: { kind: 5 } }],
    [
      'an origin in disguise',
      spelled(
        { ...base, type: 'user', message: { content: 'x' }, origin: { kind: 'human' } },
        '"human"',
        '"h\\u0075man"',
      ),
    ],
    [
      'a command as a prompt',
      {
        ...base,
        type: 'user',
        message: { content: '<command-message>a</command-message><command-name>/a</command-name>' },
      },
    ],
    ['no words', { ...base, type: 'user', message: { content: '' } }],
    ['an attachment of no type', { attachment: { x: 1 }, type: 'attachment', ...base }],
    [
      'an attachment in disguise',
      spelled(
        { attachment: { type: 'model', identity: { modelId: 'm' } }, type: 'attachment', ...base },
        '"model"',
        '"mod\\u0065l"',
      ),
    ],
    ['a time before the first year', { ...base, type: 'mode', timestamp: '0000-01-02T10:00:00.000Z' }],
    ['a prompt', { ...base, type: 'user', message: { role: 'user', content: 'Fix it' } }],
    [
      'a prompt in blocks',
      { ...base, type: 'user', message: { role: 'user', content: [{ type: 'text', text: 'Fix' }] } },
    ],
    ['a user record without a message', { ...base, type: 'user' }],
    ['a user record whose message is text', { ...base, type: 'user', message: 'x' }],
    ['text', assistant([{ type: 'text', text: 'Done: "é"\n' }])],
    ['long text', assistant([{ type: 'text', text: '😀'.repeat(3_000) }])],
    [
      'two texts',
      assistant([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ]),
    ],
    ['text that is no text', assistant([{ type: 'text', text: 5 }, 'x', null, { type: 'text' }])],
    ['no blocks', assistant('words')],
    ['a write', assistant([tool('Write', { content: code.repeat(50), file_path: '/ü/a' })])],
    ['a write to nowhere', assistant([tool('Write', { content: 'x' })])],
    ['a notebook edit', assistant([tool('NotebookEdit', { notebook_path: '/n', file_path: '/f' })])],
    ['a command', assistant([tool('Bash', { command: `echo "${'x'.repeat(400)}"` })])],
    ['a to-do list', assistant([tool('TodoWrite', { todos: [{ content: 'a', status: 'pending' }] })])],
    ['tasks', assistant([tool('TaskCreate', { subject: 'a' }), tool('TaskUpdate', { taskId: '1' })])],
    ['an unknown tool', assistant([tool('Read', { file_path: '/a' }), tool('Agent', null)])],
    ['a call without a name', assistant([{ type: 'tool_use', id: 'x', input: {} }])],
    ['a write without an id', assistant([{ type: 'tool_use', name: 'Write', input: { file_path: '/a' } }])],
    ['a type in disguise', spelled(assistant([tool('Write', { file_path: '/a' })]), 'tool_use', 'tool\\u005fuse')],
    ['an API error', assistant([], { isApiErrorMessage: true })],
    ['a made-up reply', { ...assistant([]), message: { model: '<synthetic>', content: [] } }],
    ['a loop on the server', { ...assistant([]), message: { usage: { ...usage, iterations: [{ input_tokens: 3 }] } } }],
    [
      'nested cache sums',
      {
        ...assistant([]),
        message: {
          usage: { ...usage, cache_creation: { ephemeral_1h_input_tokens: 7, ephemeral_5m_input_tokens: 8 } },
        },
      },
    ],
    [
      'odd numbers',
      {
        ...assistant([]),
        message: { usage: { input_tokens: 1.5e3, cache_read_input_tokens: -4, cache_creation_input_tokens: '7' } },
      },
    ],
    ['usage that is none', { ...assistant([]), message: { id: null, model: 7, usage: [] } }],
    ['a fork', { ...base, type: 'system', forkedFrom: { sessionId: base.sessionId, messageUuid: 'x' } }],
    ['a compaction', { ...base, type: 'system', subtype: 'compact_boundary', compactMetadata: { postTokens: 5 } }],
    [
      'a compaction in disguise',
      spelled({ ...base, type: 'system', subtype: 'compact_boundary' }, 'compact_', 'compact\\u005f'),
    ],
    ['titles', { type: 'ai-title', aiTitle: 'x', sessionId: base.sessionId }],
    ['a goodbye', { type: 'cost-state', sessionId: base.sessionId, modelUsage: { 'claude-x': {} } }],
    [
      'a long attachment',
      {
        attachment: { type: 'prompt_snapshot', systemPrompt: [code.repeat(300)] },
        type: 'attachment',
        ...base,
      },
    ],
    [
      'an attachment that quotes a tail',
      {
        attachment: { type: 'file', content: { x: [`,"type":"attachment","cwd":"/x"}`.repeat(200)] } },
        type: 'attachment',
        ...base,
      },
    ],
    [
      'an attachment that holds a tail',
      {
        attachment: { type: 'file', content: 'y'.repeat(3_000), inner: { a: 1, type: 'attachment', cwd: '/wrong' } },
        type: 'attachment',
        ...base,
      },
    ],
    [
      'an attachment whose inner tail comes last',
      {
        type: 'attachment',
        ...base,
        attachment: { type: 'file', content: 'y'.repeat(3_000), inner: { a: 1, type: 'attachment', cwd: '/wrong' } },
      },
    ],
    [
      'a long attachment with members between it and its type',
      (({ version, gitBranch, ...rest }) => ({
        attachment: { type: 'file', content: 'y'.repeat(3_000) },
        version,
        gitBranch,
        type: 'attachment',
        ...rest,
      }))(base),
    ],
    [
      'a queued prompt',
      { attachment: { type: 'queued_command', prompt: 'x', humanTurn: true }, type: 'attachment', ...base },
    ],
    [
      'an attachment with its type elsewhere',
      { attachment: { prompt: 'x', humanTurn: true, type: 'queued_command' }, type: 'attachment', ...base },
    ],
    [
      'a bulk record',
      { type: 'api-request-shape', sessionId: base.sessionId, timestamp: base.timestamp, shape: { tools: [code] } },
    ],
    [
      'a bulk record of another order',
      { shape: { tools: [code] }, type: 'api-request-shape', timestamp: base.timestamp },
    ],
    ['a bulk list', { type: 'api-request-blob', message: [1, 2] }],
    [
      'an unknown record',
      {
        type: 'progress',
        data: { message: { type: 'user', content: [{ type: 'tool_result', tool_use_id: 'x' }] } },
        ...base,
      },
    ],
    ['a type that is no text', { ...base, type: 5 }],
    ['a key in disguise', spelled({ ...base, type: 'user', message: { content: 'x' } }, '"type"', '"ty\\u0070e"')],
    ['white space', spelled({ ...base, type: 'cost-state' }, ',', ' ,\t')],
    ['a carriage return', `${JSON.stringify({ ...base, type: 'cost-state' })}\r`],
    ['odd times', { ...base, type: 'mode', timestamp: '2026-02-30T10:00:00.000Z' }],
    ['a time with an offset', { ...base, type: 'mode', timestamp: '2026-02-03T10:00:00.000+02:00' }],
    ['a time at a leap day', { ...base, type: 'mode', timestamp: '2028-02-29T23:59:59.999Z' }],
    ['words for a time', { ...base, type: 'mode', timestamp: 'yesterday' }],
    ['an empty object', {}],
    ['names of a prototype', { ['__proto__']: 1, constructor: 'x', type: 'cost-state' }],
  ] as readonly (readonly [string, object | string])[])('%s', (_, record) => {
    const line = typeof record === 'string' ? record : JSON.stringify(record)
    expect(read(line)).toEqual(parseRecord(JSON.parse(line)))
  })

  it('whatever its values and the order of its keys (seed 4)', () => {
    fc.assert(
      fc.property(randomRecord, record => {
        const line = JSON.stringify(record)
        expect(read(line)).toEqual(parseRecord(JSON.parse(line)))
      }),
      { seed: 4, numRuns: 3_000 },
    )
  }, 60_000)
})

describe('the lines before a line make no difference (invariant 1)', () => {
  const end = (cwd: string) => ({
    userType: 'external',
    entrypoint: 'cli',
    cwd,
    sessionId: base.sessionId,
    version: '2.1.330',
    gitBranch: 'main',
  })
  const head = (at: string) => ({ parentUuid: null, isSidechain: false, type: 'user', timestamp: at })
  const done = { message: { content: [{ type: 'tool_result', tool_use_id: 't1', content: 'ok' }] } }
  const [first, second] = ['2026-11-23T02:11:58.811Z', '2026-11-23T02:12:59.812Z'] as const
  const { timestamp, ...timeless } = { ...head(first), ...done }

  it.each([
    ['share their end', { ...head(first), ...done, ...end('/a') }, { ...head(second), ...done, ...end('/a') }],
    ['share only part of it', { ...head(first), ...done, ...end('/a') }, { ...head(second), ...done, ...end('/b') }],
    [
      'share their end after a large result',
      { ...head(first), ...done, toolUseResult: { a: code }, ...end('/a') },
      { ...head(second), ...done, toolUseResult: { b: [code, code] }, sourceToolAssistantUUID: 'x', ...end('/a') },
    ],
    [
      'share their end, but the second says when after its result',
      { ...head(first), ...done, ...end('/a') },
      { ...timeless, toolUseResult: { b: 1 }, timestamp: second, ...end('/a') },
    ],
    [
      'share their end, but the second has its message after its result',
      { ...head(first), ...done, ...end('/a') },
      { ...head(second), toolUseResult: { b: 1 }, ...done, ...end('/a') },
    ],
    [
      'share their end in a nested object',
      { ...head(first), ...done, ...end('/a') },
      { ...head(second), ...done, toolUseResult: { b: 1, ...end('/a') } },
    ],
    [
      'share an end that says when',
      { ...done, type: 'user', isSidechain: true, ...end('/a'), timestamp: first },
      { ...done, type: 'user', isSidechain: false, ...end('/a'), timestamp: first },
    ],
    [
      'share an end that holds the message',
      { ...head(first), ...end('/a'), ...done },
      { ...head(second), ...end('/a'), ...done },
    ],
    [
      'share an end that says little',
      { ...head(first), ...done, userType: 'external', cwd: '/a' },
      { ...head(second), ...done, toolUseResult: 'x', gitBranch: 'b', userType: 'external', cwd: '/a' },
    ],
  ])('where they %s', (_, before, record) => {
    const fresh = createRecordReader()
    const fast = createLineReader()
    for (const each of [before, record, before, record]) {
      const line = Buffer.from(`${JSON.stringify(each)}\n`)
      expect(fresh.read(line, 0, line.length - 1, false)).toEqual(parseRecord(each))
      expect(readFast(fast, line, 0).event).toEqual(parseRecord(each))
    }
  })

  it('whatever their members and order (seed 9)', () => {
    const members = { ...head(first), ...done, toolUseResult: { x: 1 }, requestedModel: 'm', other: [{}], ...end('/a') }
    const line = fc
      .tuple(fc.shuffledSubarray(Object.entries(members)), fc.constantFrom(first, second), fc.boolean())
      .map(([some, at, usual]) => {
        const entries = usual ? Object.entries(members) : some
        return Object.fromEntries(entries.map(([key, value]) => [key, key === 'timestamp' ? at : value]))
      })
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), records => {
        const fresh = createRecordReader()
        for (const record of records) {
          const bytes = Buffer.from(`${JSON.stringify(record)}\n`)
          expect(fresh.read(bytes, 0, bytes.length - 1, false)).toEqual(parseRecord(record))
          expect(readFast(lines, bytes, 0).event).toEqual(parseRecord(record))
        }
      }),
      { seed: 9, numRuns: 1_000 },
    )
  })
})

describe('a line that is no JSON object is damaged (invariant 2)', () => {
  it.each([
    ['nothing', ''],
    ['words', 'not json'],
    ['a list', '[1,2]'],
    ['a text', '"type"'],
    ['a torn record', JSON.stringify(assistant([{ type: 'text', text: 'Done' }])).slice(0, -30)],
    ['a torn record that ends in a bracket', '{"type":"mode","x":{"y":1}'],
    ['a torn attachment', `{"attachment":{"type":"file","content":"${'x'.repeat(5_000)}`],
    ['two records in one line', '{"type":"mode"}{"type":"mode"}'],
    ['a torn record and a whole one', `{"type":"mode","mo${JSON.stringify(base)}`],
    ['a bad escape where it counts', '{"type":"mode","cwd":"\\x"}'],
    ['a word that is none', '{"type":"mode","isSidechain":trve}'],
    ['a missing comma', '{"type":"mode" "cwd":"/a"}'],
    ['zeros from a crash', Buffer.concat([Buffer.alloc(300), Buffer.from('{"type":"mode"}')])],
    ['a zero in a string', '{"type":"mode","cwd":"/a\0b"}'],
  ])('%s', (_, line) => {
    expect(read(line)).toEqual({ kind: 'damaged' })
  })

  it('invalid UTF-8 in a string is not: the record counts', () => {
    const line = Buffer.from('{"type":"cost-state","cwd":"/a?b"}')
    line[line.indexOf('?')] = 0xff
    expect(read(line)).toMatchObject({ kind: 'closed', envelope: { cwd: '/a\ufffdb' } })
  })

  it('and never throws, however a record is broken (invariant 3, seed 5)', () => {
    const records = [assistant([tool('Write', { file_path: '/a' })]), result({ content: 'x\\' }), base].map(record =>
      Buffer.from(JSON.stringify(record)),
    )
    fc.assert(
      fc.property(fc.nat(2), fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { maxLength: 4 }), (which, changes) => {
        const line = Buffer.from(records[which] ?? '')
        for (const [place, byte] of changes) line[place % line.length] = byte === 10 ? 11 : byte
        expect(read(line)).toHaveProperty('kind')
      }),
      { seed: 5, numRuns: 2_000 },
    )
  })
})
