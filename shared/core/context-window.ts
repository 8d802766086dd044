/**
 * How large a model's context window is, how full it is, and where Claude Code will compact it.
 *
 * Pure. Only the status line's input states the window; from a transcript it follows from the model's name. Plan
 * rules and CLAUDE_CODE_DISABLE_1M_CONTEXT can hold a model of a million tokens to 200,000 and leave no trace.
 */
import type { CompactionOutlook, ContextFill } from './session.ts'

const large = 1_000_000
const standard = 200_000

/** As Claude Code 2.1.330 reports them. */
const knownWindows: ReadonlyMap<string, number> = new Map([
  ['claude-opus-5-5', large],
  ['claude-opus-5', large],
  ['claude-opus-4-8', large],
  ['claude-opus-4-7', large],
  ['claude-sonnet-5-5', large],
  ['claude-sonnet-5', large],
  ['claude-haiku-5-5', large],
  ['claude-fable-5-2', large],
  ['claude-opus-4-6', standard],
  ['claude-sonnet-4-6', standard],
  ['claude-opus-4-5', standard],
  ['claude-sonnet-4-5', standard],
  ['claude-haiku-4-5', standard],
  ['claude-3-5-haiku', standard],
])

/**
 * The window in tokens, best source first: the suffix `[1m]`, the table, then 200,000; but a context that was
 * really reached proves a window of a million, whatever the name says.
 *
 * @param model Of the last reply.
 * @param requestedModel As last asked for.
 * @param largestTokens Largest context that this model was seen with; 0 if none.
 */
export function windowTokensOf(model: string | null, requestedModel: string | null, largestTokens: number): number {
  if (isLargeVariant(requestedModel) || isLargeVariant(model) || largestTokens > standard) return large
  return knownWindow(model) ?? knownWindow(requestedModel) ?? standard
}

/** @param windowTokens Greater than 0. */
export function contextFill(tokens: number, windowTokens: number): ContextFill {
  return { tokens, windowTokens, percent: Math.round((100 * tokens) / windowTokens) }
}

/** Kept free for the summary of a compaction. */
const reservedTokens = 20_000

/** The context at which Claude Code compacts by itself, in tokens: it may, but it need not. */
export interface CompactionPoint {
  /** Before a turn. */
  readonly turnTokens: number
  /** Between two tool calls of a turn. */
  readonly loopTokens: number
}

/** 967,000 and 977,000 of a million; settings and environment of the session's process can lower both. */
export function compactionPoint(windowTokens: number): CompactionPoint {
  const effective = windowTokens - reservedTokens
  return { turnTokens: effective - 13_000, loopTokens: effective - 3_000 }
}

/** A guess beyond this says no more than "many". */
const mostTurns = 1_000

/**
 * @param turnStarts Contexts, in tokens, with which the last turns began, oldest first, all since the last compaction.
 */
export function compactionOutlook(fill: ContextFill, turnStarts: readonly number[]): CompactionOutlook {
  const { turnTokens: atTokens } = compactionPoint(fill.windowTokens)
  const leftTokens = Math.max(0, atTokens - fill.tokens)
  const leftPercent = Math.round((100 * leftTokens) / atTokens)
  return { atTokens, leftTokens, leftPercent, turnsLeft: turnsUntil(leftTokens, fill.tokens, turnStarts) }
}

function turnsUntil(leftTokens: number, tokens: number, turnStarts: readonly number[]): number | null {
  if (leftTokens === 0) return 0
  // One that has only just begun has added nothing yet.
  const turns = turnStarts.at(-1) === tokens ? turnStarts.length - 1 : turnStarts.length
  const perTurn = (tokens - (turnStarts[0] ?? tokens)) / turns
  return perTurn > 0 ? Math.min(mostTurns, Math.floor(leftTokens / perTurn)) : null
}

function isLargeVariant(model: string | null): boolean {
  return model?.toLowerCase().endsWith('[1m]') ?? false
}

/** Clouds wrap the name: `us.anthropic.claude-opus-4-5-20251101-v1:0`, `claude-opus-4-5@20251101`. */
function knownWindow(model: string | null): number | null {
  const name = /claude-[a-z0-9-]*/.exec(model?.toLowerCase() ?? '')?.[0] ?? ''
  const plain = name.replace(/-(?:20\d{6})(?:-v\d+)?$/, '').replace(/-(?:v\d+|latest)$/, '')
  return knownWindows.get(plain) ?? null
}
