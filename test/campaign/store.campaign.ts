/** The promises of the checkpoint store under kills, power cuts, failing disks, damage, and a user who goes on working. */
import path from 'node:path'
import { bundleScripts } from '../bench/bundle.ts'
import type { Campaign, CampaignContext, CampaignResult } from './campaign.ts'
import { damageStore } from './store/damage.ts'
import { cutPowerOfImages } from './store/ext4-power-cuts.ts'
import { failEveryOperation } from './store/failing-operations.ts'
import { killProcesses } from './store/kills.ts'
import { cutPower, type PowerCuts } from './store/power-cuts.ts'
import { checkpointWhileUserWorks } from './store/user-at-work.ts'

const count = (value: number) => value.toLocaleString('en-GB')

const shareOf = (trials: number, share: number) => Math.ceil(trials * share)

/** The first few; a thousand of the same would hide the others. */
function some(failures: readonly string[]): readonly string[] {
  return failures.length <= 5 ? failures : [...failures.slice(0, 5), `and ${failures.length - 5} more`]
}

/** Built, because a process that is killed after 100 ms must not have spent them on loading. */
async function childScript(folder: string): Promise<string> {
  const entries = { child: 'test/campaign/store/checkpoint-child.ts' }
  const built = await bundleScripts(entries, path.join(folder, 'scripts'), new AbortController().signal)
  return built.child
}

async function kills({ seed, share, home }: CampaignContext): Promise<readonly CampaignResult[]> {
  const scratch = home()
  const script = await childScript(scratch.folder)
  const options = {
    home: scratch,
    script,
    seed,
    kills: shareOf(1_000, share),
    processes: 4,
    sessions: 40,
    everyMs: 200,
  }
  const { reported, records, failures } = await killProcesses(options)
  const figures = `${count(options.kills)} of 4 processes killed at random; ${count(reported)} checkpoints reported saved, all there and whole; ${count(records)} records`
  return [{ title: 'SIGKILL in checkpoint loops', figures, failures: some(failures) }]
}

async function memoryCuts({ seed, share }: CampaignContext): Promise<readonly CampaignResult[]> {
  const synced = await cutPower(seed, shareOf(2_000, share))
  const result = (title: string, cuts: PowerCuts, failures: readonly string[]): CampaignResult => ({
    title: `power cuts on a disk in memory, ${title}`,
    figures: `${count(cuts.cuts)} cuts, ${count(cuts.saved)} checkpoints reported saved before them, ${cuts.lossy} cuts with a loss`,
    failures,
  })
  const controls = []
  for (const unsynced of ['everything', 'folders'] as const) {
    const control = await cutPower(seed, shareOf(200, share), unsynced)
    const proves = control.lossy > 0 ? [] : ['nothing was lost, so the trial proves nothing']
    controls.push(result(`control without syncing ${unsynced}, which must lose`, control, proves))
  }
  return [result('as it is', synced, some(synced.failures)), ...controls]
}

async function imageCuts({ seed, share, home }: CampaignContext): Promise<readonly CampaignResult[]> {
  const results: CampaignResult[] = []
  for (const { cuts, synced } of [
    { cuts: shareOf(200, share), synced: true },
    { cuts: shareOf(25, share), synced: false },
  ]) {
    const title = synced ? 'power cuts of ext4' : 'power cuts of ext4, control without syncs, which must lose'
    const scratch = home()
    const script = await childScript(scratch.folder)
    const done = await cutPowerOfImages({ home: scratch, script, seed, cuts, synced })
    if (!done.ok) {
      results.push({ title, figures: `SKIPPED, NOTHING PROVEN: ${done.why}`, failures: [] })
      continue
    }
    const figures = `${count(done.cuts)} clones, journal replayed; ${count(done.looked)} times a reported checkpoint was looked for; ${done.lossy} clones with a loss`
    const proves = done.lossy > 0 ? [] : ['nothing was lost, so the trial proves nothing']
    results.push({ title, figures, failures: synced ? some(done.failures) : proves })
  }
  return results
}

async function operations({ seed, share }: CampaignContext): Promise<readonly CampaignResult[]> {
  const { points, outcomes, failures } = await failEveryOperation(seed, shareOf(10_000, share))
  const words = Object.entries(outcomes).map(([name, times]) => `${count(times)} ${name}`)
  const figures = `${count(points)} times one operation failed (EIO, ENOSPC, EACCES; before, after, half-way, from there on): ${words.join(', ')}`
  return [{ title: 'every operation fails in turn', figures, failures: some(failures) }]
}

async function damage({ seed, share }: CampaignContext): Promise<readonly CampaignResult[]> {
  const { trials, counts, failures } = await damageStore(seed, shareOf(10_000, share))
  const words = Object.entries(counts).map(([name, times]) => `${name} ${count(times)}`)
  return [
    {
      title: 'random damage to store files',
      figures: `${count(trials)}: ${words.join(', ')}`,
      failures: some(failures),
    },
  ]
}

async function user({ seed, share, home }: CampaignContext): Promise<readonly CampaignResult[]> {
  const options = { home: home(), seed, checkpoints: shareOf(1_000, share), pauseEvery: 10 }
  const { commands, refused, paused, failures } = await checkpointWhileUserWorks(options)
  const figures = `${count(options.checkpoints)} checkpoints beside ${count(commands)} git commands of the user (${count(refused)} of them refused by git for reasons of their own), each verified and restored; ${paused} times compared to the byte, inode and time before and after`
  return [{ title: 'a user at work', figures, failures: some(failures) }]
}

export const store: Campaign = {
  summary: 'the store: kills, power cuts, failing operations, damage, a user at work',
  parts: { operations, 'memory-cuts': memoryCuts, damage, kills, 'ext4-cuts': imageCuts, user },
}
