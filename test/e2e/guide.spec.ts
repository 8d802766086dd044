/** Every command of the guide, in its order, on made-up sessions: what it says is what happens. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import about from '../../package.json' with { type: 'json' }
import { buildDemo, type DemoWorld } from '../support/demo-world.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

const top = path.resolve(import.meta.dirname, '../..')
const guide = readFileSync(path.join(top, 'docs/GUIDE.md'), 'utf8')

interface Line {
  readonly text: string
  /** A monitor runs meanwhile. */
  readonly beside: boolean
}

const lines = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']): readonly Line[] => {
  const beside = block.includes('# while a monitor runs')
  const commands = block.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return commands.map(text => ({ text, beside }))
})
const ours = lines.filter(({ text }) => text.includes('session-monitor'))
const npm = lines.filter(({ text }) => text.startsWith('npm '))

/** What runs until it is interrupted. */
const lasting = /^session-monitor (run|serve|--interval|--time-hours)\b/

let scratch: ScratchHome
let demo: DemoWorld
let env: Record<string, string>
let id = ''
beforeAll(() => {
  scratch = makeScratchHome('guide')
  demo = buildDemo(scratch.folder, Date.now(), { live: [] })
  const bin = path.join(scratch.folder, 'bin')
  mkdirSync(bin)
  const shim = path.join(bin, 'session-monitor')
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${path.join(top, 'dist/cli/session-monitor.js')}' "$@"\n`)
  chmodSync(shim, 0o755)
  env = { ...scratch.env, HOME: demo.home, CLAUDE_CONFIG_DIR: demo.configDir, PATH: `${bin}:${process.env['PATH']}` }
  id = demo.sessions[0]?.truth.sessionId.slice(0, 8) ?? ''
})
afterAll(() => scratch.remove())

const typed = (text: string) => text.replaceAll('3f2a9c1e', id)
const start = (text: string) => spawn('bash', ['-c', `exec ${text}`], { cwd: demo.projects[0], env })

/** Until it has said something. */
function spoken(child: ChildProcess): Promise<unknown> {
  return new Promise(resolve => child.stdout?.once('data', resolve))
}

async function interrupted(child: ChildProcess): Promise<unknown> {
  const over = new Promise(resolve => child.once('close', resolve))
  child.kill('SIGINT')
  return await over
}

describe('the guide', () => {
  it('has commands, and knows no other program', () => {
    expect(ours.length).toBeGreaterThan(40)
    expect(lines.filter(line => !ours.includes(line) && !npm.includes(line))).toEqual([])
  })

  it('names scripts of the package that are there', () => {
    const scripts = npm.flatMap(({ text }) => /^npm run (?:-s )?(\S+)/.exec(text)?.[1] ?? [])
    expect(scripts.filter(name => !Object.hasOwn(about.scripts, name))).toEqual([])
  })

  const ending = ours.filter(({ text }) => !lasting.test(text))
  it.each(ours.map((line, n) => [n + 1, line.text, line] as const).filter(([, , line]) => ending.includes(line)))(
    '%i: %s',
    async (_n, _text, { text, beside }) => {
      const monitor = beside ? start('session-monitor run') : null
      if (monitor !== null) await spoken(monitor)
      const options = { cwd: demo.projects[0], env, encoding: 'utf8', timeout: 60_000 } as const
      const { status, stderr } = spawnSync('bash', ['-c', typed(text)], options)
      if (monitor !== null) await interrupted(monitor)
      expect({ status, stderr }).toMatchObject({ status: 0 })
    },
  )

  it.each(ours.filter(({ text }) => lasting.test(text)))('$text, until it is interrupted', async ({ text }) => {
    const child = start(typed(text))
    const quiet = text.includes('--quiet')
    await (quiet ? new Promise(resolve => setTimeout(resolve, 1_500)) : spoken(child))
    expect(await interrupted(child)).toBe(0)
  })
})
