/** Transcript records as no writer would write them, for property tests of what reads them. */
import fc from 'fast-check'

const leaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, 17, -2.5, '', 'x', '<synthetic>'),
  fc.string({ unit: 'binary' }),
)
const json = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 }),
  ),
})).value
const some = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] })
const block = some({
  type: fc.constantFrom('text', 'tool_use', 'tool_result', 'thinking'),
  id: fc.oneof(fc.constant('t1'), json),
  name: fc.oneof(fc.constantFrom('Write', 'Bash', 'Read', 'NotebookEdit', 'TaskCreate'), json),
  input: fc.oneof(some({ file_path: json, notebook_path: json, command: json, other: json }), json),
  text: json,
  tool_use_id: fc.oneof(fc.constant('t1'), json),
  content: fc.oneof(fc.constantFrom('<tool_use_error>x', 'Task #4 made', '<tool_use'), json),
  is_error: json,
})
const tokens = fc.oneof(fc.integer(), json)
const message = some({
  id: json,
  model: fc.oneof(fc.constantFrom('claude-opus-5-5', '<synthetic>'), json),
  content: fc.oneof(fc.array(block, { maxLength: 4 }), json),
  usage: fc.oneof(
    some({
      input_tokens: tokens,
      cache_creation_input_tokens: tokens,
      cache_read_input_tokens: tokens,
      cache_creation: json,
      iterations: fc.array(json, { maxLength: 1 }),
    }),
    json,
  ),
})
const record = some({
  type: fc.oneof(fc.constantFrom('user', 'assistant', 'attachment', 'system', 'cost-state', 'ai-title', 'mode'), json),
  message: fc.oneof(message, json),
  attachment: fc.oneof(
    some({ type: fc.constantFrom('queued_command', 'model', 'file'), prompt: json, humanTurn: fc.boolean() }),
    json,
  ),
  timestamp: fc.oneof(
    fc.date({ noInvalidDate: true }).map(date => date.toISOString()),
    json,
  ),
  cwd: json,
  gitBranch: json,
  version: json,
  sessionId: fc.oneof(fc.uuid(), json),
  isSidechain: json,
  isApiErrorMessage: json,
  isMeta: json,
  isCompactSummary: json,
  sourceToolAssistantUUID: json,
  origin: fc.oneof(some({ kind: fc.oneof(fc.constant('human'), json) }), json),
  forkedFrom: fc.oneof(some({ sessionId: fc.uuid() }), json),
  requestedModel: json,
  toolUseResult: fc.oneof(some({ task: some({ id: json }) }), json),
  subtype: fc.oneof(fc.constant('compact_boundary'), json),
  unknown: json,
})

/** Records with the members that facts are made of, each with a fitting value or any other, in any order. */
export const randomRecord: fc.Arbitrary<object> = record.chain(fields =>
  fc.shuffledSubarray(Object.entries(fields), { minLength: Object.keys(fields).length }).map(Object.fromEntries),
)

