/**
 * The shape of what every command prints with `--json`: the promise to other programs.
 *
 * `v` is 1. Fields may be added; none goes or changes its meaning without a higher `v`. Within this project the
 * shapes are strict, so that a field that is added must be described here; what is published lets more through.
 */
import { z } from 'zod'
import { failureCodes } from '../shared/core/checkpoint.ts'
import { hookEvents } from '../shared/core/hook-word.ts'
import { logLevels } from '../shared/core/log-line.ts'
import { protections } from '../shared/core/monitor-state.ts'
import { factorNames } from '../shared/core/scoring.ts'
import { givingBackSchemas } from './giving-back-schemas.ts'

const ms = z.number().describe('Epoch milliseconds.')
const text = z.string()
const number = z.number()
const size = z.int().nonnegative()
const counts = z.record(text, size)
const v = z.literal(1)

const factor = z.strictObject({
  value: number.nullable(),
  threshold: number,
  score: number,
  weight: number,
  weighted: number,
})
const [time, activity, context, idle] = factorNames
const score = z
  .strictObject({
    factors: z.strictObject({ [time]: factor, [activity]: factor, [context]: factor, [idle]: factor }),
    total: number,
  })
  .describe('A session is due when one score or the total reaches 1.')

const cause = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('due'), factors: z.array(z.enum(factorNames)), total: number }),
  z.strictObject({ kind: z.literal('manual') }),
  z.strictObject({ kind: z.literal('urgent'), event: text }),
  z.strictObject({ kind: z.literal('safety') }),
])

const holdReason = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('excluded') }),
  z.strictObject({ kind: z.literal('paused'), untilMs: ms.nullable() }),
  z.strictObject({ kind: z.literal('unchanged') }),
  z.strictObject({ kind: z.literal('cooling-down'), untilMs: ms }),
  z.strictObject({ kind: z.literal('below-threshold'), dueAtMs: ms.nullable() }),
  z.strictObject({ kind: z.literal('reading') }),
  z.strictObject({ kind: z.literal('backing-off'), untilMs: ms, failures: size, cause: text }),
])

const decision = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('checkpoint'), cause }),
  z.strictObject({ action: z.literal('hold'), reason: holdReason }),
])

const outcome = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('saved'),
    sessionId: text,
    seq: size,
    atMs: ms,
    addedBytes: size,
    tookMs: number,
    warnings: z.array(text),
  }),
  z.strictObject({ kind: z.literal('unchanged'), sessionId: text, sinceSeq: size.nullable() }),
  z.strictObject({ kind: z.literal('cooling-down'), sessionId: text, untilMs: ms }),
  z.strictObject({ kind: z.literal('locked-elsewhere'), sessionId: text, owner: text }),
  z.strictObject({ kind: z.literal('put-off'), sessionId: text, why: text }),
  z.strictObject({
    kind: z.literal('failed'),
    sessionId: text,
    code: z.enum(failureCodes),
    message: text,
    remedy: text,
  }),
])

const notice = z.strictObject({ id: text, level: z.enum(['info', 'warn', 'error']), message: text, remedy: text })
const settingsProblem = z.strictObject({ key: text, message: text })
const told = { notices: z.array(notice), settingsProblems: z.array(settingsProblem) }

const checkpointSummary = z.strictObject({
  id: text.describe('<session>/<number>'),
  seq: size,
  atMs: ms,
  why: text,
  causeKind: z.enum(['due', 'manual', 'urgent', 'safety']),
  messages: size,
  transcriptBytes: size,
  treeFiles: size,
  treeSkipped: size,
  treeError: text.nullable(),
  fingerprint: text.nullable(),
})

const session = z.strictObject({
  sessionId: text,
  title: text,
  project: z.strictObject({ root: text, name: text, kind: z.enum(['git', 'folder', 'missing']) }).nullable(),
  cwd: text.nullable(),
  branch: text.nullable(),
  model: text.nullable(),
  version: text.nullable(),
  live: z.strictObject({
    status: z.enum(['busy', 'waiting', 'idle', 'shell', 'ended', 'ended-abruptly', 'unknown']),
    waitingFor: text.nullable(),
    pid: size.nullable(),
    sinceMs: ms.nullable(),
    note: text.nullable(),
  }),
  counts: z.strictObject({
    messages: size,
    prompts: size,
    replies: size,
    toolCalls: size,
    compactions: size,
    lines: size,
    damagedLines: size,
    overlongLines: size,
  }),
  contextTokens: number.nullable(),
  contextWindowTokens: number.nullable(),
  contextPercent: number.nullable(),
  compaction: z
    .strictObject({ atTokens: number, leftTokens: number, leftPercent: number, turnsLeft: number.nullable() })
    .nullable(),
  filesChanged: size,
  firstActivityMs: ms.nullable(),
  lastActivityMs: ms.nullable(),
  transcriptBytes: size,
  protection: z.enum(protections),
  score,
  decision,
  why: text.describe('The decision in a sentence.'),
  unsaved: z.strictObject({ messages: size, transcriptBytes: size, files: size }),
  lastCheckpoint: checkpointSummary.nullable(),
  lastOutcome: outcome.nullable(),
  problems: z.array(text),
  partial: z.literal(true).optional(),
})

