/** The promises of lock and coordinator under load: hammers of real processes, racing monitors, every interleaving. */
import path from 'node:path'
import { bundleScripts } from '../bench/bundle.ts'
import { type HammerOptions, type HammerResult, runHammer } from '../support/lock-hammer.ts'
import { explore, type ModelOptions } from '../support/lock-model.ts'
import { raceMonitors } from '../support/monitor-race.ts'
import type { Campaign, CampaignContext, CampaignResult } from './campaign.ts'

const minute = 60_000

type HammerPart = Pick<HammerOptions, 'kind'> & Partial<HammerOptions>

async function hammer(
  { seed, home }: CampaignContext,
  title: string,
  part: HammerPart,
  alsoPromised: (result: HammerResult) => readonly (readonly [string, boolean])[],
): Promise<readonly CampaignResult[]> {
  const { dataDir: folder, env } = home()
  const script = await buildRacer(path.join(folder, 'scripts'))
  const options = { folder, env, seed, script, processes: 32, durationMs: minute, killEveryMs: 200, ...part }
  const result = await runHammer(options)
  const promises = [
    ['two holders at once', result.overlaps > 0],
    ['a late write', result.lateWrites > 0],
    ['racers that did not end', result.stuck > 0],
    ...alsoPromised(result),
  ] as const
  return [{ title, figures: words(result), failures: promises.flatMap(([what, broken]) => (broken ? [what] : [])) }]
}

/** Built, because hundreds of racers are started and sources take long to load. */
async function buildRacer(folder: string): Promise<string> {
  const entries = { racer: 'test/support/lock-hammer-child.ts' }
  return (await bundleScripts(entries, folder, new AbortController().signal)).racer
}

const fewKills = ({ kills }: HammerResult) => ['fewer than 200 kills', kills < 200] as const
/** A waiter tries every 20 to 50 ms; what is more than that is the machine's. */
const lostWakeUp = ({ longestFreeMs }: HammerResult) => {
  return ['free for a second while somebody waited', longestFreeMs > 1_000] as const
}

function words(result: HammerResult): string {
  const round = (value: number) => Math.round(value).toLocaleString('en-GB')
  const { waitMs, deadMs } = result
  const legacy =
    result.legacyOverlaps > 0
      ? ` (${result.legacyOverlaps} among the older monitors themselves, and ${result.legacyCaused} of ours with one whose lock another older one had removed)`
      : ''
  return [
    `${round(result.acquisitions)} acquisitions (${round(result.perSecond)}/s), ${result.kills} kills, ${result.stops} stops`,
    `${result.overlaps} overlaps${legacy}, ${result.stuck} stuck, ${result.refused} refused, ${result.lateWrites} late writes among ${result.records} records`,
    `wait ${round(waitMs.p50)} / ${round(waitMs.p99)} / ${round(waitMs.max)} ms (p50, p99, max), longest hold ${round(result.longestHoldMs)} ms`,
    `free while waited for at most ${round(result.longestFreeMs)} ms, after a killed holder ${round(deadMs.p50)} / ${round(deadMs.max)} ms (p50, max)`,
  ].join('; ')
}

async function monitors({ home, say }: CampaignContext): Promise<readonly CampaignResult[]> {
  const scratch = home()
  const rounds = await raceMonitors({
    home: scratch,
    monitors: 16,
    sessions: 200,
    rounds: 20,
    onRound: round => say(JSON.stringify(round)),
  })
  const sum = (of: (round: (typeof rounds)[number]) => number) => rounds.reduce((all, round) => all + of(round), 0)
  const exact = rounds.filter(round => round.created === 200 && round.records === 200).length
  const figures = `${exact} of ${rounds.length} rounds with exactly 200 checkpoints; ${sum(r => r.tooLate)} were found done by another; ${sum(r => r.racing)} of ${rounds.length * 16} cycles raced`
  const failures = [
    ...(exact === rounds.length ? [] : ['not exactly 200 in every round']),
    ...(sum(r => r.failed) === 0 ? [] : ['failed checkpoints']),
    ...(sum(r => r.racing) > rounds.length ? [] : ['nobody raced']),
  ]
  return [{ title: '16 monitors over 200 due sessions', figures, failures }]
}

const models: readonly ModelOptions[] = [
  { processes: 2, comebacks: 2, silences: 2, sweep: true },
  { processes: 3, comebacks: 1, silences: 0, sweep: true },
  { processes: 3, comebacks: 0, silences: 1, sweep: true },
]

async function model(): Promise<readonly CampaignResult[]> {
  return models.map(options => {
    const { states, violation, stuck } = explore(options)
    const title = `every interleaving of ${options.processes} processes, ${options.comebacks} comebacks, ${options.silences} taken for silent`
    const failures = [...(violation ? [violation.what] : []), ...(stuck > 0 ? [`${stuck} states without an end`] : [])]
    return { title, figures: `${states.toLocaleString('en-GB')} states`, failures }
  })
}

export const lock: Campaign = {
  summary: 'the lock and the coordinator: hammers with kills and stops, racing monitors, the model',
  parts: {
    model,
    kills: context =>
      hammer(context, '32 processes, random kills', { kind: 'ticket' }, r => [fewKills(r), lostWakeUp(r)]),
    holders: context =>
      hammer(context, '32 processes, only holders killed', { kind: 'ticket', holderShare: 1, holdMs: 30 }, r => [
        fewKills(r),
        lostWakeUp(r),
      ]),
    stops: context =>
      hammer(
        context,
        '32 processes, holders stopped for longer than they may be silent',
        {
          kind: 'ticket',
          killEveryMs: null,
          stop: { everyMs: 300, forMs: 3_000 },
          silentMs: 1_500,
          heartbeatMs: 150,
        },
        ({ refused }) => [['no stopped holder was followed', refused === 0]],
      ),
    clock: context =>
      hammer(context, '32 processes, wall clocks that jump by up to a day', { kind: 'ticket', clockJumps: true }, r => [
        fewKills(r),
        lostWakeUp(r),
      ]),
    legacy: context =>
      hammer(context, '24 processes beside 8 older monitors', { kind: 'beside-legacy', legacy: 8 }, r => [fewKills(r)]),
    monitors,
  },
}