const often = <T>(usual: readonly T[], other: readonly unknown[] = [null]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...other) })
const callIds = often(['t1', 't2', 't3', 't4'], ['', 7, null, 't\n', 'x'.repeat(5_000)])
const paths = often(['/a', '/b/ü', '/c"d'], ['', 3, 'p'.repeat(5_000)])
const usualBlock = fc.oneof(
  fc.record({ type: fc.constant('text'), text: often(['Done', 'Söme "words"\n\u0007', '', 'y'.repeat(2_100)]) }),
  fc.record({
    type: fc.constant('tool_use'),
    id: callIds,
    name: often(['Write', 'Edit', 'Bash', 'Read', 'NotebookEdit'], ['TodoWrite', 'TaskCreate', 'TaskUpdate', '', 5]),
    input: fc.record({ file_path: paths, notebook_path: paths, command: often(['ls', 'echo "ä"', 'z'.repeat(400)]) }),
  }),
  fc.constant({ type: 'thinking', thinking: 'Hm' }),
)
const usualResult = fc.record(
  {
    type: fc.constant('tool_result'),
    tool_use_id: callIds,
    content: often(
      ['ok', '', '\u001b[1m', 'long '.repeat(50)],
      ['<tool_use_error>No', 'Task #3 created', [{ type: 'text', text: 'x' }]],
    ),
    is_error: often([false], [true, 'true', null]),
  },
  { requiredKeys: ['type', 'tool_use_id'] },
)
const tokenCount = often([0, 5, 20_000, 99_999_999], ['4', -1, 1.5, 1e12, null])
const usualEnvelope = fc.record(
  {
    isSidechain: often([false], [true]),
    timestamp: often(
      ['2026-11-23T02:11:58.811Z', '2026-11-23T02:12:58.811Z', '2026-11-22T23:00:00.000Z', '2028-02-29T01:02:03.004Z'],
      ['yesterday', null, '2026-02-03T10:00:00.000+02:00'],
    ),
    forkedFrom: fc.constant({ sessionId: '7faa525b-681e-4c38-a2b5-d80165e2a19d' }),
  },
  { requiredKeys: ['isSidechain'] },
)
/** Forks are rare, and what has no time too. */
const usualHead = usualEnvelope.chain(({ forkedFrom, timestamp, ...head }) =>
  fc.integer({ min: 0, max: 20 }).map(dice => ({
    ...head,
    ...(dice > 0 ? { timestamp } : {}),
    ...(dice > 19 ? { forkedFrom } : {}),
  })),
)
const usualEnd = fc.constantFrom(
  ...['/w/one', '/w/two'].flatMap(cwd =>
    ['main', 'fix'].map(gitBranch => ({
      userType: 'external',
      entrypoint: 'cli',
      cwd,
      sessionId: '7faa525b-681e-4c38-a2b5-d80165e2a19d',
      version: '2.1.330',
      gitBranch,
    })),
  ),
  { sessionId: '7faa525b-681e-4c38-a2b5-d80165e2a19d' },
  {},
)
const usualBody = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('assistant'),
      message: fc.record({
        id: often(['m1', 'm2', 'm3', 'a-message-id-that-is-longer-than-sixteen-bytes']),
        model: often(['claude-opus-5-5', 'claude-sonnet-5'], ['<synthetic>', null]),
        content: fc.array(usualBlock, { maxLength: 3 }),
        usage: fc.record({
          input_tokens: tokenCount,
          cache_creation_input_tokens: tokenCount,
          cache_read_input_tokens: tokenCount,
          iterations: fc.constant([]),
        }),
      }),
      requestedModel: often(['claude-opus-5-5[1m]', 'claude-sonnet-5']),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('user'),
      message: fc.record({ content: fc.array(usualResult, { minLength: 1, maxLength: 2 }) }),
      toolUseResult: often<unknown>(['Done', { stdout: '{"a":1}' }], [{ task: { id: '9' } }]),
    }),
  },
  fc.record({
    type: fc.constant('user'),
    message: fc.record({ content: often(['Go on', ' ', '<command-name>x', 'ü'.repeat(2_100)], [5]) }),
    isMeta: often([false], [true]),
  }),
  fc.constantFrom<object>(
    { type: 'mode', mode: 'normal' },
    { type: 'cost-state' },
    { type: 'ai-title', aiTitle: 'A\ttitle' },
    { type: 'ai-title', aiTitle: '  ' },
    { type: 'custom-title', customTitle: 'Own ü\n' },
    { type: 'custom-title', customTitle: 7, aiTitle: 'x' },
    { type: 'custom-title', customTitle: 't'.repeat(900) },
    { type: 'system', subtype: 'turn_duration' },
    { type: 'system', subtype: 'compact_boundary', compactMetadata: { postTokens: 900 } },
    { type: 'attachment', attachment: { type: 'file', content: 'x' } },
    { type: 'attachment', attachment: { type: 'model', identity: { modelId: 'claude-opus-5-5' } } },
    { type: 'attachment', attachment: { type: 'model', identity: { modelId: '' } } },
    { type: 'attachment', attachment: { type: 'model', identity: 'x' } },
    { type: 'attachment', attachment: { type: 'queued_command', humanTurn: true, prompt: 'Queued' } },
  ),
)

/** Records much as Claude Code writes them, a few odd ones among them. */
export const usualRecord: fc.Arbitrary<object> = fc
  .tuple(usualHead, usualBody, usualEnd, fc.boolean())
  .map(([head, body, end, isEndFirst]) => (isEndFirst ? { ...end, ...body, ...head } : { ...head, ...body, ...end }))
