import { describe, expect, it } from 'vitest'
import { parseRecord } from '../../shared/core/transcript.ts'

const sessionId = '0ecf3a5a-7992-4668-9faf-374392f83408'
const base = {
  isSidechain: false,
  timestamp: '2026-11-23T02:03:49.813Z',
  entrypoint: 'cli',
  cwd: '/home/me/proj1',
  sessionId,
  version: '2.1.330',
  gitBranch: 'main',
}
const envelope = {
  atMs: 1795399429813,
  cwd: '/home/me/proj1',
  branch: 'main',
  version: '2.1.330',
  entrypoint: 'cli',
  sessionId,
  forkedFrom: null,
  sidechain: false,
}
const empty = {
  atMs: null,
  cwd: null,
  branch: null,
  version: null,
  entrypoint: null,
  sessionId: null,
  forkedFrom: null,
  sidechain: false,
}

const user = (content: unknown, more: object = {}) =>
  parseRecord({ ...base, type: 'user', message: { role: 'user', content }, ...more })
const attachment = (value: object) => parseRecord({ ...base, type: 'attachment', attachment: value })
const assistant = (message: object, more: object = {}) =>
  parseRecord({ ...base, type: 'assistant', message: { role: 'assistant', ...message }, ...more })
const ignored = { kind: 'ignored', envelope }

describe('the envelope of a record', () => {
  it('is read from any record, whatever its type', () => {
    expect(parseRecord({ ...base, type: 'from-the-future' })).toEqual(ignored)
  })

  it.each([
    ['is missing', {}],
    ['has the wrong types', { timestamp: 5, cwd: 7, gitBranch: null, version: {}, entrypoint: [], sessionId: 'x' }],
    ['is empty text', { timestamp: '', cwd: '', gitBranch: '', version: '', entrypoint: '', sessionId: '' }],
    ['is absurdly long', { timestamp: 'soon', cwd: 'x'.repeat(5_000), version: 'y'.repeat(5_000) }],
  ])('says nothing where it %s', (_, fields) => {
    expect(parseRecord({ type: 'mode', ...fields })).toEqual({ kind: 'ignored', envelope: empty })
  })

  it('names the session that the record was copied from, and folds the case of ids', () => {
    const forkedFrom = { sessionId: '88D7150E-A12F-4AE5-92D5-5CA47C59438B', messageUuid: 'x' }
    const from = '88d7150e-a12f-4ae5-92d5-5ca47c59438b'
    expect(parseRecord({ ...base, forkedFrom, sessionId: sessionId.toUpperCase() })).toEqual({
      kind: 'ignored',
      envelope: { ...envelope, forkedFrom: from },
    })
  })
})

describe('a line that is no record', () => {
  it.each([null, 17, 'text', true, [], [{ type: 'user' }]])('is damaged: %j', value => {
    expect(parseRecord(value)).toEqual({ kind: 'damaged' })
  })
})

