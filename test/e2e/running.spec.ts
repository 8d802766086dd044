/** Commands beside a monitor that runs: what it is asked, its page over a link, and its log while it rotates. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { outputSchemas } from '../../cli/json-schemas.ts'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import { logFileName } from '../../shared/engine/log-file.ts'
import { buildDemo, type DemoWorld } from '../support/demo-world.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

const program = path.resolve(import.meta.dirname, '../../dist/cli/session-monitor.js')

let scratch: ScratchHome
let demo: DemoWorld
let env: Record<string, string>
const started: Started[] = []

beforeAll(() => {
  scratch = makeScratchHome('running')
  demo = buildDemo(scratch.folder, Date.now(), { live: [] })
  env = { ...scratch.env, HOME: demo.home, CLAUDE_CONFIG_DIR: demo.configDir }
})
afterEach(async () => {
  for (const one of started.splice(0)) await one.stop('SIGTERM')
})
afterAll(() => scratch.remove())

interface Started {
  readonly child: ChildProcess
  /** What it has printed so far. */
  shown(): string
  /** Resolves with all of it once it holds `text`. */
  shows(text: string): Promise<string>
  /** Its exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>
}

function start(args: readonly string[], change: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [program, ...args], { env: { ...env, ...change } })
  let text = ''
  const take = (chunk: Buffer) => {
    text += chunk.toString('utf8')
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const over = new Promise<number | null>(resolve => child.once('close', resolve))
  const one: Started = {
    child,
    shown: () => text,
    async shows(wanted) {
      await expect.poll(() => text, { timeout: 30_000 }).toContain(wanted)
      return text
    },
    stop(signal) {
      child.kill(signal)
      return over
    },
  }
  started.push(one)
  return one
}

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

describe('beside a monitor that runs', () => {
  it('commands ask it, name it, and print JSON that fits their schemas', async () => {
    const daemon = start(['run'])
    await daemon.shows('found')
    const asked = [['status'], ['list'], ['pause', '30m'], ['resume'], ['service', 'status']] as const
    const answers = asked.map(words => ({ words, ...run(...words, '--json') }))
    for (const { words, code, out, err } of answers) {
      const name = words.filter(word => !/\d/.test(word)).join(' ')
      const schema = Object.entries(outputSchemas).find(([each]) => each === name)?.[1]
      expect({ name, code, err, issues: schema?.safeParse(JSON.parse(out)).error?.issues ?? [] }).toEqual({
        name,
        code: 0,
        err: '',
        issues: [],
      })
    }
    expect(JSON.parse(answers[0]?.out ?? '')).toMatchObject({ running: { pid: daemon.child.pid } })
    expect(JSON.parse(answers[2]?.out ?? '').paused.untilMs).toBeGreaterThan(Date.now())
    expect(run('status').out).toMatch(new RegExp(`monitor +.*\\(process ${daemon.child.pid}\\), version `))
    expect(run('doctor').out).toMatch(new RegExp(`running monitor +.*\\(process ${daemon.child.pid}\\)`))
    expect(run('run')).toMatchObject({ code: 3 })
    expect(await daemon.stop('SIGTERM')).toBe(0)
    expect(run('status').out).toMatch(/monitor +none runs/)
  }, 120_000)
})

describe('serve', () => {
  const linkIn = (text: string) => /(http:\/\/127\.0\.0\.1:\d+)\/#token=(\S+)/.exec(text) ?? []

  it('prints a link that works once, answers nobody without it, and ends on SIGTERM', async () => {
    const serving = start(['serve', '--no-open'])
    const [, origin = '', token = ''] = linkIn(await serving.shows('Ctrl-C stops.'))
    const ask = (given: string, from: string) =>
      fetch(`${origin}/session`, { method: 'POST', headers: { origin: from }, body: JSON.stringify({ token: given }) })
    expect((await fetch(`${origin}/`)).status).toBe(200)
    const statuses: number[] = []
    for (const [given, from] of [
      ['guess', origin],
      [token, 'http://evil.example'],
      [token, origin],
      [token, origin],
    ] as const)
      statuses.push((await ask(given, from)).status)
    expect(statuses).toEqual([403, 403, 200, 403])
    const next = await serving.shows('For another page: ')
    expect(linkIn(next.slice(next.indexOf('For another page')))[2]).not.toBe(token)
    expect(await serving.stop('SIGTERM')).toBe(0)
    await expect(fetch(`${origin}/`)).rejects.toThrow()
  }, 60_000)

  it('prints the tunnel where there is no screen, and opens no browser', async () => {
    const remote = { SSH_CONNECTION: '10.0.0.9 50000 10.0.0.1 22' }
    const serving = start(['serve'], remote)
    const shown = await serving.shows('Ctrl-C stops.')
    const [, origin = ''] = linkIn(shown)
    const port = origin.split(':').at(-1)
    expect(shown).toMatch(new RegExp(`\\n  ssh -N -L ${port}:127\\.0\\.0\\.1:${port} \\S+@10\\.0\\.0\\.1\\n`))
    expect(shown).not.toContain('Opening it')
    expect(await serving.stop('SIGINT')).toBe(0)
  }, 60_000)

  it('gives the link a script can read, and a port that is taken its own code', async () => {
    const serving = start(['serve', '--no-open', '--json'])
    const { port, link } = JSON.parse(await serving.shows('"link"'))
    expect(link).toContain(`:${port}/#token=`)
    const second = run('serve', '--no-open', '--port', String(port))
    expect(second).toMatchObject({ code: 1, out: '', err: expect.stringContaining(`port ${port} is in use`) })
  }, 60_000)
})

describe('logs', () => {
  const lineOf = (n: number) => `2026-11-27 16:47:33,${String(n).padStart(3, '0')} - INFO - Line ${n}.\n`
  const logs = () => dataPaths(scratch.dataDir).logs
  const log = () => path.join(logs(), logFileName)

  it('-f goes on with each further line, also over a rotation, until its reader is interrupted', async () => {
    mkdirSync(logs(), { recursive: true })
    appendFileSync(log(), lineOf(1))
    const following = start(['logs', '-f'])
    await following.shows('Line 1.')
    appendFileSync(log(), lineOf(2))
    await following.shows('Line 2.')
    appendFileSync(log(), lineOf(3))
    renameSync(log(), `${log()}.1`)
    appendFileSync(log(), lineOf(4))
    await following.shows('Line 4.')
    expect(
      following
        .shown()
        .match(/Line \d\./g)
        ?.slice(-4),
    ).toEqual(['Line 1.', 'Line 2.', 'Line 3.', 'Line 4.'])
    expect(await following.stop('SIGINT')).toBe(0)
    expect(statSync(log()).size).toBe(lineOf(4).length)
  }, 60_000)

  it('reads over a rotation, and from a level on', () => {
    appendFileSync(log(), '2026-11-27 16:47:34,000 - ERROR - It broke.\n')
    expect(run('logs', '-n', '3').out).toBe(`${lineOf(3)}${lineOf(4)}2026-11-27 16:47:34,000 - ERROR - It broke.\n`)
    expect(run('logs', '--level', 'warn').out).toContain('It broke.')
    expect(run('logs', '--level', 'warn').out).not.toContain('INFO')
    expect(run('logs', '-n', 'x')).toMatchObject({ code: 2, out: '' })
  })
})
