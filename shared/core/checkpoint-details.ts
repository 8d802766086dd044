/** Everything that one checkpoint says about itself, for a screen. JSON values only. */
import type { CheckpointSummary } from './checkpoint.ts'
import type { Page } from './page.ts'
import type { RestoreLeftOut } from './restore.ts'
import type { SessionId } from './session.ts'

export interface SavedFile {
  /** Below the project's root, '/' between the parts. */
  readonly path: string
  readonly kind: 'file' | 'link'
  readonly bytes: number
  /** Permission bits. */
  readonly mode: number
  /** git's two status letters, `??` for untracked. */
  readonly status: string
  /** It kept changing while it was read: the bytes may mix two versions. */
  readonly torn: boolean
}

export interface CheckpointDetails {
  readonly summary: CheckpointSummary
  readonly sessionId: SessionId
  readonly title: string
  readonly cwd: string | null
  readonly model: string | null
  readonly contextPercent: number | null
  readonly scores: Readonly<Record<string, number>>
  /** Project folder; null if no work tree was saved. */
  readonly root: string | null
  readonly head: string | null
  readonly branch: string | null
  /** `clean`, or what was going on: merge, rebase and so on. */
  readonly state: string | null
  /** Whether unpushed commits are in the store: see `TreeRecord`. */
  readonly base: string | null
  /** Files of the transcript, main first. */
  readonly streams: readonly { readonly name: string; readonly bytes: number }[]
  /** Changed against HEAD, untracked, or all if there was no HEAD; by path. */
  readonly files: Page<SavedFile>
  /** Tracked, but deleted at that moment. At most 100. */
  readonly gone: readonly string[]
  readonly goneMore: number
  /** At most 100. */
  readonly leftOut: readonly RestoreLeftOut[]
  readonly leftOutMore: number
  /** Markdown, at most 8,000 characters. */
  readonly brief: string
  /** Why the list of files cannot be shown; null if it can. */
  readonly problem: string | null
}
