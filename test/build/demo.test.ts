import { spawn } from 'node:child_process'
import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { demoSessions } from '../support/demo-script.ts'

const demo = path.resolve(import.meta.dirname, '../../build/demo.ts')

async function runDemo(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [demo, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    text.out += chunk.toString('utf8')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text.err += chunk.toString('utf8')
  })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, ...text }
}

const folderOf = (out: string) => /It lies in (\S+)\.\n/.exec(out)?.[1] ?? 'no folder named'

describe('npm run demo', () => {
  it('shows the sessions, saves them all, shows them protected, and leaves nothing behind', async () => {
    const { code, out, err } = await runDemo()
    const all = demoSessions.length
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`${all} sessions: ${all} at risk`)
    expect(out).toMatch(new RegExp(`created +${all} `))
    expect(out).toContain(`${all} sessions: ${all} protected`)
    expect(path.dirname(folderOf(out))).toBe(realpathSync(tmpdir()))
    expect(existsSync(folderOf(out))).toBe(false)
  })

  it('keeps its folder when asked, and says how to go on in it', async () => {
    const { code, out } = await runDemo('--keep')
    const folder = folderOf(out)
    expect(code).toBe(0)
    expect(readdirSync(folder).sort()).toEqual(['data', 'home'])
    for (const name of ['HOME', 'CLAUDE_CONFIG_DIR', 'SESSION_MONITOR_HOME']) {
      expect(out).toContain(`export ${name}=${folder}/`)
    }
    rmSync(folder, { recursive: true })
  })
})
