/** Which values of a transcript line are wanted, as tables for the walk in `record-skim.ts`. Holds no state. */
import { editTools } from '../core/tool-call.ts'
import { keyTable } from './key-table.ts'

/** The objects that are walked, and what of each is wanted (its name) or walked into (`>` and the object's name). */
const grammar = {
  record: {
    type: 'type',
    timestamp: 'timestamp',
    cwd: 'cwd',
    gitBranch: 'branch',
    version: 'version',
    entrypoint: 'entrypoint',
    sessionId: 'sessionId',
    isSidechain: 'sidechain',
    forkedFrom: '>fork',
    isApiErrorMessage: 'apiError',
    requestedModel: 'requestedModel',
    customTitle: 'customTitle',
    aiTitle: 'aiTitle',
    subtype: 'subtype',
    isMeta: 'meta',
    isCompactSummary: 'summary',
    toolUseResult: 'toolResult',
    sourceToolAssistantUUID: 'sourceTool',
    origin: '>origin',
    message: '>message',
    attachment: '>attachment',
    userType: '>tail',
  },
  origin: { kind: 'originKind' },
  attachment: { type: 'attachmentType', identity: '>identity' },
  message: { id: 'messageId', model: 'model', content: '>content', usage: '>usage' },
  usage: {
    input_tokens: 'inputTokens',
    cache_creation_input_tokens: 'createdTokens',
    cache_read_input_tokens: 'readTokens',
    cache_creation: '>created',
    iterations: '>iterations',
  },
  created: { ephemeral_1h_input_tokens: 'created1h', ephemeral_5m_input_tokens: 'created5m' },
  block: {
    type: 'blockType',
    id: 'callId',
    name: 'tool',
    text: 'text',
    tool_use_id: 'resultOf',
    content: 'content',
    is_error: 'isError',
    input: '>input',
  },
  input: { file_path: 'filePath', notebook_path: 'notebookPath', command: 'command' },
  identity: { modelId: 'modelId' },
  fork: { sessionId: 'forkOf' },
} as const

const recordValues = [
  'type',
  'timestamp',
  'cwd',
  'branch',
  'version',
  'entrypoint',
  'sessionId',
  'sidechain',
  'forkOf',
  'apiError',
  'requestedModel',
  'subtype',
  'meta',
  'summary',
  'toolResult',
  'sourceTool',
  'originKind',
  'attachmentType',
  'words',
  'messageId',
  'model',
  'inputTokens',
  'createdTokens',
  'readTokens',
  'created1h',
  'created5m',
  'customTitle',
  'aiTitle',
  'modelId',
] as const
const blockValues = [
  'blockType',
  'callId',
  'tool',
  'text',
  'resultOf',
  'content',
  'isError',
  'filePath',
  'notebookPath',
  'command',
  'input',
] as const
export const valueNames = [...recordValues, ...blockValues] as const
export type RecordValue = (typeof recordValues)[number]
export type BlockValue = (typeof blockValues)[number]

/** Where a value's two positions lie in `RecordSkim.places`; of a block's value, in its first block. */
export const placeOf = Object.fromEntries(valueNames.map((name, i) => [name, 2 * i])) as Readonly<
  Record<RecordValue | BlockValue, number>
>
/** From a block's values to the next block's. */
export const blockStride = 2 * blockValues.length
export const firstBlock = 2 * recordValues.length
/** Tools whose calls say more than a path or a command. */
export const listTools = ['TodoWrite', 'TaskCreate', 'TaskUpdate'] as const

/** A message has one block, seldom a few; with more than this it is for the whole parse. */
export const maxBlocks = 8

/** Walks that are not told by the grammar alone. */
export const special = { pass: 100, content: 102, iterations: 103, tail: 105 } as const
const contexts = Object.keys(grammar) as (keyof typeof grammar)[]
const keyNames = [...new Set(contexts.flatMap(context => Object.keys(grammar[context])))]
export const keys = keyTable(keyNames)

/** Actions from here on: walk into the object whose number this much less is. */
export const walkInto = 200

/** By the number of an object and of a key: a place (less than any special walk), a special walk, or {@link walkInto} and an object's number. */
export const actions: readonly Uint8Array[] = contexts.map(context => {
  const wanted: Readonly<Record<string, string>> = grammar[context]
  return Uint8Array.from(keyNames, key => actionFor(wanted[key]))
})

function actionFor(goal: string | undefined): number {
  if (goal === undefined) return special.pass
  if (!goal.startsWith('>')) return placeOf[goal as RecordValue]
  const context = contexts.indexOf(goal.slice(1) as keyof typeof grammar)
  return context === -1 ? special[goal.slice(1) as keyof typeof special] : walkInto + context
}

/** The number of an object of the grammar. */
export const objectNumber = {
  record: contexts.indexOf('record'),
  message: contexts.indexOf('message'),
  block: contexts.indexOf('block'),
  input: contexts.indexOf('input'),
} as const

/** What a name may be where it stands as a value, by number: which lines the walk can note by itself. */
export const meanings = [
  'none',
  'user',
  'assistant',
  'attachment',
  'goodbye',
  'customTitle',
  'aiTitle',
  'queuedCommand',
  'modelChange',
  'boundary',
  'human',
  'text',
  'call',
  'result',
  'wholeTool',
  'commandTool',
  'fileTool',
  'notebookTool',
] as const
export type Meaning = (typeof meanings)[number]

export const meaningOf: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['attachment', 'attachment'],
  ['cost-state', 'goodbye'],
  ['custom-title', 'customTitle'],
  ['ai-title', 'aiTitle'],
  ['queued_command', 'queuedCommand'],
  ['model', 'modelChange'],
  ['compact_boundary', 'boundary'],
  ['human', 'human'],
  ['text', 'text'],
  ['tool_use', 'call'],
  ['tool_result', 'result'],
  ...Array.from(listTools, name => [name, 'wholeTool'] as const),
  ['Bash', 'commandTool'],
  ...Array.from(editTools, ([name, key]) => [name, key === 'file_path' ? 'fileTool' : 'notebookTool'] as const),
])

/** Keys that most lines have and nobody wants: named so that the walk may guess them. */
export const passedKeys = (
  'parentUuid uuid role requestId stop_reason stop_sequence stop_details output_tokens service_tier ' +
  'output_tokens_details server_tool_use inference_geo speed fallback_credit apiBlockIndex promptCacheRequested ' +
  'effort perTurnEffort madeBy promptId permissionDecision shapeHash requestRef querySource params keep tail ' +
  'requestDigest description permissionMode old_string new_string replace_all thinking signature promptSource ' +
  'turnOrigin turnPosition lastPrompt leafUuid messageId snapshot isSnapshotUpdate operation rendered renderedRole ' +
  'durationMs mode slug agentId'
).split(' ')
