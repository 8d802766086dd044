/** How a session's score and context went over time: samples, bounded by thinning out the older ones. Pure. */
import { factorNames, type PerFactor, type SessionScore } from './scoring.ts'

export interface ScoreSample {
  /** Epoch ms. */
  readonly atMs: number
  readonly total: number
  /** Each factor's score, value ÷ threshold, as it was by the policy of that moment. */
  readonly scores: PerFactor
  /** Null where it was not known. */
  readonly contextTokens: number | null
  readonly contextPercent: number | null
}

export interface SessionHistory {
  /** Oldest first; at most {@link mostSamples}. */
  readonly samples: readonly ScoreSample[]
}

export const mostSamples = 400
/** Nearer in time than this, a sample must differ to be kept. */
const quietMs = 600_000

export function sampleOf(
  score: SessionScore,
  context: { readonly tokens: number | null; readonly percent: number | null },
  atMs: number,
): ScoreSample {
  const round = (value: number) => Math.round(value * 1_000) / 1_000
  const scores = Object.fromEntries(factorNames.map(name => [name, round(score.factors[name].score)]))
  return {
    atMs: Math.trunc(atMs),
    total: round(score.total),
    scores: scores as unknown as PerFactor,
    contextTokens: context.tokens,
    contextPercent: context.percent === null ? null : round(context.percent),
  }
}

/**
 * The samples with one more; the same list if it says nothing new.
 *
 * A clock that was set back gives samples out of order; they are dropped, so that a curve never runs backwards.
 */
export function withSample(samples: readonly ScoreSample[], sample: ScoreSample): readonly ScoreSample[] {
  const last = samples.at(-1)
  if (last !== undefined && sample.atMs <= last.atMs) return samples
  if (last !== undefined && sample.atMs - last.atMs < quietMs && saysTheSame(last, sample)) return samples
  const all = [...samples, sample]
  return all.length <= mostSamples ? all : thinned(all)
}

function saysTheSame(a: ScoreSample, b: ScoreSample): boolean {
  return Math.abs(a.total - b.total) < 0.01 && a.contextTokens === b.contextTokens
}

/** Every second one of the older half goes. */
function thinned(samples: readonly ScoreSample[]): readonly ScoreSample[] {
  const half = Math.floor(samples.length / 2)
  return samples.filter((_, index) => index >= half || index % 2 === 0)
}