const cycle = z.strictObject({
  startedMs: ms,
  tookMs: number,
  found: size,
  due: size,
  dueBy: counts,
  created: size,
  heldBy: counts,
  notDone: counts,
  failed: size,
  averageMs: number.nullable(),
  addedBytes: size,
})

const storeUse = z.strictObject({
  bytes: size,
  budgetBytes: number,
  projects: z.array(z.strictObject({ root: text.nullable(), bytes: size, sessions: size, checkpoints: size })),
})

const proof = z.strictObject({
  atMs: ms,
  checked: size,
  failures: z.array(z.strictObject({ id: text, message: text })),
})

/** What is stored as a record lies in the store's own format; its `v` is that format's. */
const record = z.looseObject({ v: z.literal(1), session: text, seq: size, at: ms, title: text, why: text })

const recordProblem = z.strictObject({
  kind: z.enum(['missing', 'damaged', 'newer', 'unreadable']),
  sessionId: text,
  seq: size,
  message: text,
})

const outcomes = z.strictObject({ v, outcomes: z.array(outcome) })

const lockState = z.union([
  z.strictObject({ v, kind: z.literal('free'), lastFence: size }),
  z.looseObject({ v, kind: z.literal('locked-elsewhere'), ownerInWords: text }),
])

const gcReport = z.strictObject({
  dryRun: z.boolean(),
  sessions: size,
  checkpoints: size,
  droppedByAge: size,
  droppedByBudget: size,
  sealed: size,
  putBack: size,
  packsBefore: size,
  packsRemoved: size,
  bytesBefore: size,
  bytesFreed: size,
  packsWaiting: size,
  budgetBytes: number,
  overBudgetBytes: number,
  problems: z.array(text),
})
const gcHead = { v, storeFolder: text }

const stateCheck = z.strictObject({
  v,
  sessionId: text,
  due: z.boolean(),
  why: text,
  decision,
  lockHeldBy: text.nullable(),
})

const hookSteps = z.strictObject({
  v,
  steps: z.array(
    z.strictObject({
      file: text,
      did: z.enum(['installed', 'removed', 'unchanged', 'refused']),
      message: text,
      remedy: text,
      backup: text.nullable(),
    }),
  ),
})

const hooksStatus = z.strictObject({
  v,
  script: text,
  scriptState: z.enum(['current', 'outdated', 'missing', 'unknown']),
  files: z.array(
    z.strictObject({
      file: text,
      exists: z.boolean(),
      events: z.partialRecord(z.enum(hookEvents), z.enum(['current', 'other'])),
      disabled: z.boolean(),
      problem: text,
    }),
  ),
  git: z.strictObject({ file: text, state: z.enum(['installed', 'other', 'none']) }).nullable(),
})

const settingsShown = z.strictObject({
  v,
  file: text,
  settings: z.record(text, z.json()).describe('By dotted key.'),
  problems: z.array(settingsProblem),
})

const pauseState = z.strictObject({ v, paused: z.strictObject({ untilMs: ms.nullable() }).nullable() })

const serviceStep = z.union([
  z.strictObject({ v, ok: z.literal(true) }),
  z.strictObject({ v, ok: z.literal(false), message: text, remedy: text }),
])

const workTreesAtMs = ms
  .nullable()
  .describe('When work trees were looked at; what has changed in them since is not told. Null where none counts.')

const identity = z.strictObject({ pid: size, name: text, version: text, startedMs: ms })

