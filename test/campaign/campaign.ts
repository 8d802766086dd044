/** What a campaign is to `run.ts`: a long, seeded trial of one promise, that ends in counts. Types only. */
import type { ScratchHome } from '../support/scratch.ts'

export interface CampaignContext {
  /** Printed with the result; the same seed makes the same choices, though not the same timing. */
  readonly seed: number
  /** In (0, 1]: how much of a part's trials to run, for several shorter runs with seeds of their own. */
  readonly share: number
  /** A fresh scratch home, removed by the caller. */
  readonly home: () => ScratchHome
  readonly say: (message: string) => void
}

/** One part of a campaign, as a line of the results. */
export interface CampaignResult {
  readonly title: string
  /** Counts and figures in words. */
  readonly figures: string
  /** What was not as promised, in words; empty when all was. */
  readonly failures: readonly string[]
}

export interface Campaign {
  /** One line for the list. */
  readonly summary: string
  /** Each part by its name, in the order in which they run. */
  readonly parts: Readonly<Record<string, (context: CampaignContext) => Promise<readonly CampaignResult[]>>>
}
