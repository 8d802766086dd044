import { spawn } from 'node:child_process'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

const top = path.resolve(import.meta.dirname, '../..')
let home: ScratchHome
beforeEach(() => {
  home = makeScratchHome('start')
})
afterEach(() => home.remove())

/** Runs `npm start`'s script until its output matches, then sends it `signal`. */
async function startUntil(wanted: RegExp, signal: NodeJS.Signals, ...args: readonly string[]) {
  const script = path.join(top, 'build/start.ts')
  const child = spawn(process.execPath, [script, ...args], {
    cwd: top,
    env: home.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!wanted.test(output) && wanted.test(output + text)) child.kill(signal)
    output += text
  })
  const code = await new Promise(resolve => child.once('exit', resolve))
  return { code, lines: output.split('\n') }
}

// The environment of a scratch home names no display, which only Linux needs.
describe.skipIf(process.platform !== 'linux')('npm start where there is no display', () => {
  it('says why in one line, runs the monitor in the terminal, and hands a signal on', async () => {
    const { code, lines } = await startUntil(/^Watching .*$/m, 'SIGTERM')
    expect(lines.slice(0, 2)).toEqual([
      'Running without a window: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set).',
      `Watching ${home.configDir}`,
    ])
    expect(code).toBe(0)
  })
})

describe('npm start -- --headless', () => {
  it('runs the monitor in the terminal and hands the other arguments on', async () => {
    const { code, lines } = await startUntil(/^Checking every .*$/m, 'SIGTERM', '--headless', '--interval', '7')
    expect(lines).toContain('Running without a window: --headless was given.')
    expect(lines).toContain('Checking every 7 minutes; Ctrl-C stops.')
    expect(code).toBe(0)
  })
})
