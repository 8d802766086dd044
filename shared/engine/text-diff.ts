/** Two contents of one file compared line by line, as far as they are text and not too large to look at. Pure. */
import { isUtf8 } from 'node:buffer'
import { structuredPatch } from 'diff'
import type { DiffHunk, FileDiff, FileVersion } from '../core/checkpoint-diff.ts'
import { clip } from '../core/json-value.ts'

export interface DiffContent {
  readonly version: FileVersion
  readonly content: Buffer
}

/** Of one side, bytes. */
const mostBytes = 1_048_576
/** Of what is shown: characters in all, and of one line. */
const mostCharacters = 400_000
const longestLine = 2_000
const contextLines = 3
/** A diff that takes longer is given up, ms. */
const timeoutMs = 2_000

/** Null stands for a side on which the file is not there. */
export function diffContents(path: string, before: DiffContent | null, after: DiffContent | null): FileDiff {
  const versions = { path, before: before?.version ?? null, after: after?.version ?? null }
  const why = whyOpaque(before) ?? whyOpaque(after)
  if (why !== null) return { kind: 'opaque', ...versions, why }
  const [old, now] = [textOf(before), textOf(after)]
  if (old === now)
    return { kind: 'opaque', ...versions, why: 'The content is the same; its kind or permissions differ.' }
  const patch = structuredPatch(path, path, old, now, undefined, undefined, {
    context: contextLines,
    timeout: timeoutMs,
  })
  if (patch === undefined) return { kind: 'opaque', ...versions, why: 'They differ too much to compare line by line.' }
  return { kind: 'text', ...versions, ...fitted(patch.hunks) }
}

function textOf(side: DiffContent | null): string {
  return side?.content.toString('utf8') ?? ''
}

function whyOpaque(side: DiffContent | null): string | null {
  if (side === null) return null
  if (side.content.byteLength > mostBytes) return 'It is too large to compare line by line.'
  return side.content.includes(0) || !isUtf8(side.content) ? 'It is no text.' : null
}

interface Patch {
  readonly oldStart: number
  readonly oldLines: number
  readonly newStart: number
  readonly newLines: number
  readonly lines: readonly string[]
}

function fitted(hunks: readonly Patch[]): { readonly hunks: readonly DiffHunk[]; readonly cut: boolean } {
  const shown: DiffHunk[] = []
  let [room, cut] = [mostCharacters, false]
  for (const { oldStart, oldLines, newStart, newLines, lines } of hunks) {
    const kept: string[] = []
    for (const line of lines) {
      const short = clip(line, longestLine)
      cut ||= short.length < line.length || room < short.length
      if (room < short.length) break
      room -= short.length
      kept.push(short)
    }
    if (kept.length === 0) break
    shown.push({
      beforeStart: oldStart,
      beforeLines: oldLines,
      afterStart: newStart,
      afterLines: newLines,
      lines: kept,
    })
  }
  return { hunks: shown, cut }
}
