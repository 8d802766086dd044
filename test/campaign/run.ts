/**
 * `npm run campaign -- <name> [part…] [--seed n] [--share s]`: the long trials, of which `npm test` runs a short share.
 * With a share of 0.2 the parts of `store` do a fifth of their trials: five such runs, each with a seed of its own.
 *
 * Appends what it finds, with seed, counts and duration, to `results.md` beside this file, and exits 1 when a
 * promise was broken. Never touches the user's own sessions, settings or store: everything happens in scratch homes.
 *
 * A new campaign is one line in the table below and one file that exports a `Campaign`.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { cpus, loadavg, tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { assertScratchEnvironment, makeScratchHome, type ScratchHome } from '../support/scratch.ts'
import type { Campaign, CampaignContext, CampaignResult } from './campaign.ts'

/** Loaded only when asked for, and only once the environment is safe. */
const campaigns: Readonly<Record<string, () => Promise<Campaign>>> = {
  daemon: async () => (await import('./daemon.campaign.ts')).daemon,
  detect: async () => (await import('./detect.campaign.ts')).detect,
  lock: async () => (await import('./lock.campaign.ts')).lock,
  restore: async () => (await import('./restore.campaign.ts')).restore,
  store: async () => (await import('./store.campaign.ts')).store,
}

const resultsFile = path.join(import.meta.dirname, 'results.md')
const resultsHead = `# Campaigns

Appended by \`npm run campaign\`, newest last. Counts are what matters; times depend on the machine and its load.
`

/** From here on nothing that asks for a user's folder can find the real one. */
function enterScratch(home: ScratchHome): void {
  for (const name of Object.keys(process.env)) if (/^(XDG_|GIT_)/.test(name)) delete process.env[name]
  Object.assign(process.env, home.env)
  assertScratchEnvironment(process.env, tmpdir(), userInfo().homedir)
}

function keep(lines: readonly string[]): void {
  if (!existsSync(resultsFile)) appendFileSync(resultsFile, resultsHead)
  appendFileSync(resultsFile, `\n${lines.join('\n')}\n`)
}

function resultLine({ title, figures, failures }: CampaignResult): string {
  return `- ${title}: ${figures}. ${failures.length === 0 ? 'As promised.' : `**Broken:** ${failures.join('; ')}.`}`
}

async function usage(): Promise<string> {
  const lines = Object.entries(campaigns).map(async ([name, load]) => {
    const { summary, parts } = await load()
    return `  ${name.padEnd(8)} ${summary}\n${' '.repeat(11)}parts: ${Object.keys(parts).join(', ')}`
  })
  return `Usage: npm run campaign -- <name> [part…] [--seed n] [--share s]\n\n${(await Promise.all(lines)).join('\n')}`
}

/** @returns true if every promise was kept. */
async function run(
  name: string,
  campaign: Campaign,
  wanted: readonly string[],
  { seed, share }: Pick<CampaignContext, 'seed' | 'share'>,
): Promise<boolean> {
  const homes: ScratchHome[] = []
  const home = () => {
    const made = makeScratchHome('campaign')
    homes.push(made)
    return made
  }
  const results: CampaignResult[] = []
  const startedMs = performance.now()
  const loadBefore = loadavg()[0] ?? 0
  try {
    for (const [part, trial] of Object.entries(campaign.parts)) {
      if (wanted.length > 0 && !wanted.includes(part)) continue
      console.log(`${part} …`)
      const done = await trial({ seed, share, home, say: message => console.log(`  ${message}`) })
      for (const result of done) console.log(resultLine(result))
      results.push(...done)
    }
  } finally {
    for (const made of homes) made.remove()
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  const part = share === 1 ? '' : `, share ${share}`
  const head = `## ${name}, ${new Date().toISOString().slice(0, 10)}, seed ${seed}${part}`
  const setting = `${seconds} s on ${cpus().length} cores, load ${loadBefore.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after, Node ${process.versions.node}.`
  keep([head, '', setting, '', ...results.map(resultLine)])
  return results.every(result => result.failures.length === 0)
}

const home = makeScratchHome('campaign')
try {
  enterScratch(home)
  const options = { seed: { type: 'string' }, share: { type: 'string', default: '1' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [name = '', ...parts] = positionals
  const load = Object.hasOwn(campaigns, name) ? campaigns[name] : undefined
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
  const share = Number(values.share)
  if (load === undefined || !Number.isSafeInteger(seed) || !(share > 0 && share <= 1)) {
    console.error(await usage())
    process.exitCode = 2
  } else if (!(await run(name, await load(), parts, { seed, share }))) process.exitCode = 1
} finally {
  home.remove()
}
