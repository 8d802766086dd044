/** The shape of what `rescue`, `diff`, `restore`, `undo`, `export` and `import` print with `--json`. See `json-schemas.ts`. */
import { z } from 'zod'
import { fileChanges } from '../shared/core/checkpoint-diff.ts'
import { rescueKinds } from '../shared/core/rescue.ts'
import { restoreActions, restoreRefusalCodes } from '../shared/core/restore.ts'

const v = z.literal(1)
const ms = z.number().describe('Epoch milliseconds.')
const text = z.string()
const size = z.int().nonnegative()
const amount = z.strictObject({ files: size, bytes: size })
const leftOut = z.array(z.strictObject({ path: text, reason: text }))
const nextStep = z.strictObject({ command: text, words: text })
const prompt = z.strictObject({ text, atMs: ms.nullable() })
const pageOf = <T extends z.ZodType>(items: T) => z.strictObject({ offset: size, total: size, items: z.array(items) })

const refusal = z
  .strictObject({ v, ok: z.literal(false), code: z.enum(restoreRefusalCodes), message: text, remedy: text })
  .describe('Nothing was done; why, and what to do.')

const rescueCase = z.strictObject({
  sessionId: text,
  kind: z.enum(rescueKinds),
  title: text,
  root: text.nullable(),
  branch: text.nullable(),
  lastActivityMs: ms.nullable(),
  why: text,
  checkpoint: text.nullable(),
  checkpointAtMs: ms.nullable(),
  lastPrompt: text.nullable(),
  openTodos: z.array(z.strictObject({ text, status: z.enum(['pending', 'in_progress', 'completed']) })),
  uncommitted: amount,
  unsaved: z.strictObject({ messages: size, files: size }),
  brief: text.nullable(),
  next: z.array(nextStep),
})

const fileVersion = z
  .strictObject({
    kind: z.enum(['file', 'link']),
    bytes: size.nullable(),
    mode: size.describe('Permission bits.'),
    sha256: text.nullable(),
  })
  .nullable()

const fileDiff = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('text'),
    path: text,
    before: fileVersion,
    after: fileVersion,
    hunks: z.array(
      z.strictObject({
        beforeStart: size,
        beforeLines: size,
        afterStart: size,
        afterLines: size,
        lines: z.array(text),
      }),
    ),
    cut: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('opaque'), path: text, before: fileVersion, after: fileVersion, why: text }),
])

const transcriptDifference = z.strictObject({
  kind: z.enum(['same', 'grew', 'rewritten', 'gone']),
  addedBytes: z.int(),
  prompts: size,
  replies: size,
  toolCalls: size,
  lastPrompts: z.array(prompt),
})

const checkpointDiff = z.strictObject({
  from: text,
  to: text.describe('<session>/<number>, or now'),
  fromAtMs: ms,
  toAtMs: ms,
  root: text.nullable(),
  counts: z.record(z.enum(fileChanges), size),
  files: pageOf(z.strictObject({ path: text, change: z.enum(fileChanges), before: fileVersion, after: fileVersion })),
  notes: z.array(text),
  transcript: transcriptDifference.nullable(),
})

const transcriptPlan = z.strictObject({
  action: z.enum(['create', 'extend', 'same', 'fork']),
  sessionId: text,
  file: text,
  why: text,
  writes: amount,
  left: leftOut,
  next: nextStep,
})

const plan = z.strictObject({
  planId: text,
  request: z.strictObject({
    checkpoint: text,
    selection: z.strictObject({
      what: z.enum(['whole', 'files', 'transcript', 'paths']),
      paths: z.array(text).optional(),
    }),
    target: z.strictObject({ kind: z.literal('in-place') }),
    rules: z.strictObject({ conflicts: z.enum(['keep', 'replace']), deleted: z.enum(['restore', 'keep']) }),
  }),
  plannedAtMs: ms,
  takenAtMs: ms,
  root: text.nullable(),
  counts: z.record(z.enum(restoreActions), size),
  writes: amount,
  keeps: amount,
  entries: z.array(
    z.strictObject({
      path: text,
      action: z.enum(restoreActions),
      kind: z.enum(['file', 'link']),
      willWrite: z.boolean(),
      bytes: size.nullable(),
      currentBytes: size.nullable(),
      note: text.nullable(),
    }),
  ),
  leftOut,
  leftOutMore: size,
  transcript: transcriptPlan.nullable(),
  atWork: z.array(z.strictObject({ sessionId: text, title: text, status: text })),
  warnings: z.array(text),
})

const done = z.strictObject({
  v,
  ok: z.literal(true),
  kind: z.enum(['complete', 'incomplete']),
  restoreId: text.nullable(),
  safety: text.nullable(),
  folder: text.nullable(),
  written: amount,
  kept: size,
  failures: leftOut,
  failuresMore: size,
  transcript: transcriptPlan.nullable(),
  next: z.array(nextStep),
})

const beside = z.union([
  z.strictObject({ v, ok: z.literal(true), report: z.looseObject({ v, state: text, checkpoint: text, folder: text }) }),
  refusal.extend({ findings: z.array(z.looseObject({ message: text })) }),
])

const journal = z.strictObject({
  restoreId: text,
  startedAtMs: ms,
  kind: z.enum(['restore', 'undo']),
  checkpoint: text,
  title: text,
  root: text.nullable(),
  state: z.enum(['unfinished', 'complete', 'undone']),
  written: amount,
  keptBytes: size,
  safety: text.nullable(),
  canResume: z.boolean(),
  canUndo: z.boolean(),
  keptUntilMs: ms.nullable(),
})

export const givingBackSchemas = {
  rescue: z.strictObject({ v, atMs: ms, cases: z.array(rescueCase), more: size }),
  diff: z.union([
    z.strictObject({ v, ok: z.literal(true), diff: checkpointDiff, files: z.array(fileDiff) }),
    z.strictObject({
      v,
      ok: z.literal(false),
      code: z.enum(['unknown', 'damaged', 'permission', 'io-error']),
      message: text,
      remedy: text,
    }),
  ]),
  restore: z.union([
    z.strictObject({ v, ok: z.literal(true), plan }).describe('Without --yes: what would be done.'),
    done.describe('With --in-place --yes.'),
    beside.describe('With --to; the report is also in RESTORED.json there.'),
    refusal,
  ]),
  undo: z.union([
    z.strictObject({ v, restores: z.array(journal) }).describe('Without an id: what there is.'),
    done,
    refusal,
  ]),
  export: z.union([
    z.strictObject({ v, ok: z.literal(true), file: text, bytes: size, files: size, notes: z.array(text) }),
    refusal,
  ]),
  import: z.union([
    z.strictObject({ v, ok: z.literal(true), checkpoint: text, title: text, files: size, notes: z.array(text) }),
    refusal,
  ]),
} as const satisfies Readonly<Record<string, z.ZodType>>
