/**
 * `npm run screenshots`: the README's pictures, light and dark, in `docs/screenshots`.
 * `npm run screenshots -- --all <folder>`: every view at three widths, light, dark and in high contrast, to look at.
 *
 * The page as built, over the real engine on the demo's machine. Reads and writes nothing of the user's.
 */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import type { Wire } from '../../shared/core/wire.ts'
import { type DemoMonitor, startDemoMonitor, workStepMs } from '../support/demo-monitor.ts'
import { promptLine } from '../support/monitor-world.ts'
import { hostPage, launchChromium, whyNoPage } from '../support/page-host.ts'
import { repackPng } from '../support/repack-png.ts'

const top = path.resolve(import.meta.dirname, '../..')
const { values: args } = parseArgs({ options: { all: { type: 'string' } } })
const folder = path.resolve(args.all ?? path.join(top, 'docs/screenshots'))

interface Picture {
  readonly name: string
  readonly hash: (demo: DemoMonitor) => string
  /** The heading by which the view is known to be there. */
  readonly heading: RegExp
  /** What is done before the picture is taken. */
  readonly prepare?: (page: Page) => Promise<unknown>
}

const busy = (demo: DemoMonitor) => `#/session/${demo.session('Guest checkout without an account').truth.sessionId}`
const readme: readonly Picture[] = [
  {
    name: 'sessions',
    hash: () => '#/sessions',
    heading: /at risk|protected|new work/,
    prepare: async page => {
      await page.getByRole('button', { name: 'Got it' }).click()
      await page.getByRole('button', { name: 'Dismiss' }).click()
    },
  },
  { name: 'session', hash: busy, heading: /Guest checkout/, prepare: page => page.locator('canvas').first().waitFor() },
  {
    name: 'restore',
    hash: demo => `${busy(demo)}/restore/1`,
    heading: /Restore/,
    prepare: async page => {
      await page.getByRole('button', { name: 'Preview' }).click()
      await page.getByRole('button', { name: 'Show the difference' }).click()
      await page.getByRole('region', { name: /^Differences in/ }).waitFor()
    },
  },
  {
    name: 'settings',
    hash: () => '#/settings',
    heading: /Settings/,
    prepare: page => page.getByRole('button', { name: 'Aggressive' }).click(),
  },
]
const others: readonly Picture[] = [
  { name: 'compare', hash: demo => `${busy(demo)}/checkpoint/1`, heading: /compared/ },
  { name: 'restore-choose', hash: demo => `${busy(demo)}/restore`, heading: /Restore/ },
  { name: 'activity', hash: () => '#/activity', heading: /Activity/ },
  { name: 'welcome', hash: () => '#/welcome', heading: /protected/ },
]

interface Look {
  readonly name: string
  readonly width: number
  readonly height: number
  readonly colorScheme: 'light' | 'dark'
  readonly contrast: 'more' | 'no-preference'
}

const look = (name: string, width: number, height: number, colorScheme: Look['colorScheme'], more = false): Look => {
  return { name, width, height, colorScheme, contrast: more ? 'more' : 'no-preference' }
}
const inReadme = [look('light', 1_120, 700, 'light'), look('dark', 1_120, 700, 'dark')]
const everywhere = (
  [
    ['narrow', 420, 760],
    ['window', 1_200, 760],
    ['wide', 3_840, 2_000],
  ] as const
).flatMap(([size, width, height]) =>
  [false, true].flatMap(more =>
    (['light', 'dark'] as const).map(scheme =>
      look(`${size}-${scheme}${more ? '-contrast' : ''}`, width, height, scheme, more),
    ),
  ),
)

const missing = whyNoPage(process.env)
if (missing !== null) {
  console.error(`No pictures: ${missing}`)
  process.exit(1)
}
// The engine must find nothing of the user's, whatever it looks for.
const home = mkdtempSync(path.join(realpathSync(tmpdir()), 'session-monitor-screenshots-'))
Object.assign(process.env, { HOME: home, USERPROFILE: home, CLAUDE_CONFIG_DIR: path.join(home, '.claude') })
mkdirSync(folder, { recursive: true })
const rounds = 8
/** For so long nobody has checked: some of the work since then is at risk. */
const uncheckedMs = 150 * 60_000
const demo = await startDemoMonitor({ behindMs: rounds * workStepMs + uncheckedMs })
const browser = await launchChromium()
try {
  await demo.work(rounds)
  for (const title of ['Guest checkout without an account', 'Chapter 3: tighten the argument', 'Release 2.4'])
    goOn(title)
  demo.advance(uncheckedMs)
  await demo.monitor.refresh()
  const pictures = args.all === undefined ? readme : [...readme, ...others]
  for (const picture of pictures)
    for (const one of args.all === undefined ? inReadme : everywhere) await take(picture, one)
} finally {
  await browser.close()
  await demo.stop()
  rmSync(home, { recursive: true, force: true })
}

/** One more prompt in a session. */
function goOn(title: string): void {
  const { mainPath, truth } = demo.session(title)
  const line = promptLine(truth.sessionId, truth.cwd ?? demo.world.home, 'And now the next step')
  const at = new Date(Date.now() - 100 * 60_000).toISOString()
  appendFileSync(mainPath, line.replace(/"timestamp":"[^"]*"/, `"timestamp":"${at}"`))
}

async function take(picture: Picture, { name, width, height, colorScheme, contrast }: Look): Promise<void> {
  const hosted = await hostPage(browser, demo.monitor, {
    context: { viewport: { width, height }, colorScheme, contrast, reducedMotion: 'reduce' },
    hash: picture.hash(demo),
    between: atHome,
  })
  const { page } = hosted
  await page.getByRole('heading', { level: 2, name: picture.heading }).first().waitFor()
  await picture.prepare?.(page)
  await page.waitForTimeout(500)
  await page.evaluate(() => document.fonts.ready)
  const file = path.join(folder, `${picture.name}-${name}.png`)
  await page.screenshot({ path: file })
  const packed = repackPng(readFileSync(file))
  writeFileSync(file, packed)
  console.log(path.relative(top, file), `${Math.round(packed.length / 1_000)} kB`, ...hosted.complaints)
  await hosted.close()
}

/** Folders as they would be on somebody's machine, not in this run's scratch. */
function atHome(wire: Wire): Wire {
  const text = (value: string) => value.replaceAll(demo.world.home, '/home/you').replaceAll(demo.folder, '/home/you')
  return { ...wire, send: message => wire.send(JSON.parse(text(JSON.stringify(message)))) }
}