describe('a human prompt', () => {
  it.each([
    ['typed in a terminal', 'Fix the parser', { origin: { kind: 'human' }, promptSource: 'typed' }, 'Fix the parser'],
    ['handed over by -p', 'Fix it', { promptSource: 'sdk' }, 'Fix it'],
    [
      'of several text blocks',
      [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
      {},
      'one\ntwo',
    ],
    [
      'with a picture',
      [
        { type: 'text', text: 'See' },
        { type: 'image', source: {} },
      ],
      {},
      'See',
    ],
    ['that is only a picture', [{ type: 'image', source: {} }], {}, '[Image]'],
    [
      'that is a custom command',
      '<command-message>demo</command-message>\n<command-name>/demo</command-name>\n<command-args>with args</command-args>',
      { origin: { kind: 'human' } },
      '/demo with args',
    ],
    ['that only quotes a tag', 'What does <bash-input> do?', {}, 'What does <bash-input> do?'],
  ])('%s counts', (_, content, more, text) => {
    expect(user(content, more)).toEqual({ kind: 'prompt', envelope, text })
  })

  it('typed while the model was busy is an attachment', () => {
    const typed = { type: 'queued_command', prompt: 'and the tests', humanTurn: true, origin: { kind: 'human' } }
    expect(attachment(typed)).toEqual({ kind: 'prompt', envelope, text: 'and the tests' })
    expect(attachment({ ...typed, humanTurn: false })).toEqual(ignored)
    expect(attachment({ ...typed, origin: { kind: 'task-notification' } })).toEqual(ignored)
  })

  it.each([
    ['a note of the tool', 'Caveat', { isMeta: true }],
    ['the summary of a compaction', 'This session is being continued', { isCompactSummary: true }],
    ['a result without a block', 'x', { sourceToolAssistantUUID: 'u' }],
    ['a structured result without a block', 'x', { toolUseResult: 'x' }],
    ['another origin', 'wake up', { origin: { kind: 'task-notification' } }],
    ['a built-in command', '<command-name>/model</command-name>', {}],
    ['the output of a local command', '<local-command-stdout>done</local-command-stdout>', {}],
    ['bash mode', '<bash-input>ls</bash-input>', {}],
    ['the output of bash mode', '<bash-stdout>a</bash-stdout><bash-stderr></bash-stderr>', {}],
    ['a notification', '<task-notification>\n<task-id>a</task-id>', {}],
    ['a reminder', '<system-reminder>\nx', {}],
    ['an interruption', [{ type: 'text', text: '[Request interrupted by user for tool use]' }], {}],
    ['nothing', '  ', {}],
    ['no content', undefined, {}],
  ])('is not %s', (_, content, more) => {
    expect(user(content, more)).toEqual(ignored)
  })

  it('is cut to 2,000 characters and never through a surrogate pair', () => {
    expect(user(`${'a'.repeat(1_999)}😀 and more`)).toEqual({ kind: 'prompt', envelope, text: 'a'.repeat(1_999) })
    expect(user('b'.repeat(2_001))).toEqual({ kind: 'prompt', envelope, text: 'b'.repeat(2_000) })
  })
})

describe('tool results', () => {
  const result = (more: object) => ({ type: 'tool_result', tool_use_id: 'toolu_1', ...more })

  it.each([
    ['succeeded without a word on errors', { content: 'ok' }, false],
    ['succeeded', { content: 'ok', is_error: false }, false],
    ['failed', { content: 'Exit code 3', is_error: true }, true],
    ['was no valid call', { content: '<tool_use_error>No such tool</tool_use_error>' }, true],
    ['only quotes an error mark', { content: 'see <tool_use_error>' }, false],
    ['gave blocks', { content: [{ type: 'image', source: {} }] }, false],
  ])('tell that a call %s', (_, more, failed) => {
    expect(user([result(more)])).toEqual({
      kind: 'results',
      envelope,
      results: [{ callId: 'toolu_1', failed, taskId: null }],
    })
  })

  it('of several calls come in one record', () => {
    const event = user([result({}), { type: 'text', text: 'x' }, { ...result({ is_error: true }), tool_use_id: 'b' }])
    expect(event).toEqual({
      kind: 'results',
      envelope,
      results: [
        { callId: 'toolu_1', failed: false, taskId: null },
        { callId: 'b', failed: true, taskId: null },
      ],
    })
  })

  it.each([
    ['the structured result', 'Task created', { toolUseResult: { task: { id: '7', subject: 'x' } } }],
    ['the words, where there is no structured result', 'Task #7 created successfully: x', {}],
  ])('name a new task by %s', (_, content, more) => {
    expect(user([result({ content })], more)).toMatchObject({ results: [{ taskId: '7' }] })
  })
})

describe('a reply', () => {
  const usage = {
    input_tokens: 4,
    cache_creation_input_tokens: 350,
    cache_read_input_tokens: 15_000,
    output_tokens: 90,
  }

  it('tells id, models, context, text and calls', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'text', text: 'Done.' },
      { type: 'tool_use', id: 't1', name: 'Write', input: { file_path: '/a', content: 'x' } },
    ]
    const message = { id: 'msg_1', model: 'claude-opus-4-6', content, usage }
    expect(assistant(message, { requestedModel: 'claude-opus-4-6[1m]' })).toEqual({
      kind: 'reply',
      envelope,
      reply: {
        messageId: 'msg_1',
        model: 'claude-opus-4-6',
        requestedModel: 'claude-opus-4-6[1m]',
        contextTokens: 15_354,
        text: 'Done.',
        calls: [{ kind: 'edit', id: 't1', path: '/a' }],
      },
    })
  })

  it.each([
    ['the last iteration of a server-side loop', { ...usage, iterations: [usage, { input_tokens: 9 }] }, 9],
    ['no iterations', { ...usage, iterations: [] }, 15_354],
    [
      'nested cache sums where the plain one is 0',
      {
        ...usage,
        cache_creation_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 6, ephemeral_1h_input_tokens: 1 },
      },
      15_011,
    ],
    [
      'the plain cache sum where both are given',
      { ...usage, cache_creation: { ephemeral_5m_input_tokens: 350, ephemeral_1h_input_tokens: 0 } },
      15_354,
    ],
    ['zeros', { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }, null],
    ['nonsense', { input_tokens: '4', cache_read_input_tokens: -3 }, null],
    ['no usage', undefined, null],
  ])('takes its context from %s', (_, given, tokens) => {
    expect(assistant({ id: 'm', model: 'x', content: [], usage: given })).toMatchObject({
      reply: { contextTokens: tokens },
    })
  })

  it('that the tool made up is none', () => {
    expect(assistant({ id: 'm', model: '<synthetic>', content: [], usage })).toEqual(ignored)
    expect(assistant({ id: 'm', model: 'claude-opus-5', content: [], usage }, { isApiErrorMessage: true })).toEqual(
      ignored,
    )
    expect(parseRecord({ ...base, type: 'assistant' })).toEqual(ignored)
  })

  it('marks the work of a sub-agent', () => {
    expect(assistant({ id: 'm', model: 'x', content: [] }, { isSidechain: true })).toMatchObject({
      kind: 'reply',
      envelope: { sidechain: true },
    })
  })
})

