import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeCommands } from '../../shared/engine/node-commands.ts'
import type { CommandOptions, CommandRunner } from '../../shared/engine/ports.ts'
import { createSmallSpawner } from '../../shared/engine/small-spawner.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const isLinux = process.platform === 'linux'

const node = process.execPath
const say = (words: string) => ['-e', words]

describe.skipIf(!isLinux)('createSmallSpawner (used on Linux only)', () => {
  let folder = ''
  let spawner: CommandRunner
  /** Fails the test that gets it: what can be said to the shell must not be run directly. */
  const never: CommandRunner = { ...nodeCommands, run: () => Promise.reject(new Error('run directly')) }

  beforeAll(() => {
    folder = makeScratchFolder('small-spawner')
    spawner = createSmallSpawner(never)
  })
  afterAll(() => removeScratchFolder(folder))

  const options = (more: Partial<CommandOptions> = {}): CommandOptions => ({
    cwd: folder,
    env: {},
    timeoutMs: 30_000,
    ...more,
  })
  const both = async (file: string, args: readonly string[], more: Partial<CommandOptions> = {}) => [
    await spawner.run(file, args, options(more)),
    await nodeCommands.run(file, args, options(more)),
  ]

  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  it.each([
    ['an exit code and words on both streams', say('console.log(1); console.error(2); process.exitCode = 7')],
    ['no output at all', say('')],
    ['every byte', say(`process.stdout.write(Buffer.from('${bytes.toString('hex')}', 'hex'))`)],
    [
      'more than a pipe holds',
      say('process.stdout.write("x".repeat(3_000_000)); process.stderr.write("y".repeat(9_000))'),
    ],
    ['the whole of stderr up to its limit', say('process.stderr.write("y".repeat(200_000))')],
    [
      'words that mean something to a shell',
      [...say('console.log(process.argv)'), "'", '"', '$(id)', '`id`', '\\', '', '*', ';&|<>\n#', '-n', '!x'],
    ],
    [
      'words of other languages, with bytes that old shells use themselves',
      [...say('console.log(process.argv)'), 'é', '🚁\u{1f681}', '\u0081\u0088'],
    ],
    ['a program that ends itself by a signal', say('process.kill(process.pid, "SIGTERM")')],
    ['no input', say('process.stdin.on("data", () => {}).on("end", () => console.log("end"))')],
  ])('answers as a direct run does: %s (1, 3)', async (_, args) => {
    const [ours, direct] = await both(node, args)
    expect(ours).toEqual(direct)
  })

  it('gives a program its environment and nothing else (1)', async () => {
    const env = { A: "it's $HOME", B: 'two\nlines', PATH: '/bin', PWD: '/else' }
    const [ours, direct] = await both(node, say('console.log(JSON.stringify(process.env))'), { env })
    const { _, ...given } = JSON.parse(String(ours?.stdout))
    expect(given).toEqual(JSON.parse(String(direct?.stdout)))
  })

  it('starts it in its folder, whatever that is called (1)', async () => {
    const cwd = path.join(folder, "it's $(a) \u{1f681}\nfolder")
    fs.mkdirSync(cwd)
    const [ours, direct] = await both(node, say('console.log(process.cwd())'), { cwd })
    expect(ours).toEqual(direct)
    expect(String(ours?.stdout)).toBe(`${cwd}\n`)
  })

  it('hands over lines of text as input (1)', async () => {
    const input = Buffer.from("a 'b' $(c) `d` \\\n".repeat(20_000))
    const [ours, direct] = await both(node, say('process.stdin.pipe(process.stdout)'), { input })
    expect(ours).toEqual(direct)
    expect(ours?.stdout.equals(input)).toBe(true)
  })

  it.each([
    ['input that is no text', say('process.stdin.pipe(process.stdout)'), { input: bytes }],
    ['a name that no shell knows', say('console.log(process.env)'), { env: { 'a-b': '1' } }],
    ['a folder that is not there', say(''), { cwd: '/nowhere' }],
  ])('runs directly what it cannot: %s (1)', async (_, args, more) => {
    const all = createSmallSpawner(nodeCommands)
    expect(await all.run(node, args, options(more))).toEqual(await nodeCommands.run(node, args, options(more)))
  })

  it('names the reason why a program cannot be started (3)', async () => {
    const all = createSmallSpawner(nodeCommands)
    expect(await all.run('/nowhere/git', [], options())).toMatchObject({ code: null, failure: 'ENOENT' })
  })

  it('keeps the output of many at once apart, and runs directly what finds no channel free (2, 3)', async () => {
    const all = createSmallSpawner(nodeCommands)
    const numbers = Array.from({ length: 20 }, (_, number) => number)
    const script = 'const n = process.argv[1]; setTimeout(() => process.stdout.write(n.repeat(50_000)), n % 7)'
    const results = await Promise.all(numbers.map(number => all.run(node, [...say(script), `${number}`], options())))
    expect(results.map(({ stdout }) => String(stdout))).toEqual(numbers.map(number => `${number}`.repeat(50_000)))
  })

  /** Starts a child that outlives nobody: both say their pid. */
  const family = say(
    `const { pid } = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)'], { stdio: 'inherit' })
    require('node:fs').writeFileSync('pids', process.pid + ' ' + pid); setInterval(() => {}, 1e3)`,
  )
  const isAlive = (pid: number) => {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
      return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
    } catch {
      return false
    }
  }
  const pids = async () => {
    const file = path.join(folder, 'pids')
    await expect.poll(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8').split(' ').length).toBe(2)
    const found = fs.readFileSync(file, 'utf8').split(' ').map(Number)
    fs.rmSync(file)
    return found
  }

  it('ends a program and its children when time is up (3)', async () => {
    const result = spawner.run(node, family, options({ timeoutMs: 1_500 }))
    const found = await pids()
    expect(await result).toEqual({ code: null, stdout: Buffer.alloc(0), stderr: '', failure: 'ETIMEDOUT' })
    await expect.poll(() => found.filter(isAlive)).toEqual([])
  })

  it('ends it when it is called off, also before it has begun (3)', async () => {
    const abort = new AbortController()
    const result = spawner.run(node, family, options({ signal: abort.signal }))
    const found = await pids()
    abort.abort()
    expect((await result).failure).toBe('EABORTED')
    await expect.poll(() => found.filter(isAlive)).toEqual([])
    const late = await spawner.run(node, say('setInterval(() => {}, 1e3)'), options({ signal: abort.signal }))
    expect(late).toMatchObject({ code: null, failure: 'EABORTED' })
  })

  it('ends it when it says too much, and keeps no more than that (3)', async () => {
    const endless = say('const more = () => process.stdout.write("x".repeat(65_536), more); more()')
    const result = await spawner.run(node, endless, options({ maxBytes: 100_000 }))
    expect([result.code, result.failure, result.stdout.length]).toEqual([null, 'ETOOBIG', 100_000])
  })

  const shellOf = async (commands: CommandRunner) => {
    const { stdout } = await commands.run('/bin/sh', ['-c', 'cut -d " " -f 4 /proc/$PPID/stat'], options({ env }))
    return Number(stdout)
  }
  const env = { PATH: '/usr/bin:/bin' }

  it('ends a program whose shell is ended, runs it directly, and starts another shell (3)', async () => {
    const file = path.join(folder, 'runs')
    const lasting = say(
      `const fs = require('node:fs'); fs.appendFileSync('runs', process.pid + '\\n')
      if (fs.readFileSync('runs', 'utf8').split('\\n').length === 2) setInterval(() => {}, 1e3); else console.log('again')`,
    )
    const one = createSmallSpawner(nodeCommands)
    const shell = await shellOf(one)
    const waiting = one.run(node, lasting, options())
    await expect.poll(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8')).toMatch(/\n$/)
    process.kill(shell, 'SIGKILL')
    expect(await waiting).toEqual({ code: 0, stdout: Buffer.from('again\n'), stderr: '', failure: null })
    const [first] = fs.readFileSync(file, 'utf8').split('\n').map(Number)
    await expect.poll(() => isAlive(first ?? 0)).toBe(false)
    const next = await shellOf(one)
    expect([next > 1, next === shell]).toEqual([true, false])
  })

  it('runs everything directly where there is no shell (3)', async () => {
    const all = createSmallSpawner(nodeCommands, '/usr/bin/setsid', path.join(folder, 'no-shell'))
    const results = [await all.run(node, say('console.log(1)'), options()), await all.run(node, say(''), options())]
    expect(results.map(({ code }) => code)).toEqual([0, 0])
  })

  it('ends what is called off before it has begun, every time (5)', async () => {
    const failures: (string | null)[] = []
    for (let i = 0; i < 12; i++) {
      const { failure } = await spawner.run('/bin/sleep', ['600'], options({ env, signal: AbortSignal.abort() }))
      failures.push(failure)
    }
    expect(failures).toEqual(Array(12).fill('EABORTED'))
  })

  it('answers for a program whose end does not come through (5)', async () => {
    const one = createSmallSpawner(nodeCommands)
    const stop = ['-c', 'echo begun; kill -STOP $PPID; sleep 600']
    const result = await one.run('/bin/sh', stop, options({ env, timeoutMs: 500 }))
    expect(result).toEqual({ code: null, stdout: Buffer.from('begun\n'), stderr: '', failure: 'ETIMEDOUT' })
    expect(String((await one.run(node, say('console.log(1)'), options())).stdout)).toBe('1\n')
  })

  it('leaves no ended processes behind in its shell (6)', async () => {
    const one = createSmallSpawner(never)
    for (let i = 0; i < 20; i++) await one.run('/bin/true', [], options({ env }))
    const shell = await shellOf(one)
    const isChild = (pid: string) => {
      try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(shell)
      } catch {
        return false
      }
    }
    await expect.poll(() => fs.readdirSync('/proc').filter(name => /^\d+$/.test(name) && isChild(name))).toEqual([])
  })

  it('holds up nobody who wants to end, and leaves no shell behind (4)', async () => {
    const script = path.join(folder, 'owner.mjs')
    const engine = path.join(import.meta.dirname, '../../shared/engine')
    fs.writeFileSync(
      script,
      `import { createSmallSpawner } from '${engine}/small-spawner.ts'
      import { nodeCommands } from '${engine}/node-commands.ts'
      const run = createSmallSpawner(nodeCommands).run
      const { stdout } = await run('/bin/sh', ['-c', 'cut -d " " -f 4 /proc/$PPID/stat'], { cwd: '/', env: { PATH: '/usr/bin:/bin' }, timeoutMs: 9_000 })
      console.log(String(stdout))`,
    )
    const { stdout } = await promisify(execFile)(node, [script])
    const shell = Number(stdout)
    expect(shell).toBeGreaterThan(1)
    await expect.poll(() => isAlive(shell)).toBe(false)
  })

  it('runs git', async () => {
    const git = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
    const [ours, direct] = await both(git, ['version'])
    expect(ours).toEqual(direct)
  })
})
