/**
 * `npm run bench -- <name> [options]`: the benchmarks of the project, in a scratch home of their own.
 *
 * Prints what it finds and appends it to `results.md` beside this file. Exits 1 when a result was wrong: a figure for
 * a wrong result is worth nothing. Never touches the user's own sessions, settings or store: like the tests, it refuses
 * to start where it could.
 *
 * A new benchmark is one line in the table below and one file that exports a `Benchmark`.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { assertScratchEnvironment, makeScratchHome, type ScratchHome } from '../support/scratch.ts'
import type { Benchmark } from './benchmark.ts'
import { type Report, toMarkdown } from './report.ts'

/** Loaded only when asked for, and only once the environment is safe. */
const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  cli: async () => (await import('./cli.bench.ts')).cli,
  detect: async () => (await import('./detect.bench.ts')).detect,
  desktop: async () => (await import('./desktop.bench.ts')).desktop,
  lock: async () => (await import('./lock.bench.ts')).lock,
  restore: async () => (await import('./restore.bench.ts')).restore,
  page: async () => (await import('./page.bench.ts')).page,
  store: async () => (await import('./store.bench.ts')).store,
}

const resultsFile = path.join(import.meta.dirname, 'results.md')
const resultsHead = `# Measured

Appended by \`npm run bench\`, newest last. Ratios are to the baseline of the same run; times alone say more about the
machine and its load than about the program. CPU time is the steadier of the two where other work was running.
`

/** From here on nothing that asks for a user's folder can find the real one. */
function enterScratch(home: ScratchHome): void {
  for (const name of Object.keys(process.env)) if (/^(XDG_|GIT_)/.test(name)) delete process.env[name]
  Object.assign(process.env, home.env)
  assertScratchEnvironment(process.env, tmpdir(), userInfo().homedir)
}

function keep(report: Report): void {
  if (!existsSync(resultsFile)) appendFileSync(resultsFile, resultsHead)
  appendFileSync(resultsFile, `\n${toMarkdown(report)}`)
}

async function list(): Promise<string> {
  const lines = Object.entries(benchmarks).map(async ([name, load]) => {
    const { summary, options } = await load()
    return `  ${name.padEnd(10)} ${summary}\n${' '.repeat(13)}[--quick] ${Object.keys(options)
      .map(option => `[--${option}]`)
      .join(' ')}`
  })
  return `Usage: npm run bench -- <name> [options]\n\n${(await Promise.all(lines)).join('\n')}`
}

/** @returns true if every result was right. */
async function run(benchmark: Benchmark, args: readonly string[], folder: string, signal: AbortSignal) {
  const options = { ...benchmark.options, quick: { type: 'boolean', default: false } } as const
  const { values } = parseArgs({ args: [...args], options, strict: true })
  const quick = values.quick === true
  const say = (message: string) => console.error(message)
  let right = true
  for await (const report of benchmark.run(values, { folder, quick, signal, say })) {
    console.log(`\n${toMarkdown(report)}`)
    if (report.failures.length > 0) right = false
    else if (!quick) keep(report)
  }
  return right
}

const home = makeScratchHome('bench')
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort())
try {
  enterScratch(home)
  const [name = '', ...args] = process.argv.slice(2)
  const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined
  if (load === undefined) {
    console.error(await list())
    process.exitCode = 2
  } else if (!(await run(await load(), args, home.folder, interrupted.signal))) process.exitCode = 1
} catch (error) {
  console.error(interrupted.signal.aborted ? 'Interrupted.' : error)
  process.exitCode = 1
} finally {
  home.remove()
}