describe('other records', () => {
  it.each([
    [
      'custom-title',
      { customTitle: ' my\n  session ' },
      { kind: 'title', envelope, source: 'custom', text: 'my session' },
    ],
    ['ai-title', { aiTitle: 'Parser fix' }, { kind: 'title', envelope, source: 'ai', text: 'Parser fix' }],
    ['custom-title', { customTitle: '' }, ignored],
    ['custom-title', { customTitle: 5 }, ignored],
    ['cost-state', { totalCostUSD: 1 }, { kind: 'closed', envelope }],
    ['system', { subtype: 'turn_duration' }, ignored],
    ['system', { subtype: 'compact_boundary' }, { kind: 'compaction', envelope, postTokens: null }],
    [
      'system',
      { subtype: 'compact_boundary', compactMetadata: { trigger: 'auto', preTokens: 971_337, postTokens: 2_958 } },
      { kind: 'compaction', envelope, postTokens: 2_958 },
    ],
    ['summary', { summary: 'Old title' }, ignored],
    ['progress', { data: { type: 'bash_progress' } }, ignored],
  ])('%s %j', (type, fields, event) => {
    expect(parseRecord({ ...base, type, ...fields })).toEqual(event)
  })

  it('tell which model comes next, and nothing else by attachment', () => {
    const identity = { modelId: 'claude-opus-4-6[1m]', marketingName: 'Opus 4.6' }
    expect(attachment({ type: 'model', identity })).toEqual({
      kind: 'model',
      envelope,
      requestedModel: 'claude-opus-4-6[1m]',
    })
    expect(attachment({ type: 'model' })).toEqual(ignored)
    expect(attachment({ type: 'prompt_snapshot', systemPrompt: ['x'] })).toEqual(ignored)
    expect(parseRecord({ ...base, type: 'attachment' })).toEqual(ignored)
  })
})
