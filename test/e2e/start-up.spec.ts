/** What a command loads before it answers: the budget of its start-up is kept by what is not in it. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildDemo, type DemoWorld } from '../support/demo-world.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

const dist = path.resolve(import.meta.dirname, '../../dist/cli')
const program = path.join(dist, 'session-monitor.js')

let scratch: ScratchHome
let demo: DemoWorld
let spy = ''

/** Says at the end, on standard error, what was asked for by name. */
const spySource = `
const Module = require('node:module')
const asked = new Set()
const load = Module._load
Module._load = (request, ...rest) => {
  asked.add(request)
  return load(request, ...rest)
}
process.on('exit', () => require('node:fs').writeSync(2, JSON.stringify([...asked])))
`

beforeAll(() => {
  scratch = makeScratchHome('start-up')
  demo = buildDemo(scratch.folder, Date.now(), { live: [] })
  spy = path.join(scratch.folder, 'spy.cjs')
  writeFileSync(spy, spySource)
  run('checkpoint', '--all')
  // A look is kept once nothing has changed for two seconds.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500)
  run('status')
})
afterAll(() => scratch.remove())

function run(...args: readonly string[]) {
  const env = { ...scratch.env, HOME: demo.home, CLAUDE_CONFIG_DIR: demo.configDir }
  const { stdout, stderr } = spawnSync(process.execPath, ['--require', spy, program, ...args], {
    env,
    encoding: 'utf8',
  })
  return { out: stdout, asked: JSON.parse(stderr.slice(stderr.lastIndexOf('['))) as readonly string[] }
}

/** Packages whose code lies in the chunks that were loaded. */
function packagesIn(asked: readonly string[]): readonly string[] {
  // The bundler's own few lines have no map.
  const chunks = asked.filter(request => /^\.\/(?!rolldown-runtime).*\.js$/.test(request))
  const sources = chunks.flatMap(chunk => {
    const map = JSON.parse(readFileSync(path.join(dist, `${chunk}.map`), 'utf8')) as { readonly sources: string[] }
    return map.sources.flatMap(source => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? [])
  })
  return [...new Set(sources)].sort()
}

const slowBuiltins = ['node:crypto', 'node:child_process', 'node:net', 'node:http', 'node:worker_threads', 'node:zlib']

describe('what is loaded', () => {
  it.each(['list', 'list --json', 'status', 'status --json'])(
    'for %s where nothing has changed is neither engine nor parser, nor what checks and measures',
    line => {
      const { out, asked } = run(...line.split(' '))
      expect(out.length).toBeGreaterThan(100)
      expect(packagesIn(asked)).toEqual([])
      expect(asked.filter(name => slowBuiltins.includes(name))).toEqual([])
      expect(asked.filter(name => /^\.\/(host|own-monitor|monitor-(?!state)|checkpoint-store)/.test(name))).toEqual([])
    },
  )

  it('for --help is the parser of the command line alone', () => {
    const { out, asked } = run('--help')
    expect(out).toContain('Usage: session-monitor')
    expect(packagesIn(asked)).toEqual(['commander'])
    expect(asked.filter(name => slowBuiltins.includes(name))).toEqual([])
  })

  it('for a list after a change is the engine too', () => {
    const { asked } = run('list', '--time-hours', '1')
    expect(packagesIn(asked)).toEqual(['commander'])
    writeFileSync(path.join(scratch.dataDir, 'settings.json'), '{ "intervalMinutes": 7 }')
    expect(packagesIn(run('list').asked)).toContain('zod')
  })
})
