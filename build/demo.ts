/**
 * `npm run demo`: the monitor at work on a made-up machine, so that it can be seen without sessions of one's own.
 *
 * Lists, checks, lists again, with the real program over a scratch home below the system's temporary folder. Reads
 * and writes nothing of the user's. `--keep` keeps that folder and says how to go on in it.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { styleText } from 'node:util'
import { buildDemo, type DemoWorld, demoHolders } from '../test/support/demo-world.ts'
import { startHolders } from '../test/support/holders.ts'

const top = path.resolve(import.meta.dirname, '..')
const keep = process.argv.includes('--keep')

const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'session-monitor-demo-'))
const holders = startHolders(demoHolders)
let interrupted = false
// The child in the foreground gets Ctrl-C too and ends by itself; what is left to do here is the clean-up.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true
  })
}
try {
  const world = buildDemo(folder, Date.now(), { live: holders.processes })
  process.exitCode = await show(world)
} finally {
  await holders.stop()
  if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

/** The variables that make the monitor see the made-up machine and nothing else. */
function demoVariables(world: DemoWorld): Readonly<Record<string, string>> {
  return { HOME: world.home, CLAUDE_CONFIG_DIR: world.configDir, SESSION_MONITOR_HOME: path.join(folder, 'data') }
}

async function show(world: DemoWorld): Promise<number> {
  const { sessions, projects } = world
  console.log(`A made-up machine: ${sessions.length} Claude Code sessions in ${projects.length} git repositories.`)
  console.log(`It lies in ${folder}.\nNothing of yours is read or written.`)
  const steps = [
    ['What would be lost if they died now?', 'list'],
    ['Save what is due.', 'check'],
    ['And now?', 'list'],
  ] as const
  for (const [words, command] of steps) {
    console.log(`\n${bold(`${words}  $ session-monitor ${command}`)}\n`)
    const code = await monitor(world, command)
    if (code !== 0 || interrupted) return code
  }
  const titles = sessions.map(session => session.script.title)
  const shortest = titles.reduce((best, title) => (title.length < best.length ? title : best))
  console.log(`\n${outro(world, shortest).join('\n')}`)
  return 0
}

/** Resolves to the exit code of `session-monitor`, run as anybody would. */
function monitor(world: DemoWorld, ...args: readonly string[]): Promise<number> {
  const env = { ...process.env, ...demoVariables(world), USERPROFILE: world.home }
  const child = spawn(process.execPath, [path.join(top, 'cli/main.ts'), ...args], { env, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 1))
  })
}

/** What to try next: in the kept folder, or with the user's own sessions. */
function outro(world: DemoWorld, title: string): readonly string[] {
  const own = [
    bold('With your own sessions'),
    '  npm run -s session-monitor -- list     looks, saves nothing',
    '  npm start                              keeps watch',
  ]
  if (!keep) return ['The made-up machine is gone again. To keep it: npm run demo -- --keep', '', ...own]
  const variables = Object.entries(demoVariables(world)).map(([name, value]) => `${name}=${value}`)
  const command = 'npm run -s session-monitor --'
  return [
    bold('The made-up machine stays. In a new terminal, in this folder:'),
    ...variables.map(variable => `  export ${variable}`),
    `  ${command} list --why`,
    `  ${command} checkpoints "${title}"`,
    `  ${command} show "${title}"`,
    `  ${command} restore "${title}" --to ${path.join(folder, 'rescued')}`,
    `  ${command} verify --read-data`,
    `  ${command} run --interval 1`,
    `  rm -r ${folder}`,
    '',
    ...own,
  ]
}

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}
