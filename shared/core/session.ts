/**
 * What is known about one Claude Code session: values only.
 *
 * A session is its id (a UUID) and nothing else: its file moves, its pid changes, its cwd changes.
 * Everything here is JSON, so that it can cross any wire and lie in any cache.
 */

/** Lower-case UUID, as in the name of the transcript file. */
export type SessionId = string

/** `null` unless `value` is a session id; upper case is folded. */
export function parseSessionId(value: unknown): SessionId | null {
  if (typeof value !== 'string') return null
  const id = value.toLowerCase()
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : null
}

/**
 * One append-only or whole file that belongs to a session's transcript.
 *
 * `name` is relative to the project folder of the root with the session id taken out:
 * `main` for `<id>.jsonl`, else the path below `<id>/`, such as `subagents/agent-1f.jsonl`
 * or `tool-results/b5h.txt`; a legacy `agent-*.jsonl` beside it is `legacy/agent-….jsonl`.
 */
export interface TranscriptStream {
  readonly name: string
  /** Absolute path of the file at the last look. */
  readonly path: string
  /** Bytes that count: up to and with the last line end of a `.jsonl`, the whole size of any other file. */
  readonly completeBytes: number
  /** Size of the file at the last look, in bytes. `completeBytes` to here is a torn last line. */
  readonly sizeBytes: number
  /** Last modification, epoch ms. */
  readonly modifiedMs: number
}

/** Names that may become part of a path below the store's or a restore's target: no empty part, no dots-only part, no separator but '/'. */
export const streamNamePattern = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*){0,8}$/
/** Characters of a stream's name. */
export const longestStreamName = 400

export function isStreamName(name: string): boolean {
  return name.length <= longestStreamName && streamNamePattern.test(name)
}

/** A file that a tool of this session changed with success. */
export interface ChangedFile {
  /** As the transcript names it: absolute in every version seen. */
  readonly path: string
  /** When the last successful change was recorded, epoch ms. */
  readonly atMs: number
  /** The stream whose record says so, and the byte after that record: what lies beyond a checkpoint's position is new. */
  readonly stream: string
  readonly endByte: number
  /** Successful changes so far. At least 1. */
  readonly changes: number
}

/** A prompt that a human typed (not a tool result, a command's echo, a summary or a notification). */
export interface HumanPrompt {
  /** At most 2,000 characters. */
  readonly text: string
  readonly atMs: number | null
}

export interface TodoItem {
  readonly text: string
  readonly status: 'pending' | 'in_progress' | 'completed'
}

/** Size of the model's context after the last reply; see facts on `context` in ARCHITECTURE. */
export interface ContextFill {
  readonly tokens: number
  /** The model's window in tokens. Greater than 0. */
  readonly windowTokens: number
  /** 100 × tokens ÷ window, rounded; may exceed 100. */
  readonly percent: number
}

/** How far a session's context is from the point where Claude Code compacts by itself: it may, but it need not. */
export interface CompactionOutlook {
  /** Context at which it would begin, before a turn, in tokens. */
  readonly atTokens: number
  /** Tokens until then; 0 when that point is passed. */
  readonly leftTokens: number
  /** 100 × tokens left ÷ tokens at that point, rounded; 0–100. */
  readonly leftPercent: number
  /** Turns until then if they go on adding what the last ones added on average; null while that cannot be told. */
  readonly turnsLeft: number | null
}

/** Counts over the main stream and all sub-agent streams, unless said otherwise. */
export interface SessionCounts {
  /** Human prompts plus distinct API replies of the main thread (one reply is several lines). */
  readonly messages: number
  readonly prompts: number
  readonly replies: number
  readonly toolCalls: number
  readonly compactions: number
  /** Complete lines read. */
  readonly lines: number
  /** Complete lines that are not JSON objects. */
  readonly damagedLines: number
  /** Lines over the length limit, skipped unread. */
  readonly overlongLines: number
}

/** Everything the transcript says about a session. */
export interface SessionFacts {
  readonly sessionId: SessionId
  /** Last custom title, else last AI title, else first human prompt (one line, at most 200 characters), else ''. */
  readonly title: string
  readonly titleSource: 'custom' | 'ai' | 'prompt' | 'none'
  readonly model: string | null
  /** Branch as last recorded by Claude Code: a cached value, may lag behind git. */
  readonly branch: string | null
  /** Where the conversation began, and where it is now. Null if no record names a cwd. */
  readonly firstCwd: string | null
  readonly cwd: string | null
  /** Claude Code's version in the last record that has one. */
  readonly version: string | null
  readonly entrypoint: string | null
  readonly counts: SessionCounts
  /** First and last record timestamp of any stream, epoch ms. */
  readonly firstActivityMs: number | null
  readonly lastActivityMs: number | null
  /** How many there are of `filesChanged`, which may have to be read from a disk. */
  readonly changedFiles: number
  /** Newest change last. */
  readonly filesChanged: readonly ChangedFile[]
  readonly context: ContextFill | null
  /** Null where there is no context. */
  readonly compaction: CompactionOutlook | null
  /** Last prompts, oldest first; at most 5. */
  readonly lastPrompts: readonly HumanPrompt[]
  /** Last Bash commands, oldest first; at most 10, each at most 300 characters. */
  readonly lastCommands: readonly string[]
  /** Last text that the model wrote in the main thread, at most 2,000 characters. */
  readonly lastReply: string | null
  /** Open and done items, if the session used a todo or task tool; else empty. */
  readonly todos: readonly TodoItem[]
  /** Session this one was forked from, if its records say so. */
  readonly forkedFrom: SessionId | null
}

/** What every list shows: facts without the lists that only a closer look needs. */
export type BriefFacts = Omit<SessionFacts, 'filesChanged' | 'lastPrompts' | 'lastCommands' | 'lastReply' | 'todos'>

/**
 * `unknown`: this Claude Code is older than the live registry, or its process belongs to another machine
 * or container, so nobody can tell. `ended-abruptly`: its process died without saying goodbye.
 */
export type LiveStatus = 'busy' | 'waiting' | 'idle' | 'shell' | 'ended' | 'ended-abruptly' | 'unknown'

export interface LiveState {
  readonly status: LiveStatus
  /** What a `waiting` session waits for, in Claude Code's words. */
  readonly waitingFor: string | null
  readonly pid: number | null
  /** When the status was last changed, epoch ms, if the registry says. */
  readonly sinceMs: number | null
  /** Why the status is not certain, in words; null if it is. */
  readonly note: string | null
}

/** True for a status that means a process holds the session open. */
export function isLive(live: LiveState): boolean {
  return live.status === 'busy' || live.status === 'waiting' || live.status === 'idle' || live.status === 'shell'
}

/** The git top level of the session's cwd, or the cwd itself. Two sessions may share one. */
export interface ProjectRef {
  /** Absolute path. */
  readonly root: string
  /** Last folder name, for display. */
  readonly name: string
  readonly kind: 'git' | 'folder' | 'missing'
}

/** A session as the detector hands it on. */
export interface DetectedSession {
  readonly facts: SessionFacts
  readonly streams: readonly TranscriptStream[]
  readonly live: LiveState
  readonly project: ProjectRef | null
  /** What went wrong while reading it, in words; empty when all is well. */
  readonly problems: readonly string[]
  /** Only head and tail of its file were read so far: to be shown, not to be decided by. Absent otherwise. */
  readonly partial?: true
}
