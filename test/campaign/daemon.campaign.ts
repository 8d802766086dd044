/** The promises of the monitor that runs: half an hour of 500 changing sessions, compressed, and nothing grows. */

import type { Campaign, CampaignContext, CampaignResult } from './campaign.ts'
import { drift, leftZombies, soak as runSoak } from './daemon/soak.ts'

const allowedDrift = 0.1

async function soak({ seed, home, say }: CampaignContext): Promise<readonly CampaignResult[]> {
  const { changes, samples, exitCode } = await runSoak({
    home: home(),
    seed,
    sessions: 500,
    repositories: 10,
    speed: 10,
    minutes: 30,
    say,
  })
  const last = samples.at(-1)
  const most = (what: 'files' | 'connections') => Math.max(0, ...samples.map(one => one[what]))
  const left = leftZombies(samples)
  const ended = new Set(samples.flatMap(one => one.zombies)).size
  const [rss, heap] = [drift(samples, 'rss'), drift(samples, 'heap')]
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const megabytes = (bytes = 0) => `${Math.round(bytes / 1e6)} MB`
  const figures = [
    `${changes.toLocaleString('en-GB')} changes, ${last?.cycles ?? 0} checks, ${last?.checkpoints ?? 0} checkpoints, ${last?.visits ?? 0} visits by a command and a page`,
    `resident ${megabytes(samples[0]?.rss)} to ${megabytes(last?.rss)} (${percent(rss)}), heap ${megabytes(samples[0]?.heap)} to ${megabytes(last?.heap)} (${percent(heap)})`,
    `open files ${samples[0]?.files} to ${last?.files} (at most ${most('files')}), handles ${samples[0]?.handles} to ${last?.handles}, at most ${most('connections')} connections; ${ended} children seen between their end and being waited for, ${left.length} of them twice in a row`,
  ].join('; ')
  const promises = [
    ['it did not last', samples.length < 10 || exitCode !== 0],
    ['resident memory is not flat', Math.abs(rss) > allowedDrift],
    ['the heap is not flat', Math.abs(heap) > allowedDrift],
    ['open files grew', drift(samples, 'files') > allowedDrift],
    ['handles grew', drift(samples, 'handles') > allowedDrift],
    ['zombies stayed', left.length > 0],
  ] as const
  return [
    {
      title: '30 minutes of 500 changing sessions at 10 times the speed, the last 20 of them measured',
      figures,
      failures: promises.flatMap(([what, broken]) => (broken ? [what] : [])),
    },
  ]
}

export const daemon: Campaign = { summary: 'the monitor that runs: soak', parts: { soak } }
