/** Checks of requests about what was saved. Pure. */
import { z } from 'zod'
import { checkpointId, parseCheckpointId } from './checkpoint-id.ts'
import { mostPerPage } from './page.ts'
import { restoreActions } from './restore.ts'
import type { RestoreCalls } from './restore-calls.ts'

const checkpoint = z.string().transform((text, context) => {
  const id = parseCheckpointId(text)
  if (id !== null) return checkpointId(id.sessionId, id.seq)
  context.addIssue({ code: 'custom', message: 'not the id of a checkpoint' })
  return z.NEVER
})
const place = z.string().min(1).max(8_192)
/** A POSIX path, a drive with a folder, or a share. */
const absolute = place.regex(/^(?:\/|[A-Za-z]:[\\/]|\\\\)[^\0]*$/, 'not an absolute path')
const page = { offset: z.int().nonnegative(), limit: z.int().min(1).max(mostPerPage) }
const restoreId = z.string().regex(/^[0-9a-f]{16,64}$/, 'not the id of a restore')
const planId = z.string().regex(/^[0-9a-f]{64}$/, 'not the id of a plan')
const conflicts = z.enum(['keep', 'replace'])
const request = {
  checkpoint,
  selection: z.union([
    z.strictObject({ what: z.enum(['whole', 'files', 'transcript']) }),
    z.strictObject({ what: z.literal('paths'), paths: z.array(place).min(1).max(1_000) }),
  ]),
  target: z.union([
    z.strictObject({ kind: z.literal('in-place') }),
    z.strictObject({ kind: z.literal('side'), folder: absolute }),
  ]),
  rules: z.strictObject({ conflicts, deleted: z.enum(['restore', 'keep']) }),
}
const to = z.union([z.literal('now'), checkpoint])
const nothing = z.strictObject({})

export const restoreRequestSchemas = {
  planRestore: z.strictObject(request),
  planEntries: z.strictObject({ ...page, planId, actions: z.array(z.enum(restoreActions)).max(10).nullable() }),
  applyRestore: z.strictObject({ ...request, planId: planId.nullable() }),
  resumeRestore: z.strictObject({ restoreId }),
  undoRestore: z.strictObject({ restoreId, conflicts }),
  cancelRestore: nothing,
  listRestores: nothing,
  diffCheckpoint: z.strictObject({ ...page, from: checkpoint, to }),
  diffFile: z.strictObject({ from: checkpoint, to, path: place }),
  showCheckpoint: z.strictObject({ ...page, checkpoint }),
  listRescue: nothing,
  exportCheckpoint: z.strictObject({ checkpoint, to: absolute }),
} satisfies { readonly [K in keyof RestoreCalls]: z.ZodType<Parameters<RestoreCalls[K]>[0]> }
