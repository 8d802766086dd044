/**
 * `npm run screenshots -- [folder]`: pictures of the page as built, over the real engine on the demo's machine, light
 * and dark, at three widths. Reads and writes nothing of the user's. Default folder: `docs/screenshots`.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type DemoMonitor, startDemoMonitor, workStepMs } from '../support/demo-monitor.ts'
import { hostPage, launchChromium, whyNoPage } from '../support/page-host.ts'

const top = path.resolve(import.meta.dirname, '../..')
const folder = path.resolve(process.argv[2] ?? path.join(top, 'docs/screenshots'))

interface Picture {
  readonly name: string
  readonly hash: (demo: DemoMonitor) => string
  /** The heading by which the view is known to be there. */
  readonly heading: RegExp
}

const pictures: readonly Picture[] = [
  { name: 'sessions', hash: () => '#/sessions', heading: /at risk|protected|new work/ },
  {
    name: 'session',
    hash: demo => `#/session/${demo.session('Guest checkout without an account').truth.sessionId}`,
    heading: /Guest checkout/,
  },
  {
    name: 'compare',
    hash: demo => `#/session/${demo.session('Guest checkout without an account').truth.sessionId}/checkpoint/1`,
    heading: /compared/,
  },
  {
    name: 'restore',
    hash: demo => `#/session/${demo.session('Guest checkout without an account').truth.sessionId}/restore`,
    heading: /Restore/,
  },
  { name: 'activity', hash: () => '#/activity', heading: /Activity/ },
  { name: 'settings', hash: () => '#/settings', heading: /Settings/ },
]
const sizes = [
  { name: 'narrow', width: 420, height: 760 },
  { name: 'window', width: 1200, height: 760 },
  { name: 'wide', width: 2560, height: 1440 },
] as const

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
const demo = await startDemoMonitor({ behindMs: rounds * workStepMs })
const browser = await launchChromium()
try {
  await demo.work(rounds)
  for (const picture of pictures)
    for (const size of sizes) for (const scheme of ['light', 'dark'] as const) await take(picture, size, scheme)
} finally {
  await browser.close()
  await demo.stop()
  rmSync(home, { recursive: true, force: true })
}

async function take(picture: Picture, size: (typeof sizes)[number], colorScheme: 'light' | 'dark'): Promise<void> {
  const { width, height } = size
  const hosted = await hostPage(browser, demo.monitor, {
    context: { viewport: { width, height }, colorScheme, reducedMotion: 'reduce' },
    hash: picture.hash(demo),
  })
  await hosted.page.getByRole('heading', { level: 2, name: picture.heading }).first().waitFor()
  await hosted.page.evaluate(() => document.fonts.ready)
  const file = path.join(folder, `${picture.name}-${size.name}-${colorScheme}.png`)
  await hosted.page.screenshot({ path: file })
  console.log(path.relative(top, file), ...hosted.complaints)
  await hosted.close()
}