/** By the command's path. */
export const outputSchemas = {
  list: z.strictObject({ v, atMs: ms, workTreesAtMs, sessions: z.array(session), ...told }),
  status: z.strictObject({
    v,
    atMs: ms,
    workTreesAtMs,
    running: identity.nullable().describe('The tray app or the daemon that was asked; null where none runs.'),
    summary: text,
    sessions: size,
    live: size,
    byProtection: z.record(z.enum(protections), size),
    lastCheckpoint: checkpointSummary.nullable(),
    storeFolder: text,
    storeUse: storeUse.nullable(),
    lastProof: proof.nullable(),
    roots: z.array(text),
    paused: z.strictObject({ untilMs: ms.nullable() }).nullable(),
    ...told,
  }),
  checkpoints: z.strictObject({
    v,
    checkpoints: z.array(record.extend({ id: text })),
    problems: z.array(recordProblem),
  }),
  show: z.strictObject({ v, id: text, record, manifest: z.looseObject({ root: text }).nullable() }),
  check: z.union([
    z.strictObject({
      v,
      cycle,
      sessions: z.array(
        session
          .pick({ sessionId: true, title: true, protection: true, score: true, decision: true, why: true })
          .extend({ outcome: outcome.nullable() }),
      ),
      ...told,
    }),
    stateCheck.describe('With a session.'),
  ]),
  run: z.strictObject({ v, atMs: ms, cycle }).describe('One line for each check.'),
  checkpoint: outcomes,
  pause: pauseState,
  resume: pauseState,
  lock: z.union([lockState, z.strictObject({ v, kind: z.literal('held'), fence: size, pid: size })]),
  'state list': z.strictObject({
    v,
    sessions: z.array(
      z.strictObject({
        sessionId: text,
        title: text,
        project: text.nullable(),
        checkpoints: size,
        lastMs: ms.nullable(),
        why: text.nullable(),
      }),
    ),
  }),
  'state check': stateCheck,
  'state update': outcomes,
  'state clean': z.strictObject({ v, lockFiles: size, temporaryFiles: size }),
  test: z.strictObject({
    v,
    found: size,
    due: z.array(session.pick({ sessionId: true, title: true, score: true, why: true })),
    roots: z.array(text),
  }),
  doctor: z.strictObject({
    v,
    version: text,
    system: text,
    checks: z.array(
      z.strictObject({ id: text, status: z.enum(['ok', 'warn', 'fail', 'skip']), found: text, remedy: text }),
    ),
  }),
  'hooks install': hookSteps,
  'hooks uninstall': hookSteps,
  'hooks status': hooksStatus,
  'settings get': settingsShown,
  'settings set': settingsShown,
  'settings reset': settingsShown,
  'settings preset': settingsShown,
  'settings path': z.strictObject({ v, file: text }),
  verify: z.strictObject({
    v,
    readData: z.boolean(),
    storeFolder: text,
    complete: z.boolean(),
    findings: z.array(
      z.strictObject({
        code: text,
        severity: z.enum(['damage', 'note']),
        sessionId: text.nullable(),
        seq: size.nullable(),
        pack: text.nullable(),
        message: text,
      }),
    ),
    sessions: size,
    checkpoints: size,
    packs: size,
    packBytes: size,
  }),
  ...givingBackSchemas,
  serve: z
    .strictObject({ v, port: size, link: text, tunnel: text.nullable() })
    .describe('A line for each link; each works once. The tunnel is needed where this machine has no screen.'),
  logs: z
    .strictObject({ v, atMs: ms.nullable(), level: z.enum(logLevels).nullable(), message: text })
    .describe('A line for each of the log; no time and level where it is none of ours.'),
  'service install': serviceStep,
  'service uninstall': serviceStep,
  'service start': serviceStep,
  'service stop': serviceStep,
  'service status': z.strictObject({
    v,
    manager: text,
    installed: z.boolean(),
    active: z.boolean().nullable(),
    file: text,
    running: identity.nullable(),
  }),
  gc: z.discriminatedUnion('kind', [
    z.strictObject({ ...gcHead, kind: z.literal('done'), report: gcReport }),
    z.strictObject({ ...gcHead, kind: z.literal('blocked'), problems: z.array(recordProblem) }),
    z.strictObject({ ...gcHead, kind: z.literal('stopped'), report: gcReport.nullable() }),
    z.strictObject({ ...gcHead, kind: z.literal('failed'), code: text, message: text, remedy: text }),
  ]),
} satisfies Readonly<Record<string, z.ZodType>>

export type JsonCommand = keyof typeof outputSchemas

/** As JSON Schema (draft 2020-12); further fields are allowed. */
export function jsonSchemaOf(name: string, schema: z.ZodType): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    },
  })
  return { $schema, title: `session-monitor ${name} --json`, ...rest }
}
