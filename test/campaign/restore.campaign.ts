/** The promises of a restore in place: thousands of histories in memory, and real processes that are killed. */
import { runHistory } from '../support/restore-world.ts'
import type { Campaign, CampaignContext, CampaignResult } from './campaign.ts'
import { killRestores } from './restore/kills.ts'

const histories = 2_000
const stepsEach = 12

async function inMemory({ seed, say }: CampaignContext): Promise<readonly CampaignResult[]> {
  const sums = new Map<string, number>()
  const failures: string[] = []
  for (let n = 0; n < histories; n++) {
    const result = await runHistory(seed * 1_000_000 + n, stepsEach)
    for (const [what, count] of Object.entries(result.counts)) sums.set(what, (sums.get(what) ?? 0) + count)
    failures.push(...result.failures.slice(0, 2).map(failure => `history ${seed * 1_000_000 + n}: ${failure}`))
    if (n % 200 === 199) say(`${n + 1} of ${histories} histories, ${failures.length} failures`)
  }
  const figures = [...sums].map(([what, count]) => `${count.toLocaleString('en-GB')} ${words[what] ?? what}`).join(', ')
  return [{ title: `${histories.toLocaleString('en-GB')} histories over a model of the tree`, figures, failures }]
}

const words: Readonly<Record<string, string>> = { powerCuts: 'power cuts' }

export const restore: Campaign = {
  summary: 'giving back in place: histories with crashes and power cuts, kills of real restores',
  parts: { histories: inMemory, kills: killRestores },
}
