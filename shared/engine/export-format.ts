/**
 * A checkpoint as one `.tar.zst` that needs nothing of ours: plain files, and `SHA256SUMS` over all of them.
 *
 *   <session>-<seq>/README.txt         how to check and to use it by hand
 *   <session>-<seq>/BRIEF.md           the resume brief
 *   <session>-<seq>/files/…            the work tree, files of HEAD included where they could be had
 *   <session>-<seq>/as-in-git/…        what git keeps of files that could not be told as they lay there
 *   <session>-<seq>/staged/…           content that was only in the index
 *   <session>-<seq>/transcript/…       as Claude Code keeps it
 *   <session>-<seq>/odd-names/<n>      content whose name no archive can carry; `checkpoint.json` tells it
 *   <session>-<seq>/checkpoint.json    what there is, with hashes, modes and where it lies
 *   <session>-<seq>/SHA256SUMS         for `sha256sum -c`
 */
import { z } from 'zod'
import { streamNameSchema } from '../core/checkpoint.ts'
import { treePathSchema } from '../core/work-tree.ts'

const size = z.int().nonnegative()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const exportedFile = z.object({
  path: treePathSchema,
  kind: z.enum(['file', 'link']),
  mode: z.int().min(0).max(0o777),
  bytes: size,
  sha256,
  /** Name in the archive, below the top folder. */
  at: z.string(),
})

export const exportSchema = z.object({
  format: z.literal('session-monitor export 1'),
  record: z.object({
    session: z.string(),
    seq: z.int().positive(),
    at: z.number(),
    title: z.string(),
    cwd: z.string().nullable(),
    model: z.string().nullable(),
    why: z.string(),
    scores: z.record(z.string(), z.number()),
    counts: z.object({ messages: size, lines: size, compactions: size }),
    contextPercent: z.number().nullable(),
    lastActivity: z.number().nullable(),
    brief: z.string(),
  }),
  tree: z
    .object({
      root: z.string(),
      head: z.string().nullable(),
      branch: z.string().nullable(),
      state: z.string(),
      /** False: files that were as committed are missing, and the commit is needed for them. */
      complete: z.boolean(),
      files: z.array(exportedFile),
      staged: z.array(exportedFile),
      gone: z.array(z.string()),
      leftOut: z.array(z.object({ path: z.string(), reason: z.string() })),
    })
    .nullable(),
  streams: z.array(z.object({ name: streamNameSchema, bytes: size, sha256, at: z.string() })),
})
export type ExportManifest = z.infer<typeof exportSchema>
export type ExportedFile = z.infer<typeof exportedFile>

/** A line of SHA256SUMS; names with a line end or a backslash are written as `sha256sum` itself does. */
export function sumLine(hash: string, name: string): string {
  const odd = /[\n\r\\]/.test(name)
  const written = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `${odd ? '\\' : ''}${hash}  ${written}\n`
}

export function readmeOf(top: string): string {
  return [
    'A checkpoint of a Claude Code session, written by Active Session Monitor.',
    '',
    'To check it, without any tool of ours:',
    `  tar --zstd -xf <this file> && cd ${top} && sha256sum -c SHA256SUMS`,
    '',
    'files/       the work tree',
    'as-in-git/   what git keeps of files that lay there in another form: checkpoint.json says why',
    'staged/      content that was staged and not in the work tree',
    'transcript/  the conversation; copy it to ~/.claude/projects/<folder of the project>/ to resume it',
    'BRIEF.md     what was being done, and where to go on',
    '',
    'With Active Session Monitor: session-monitor import <this file>',
    '',
  ].join('\n')
}
