/**
 * ccusage, the fastest other reader of the same files, for comparison: its newest native build from the package
 * registry, into a scratch folder. It runs offline; where it cannot be had or does not run, that is told in words.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Candidate } from './measure.ts'

export type Peer =
  | { readonly ok: true; readonly name: string; readonly file: string }
  | { readonly ok: false; readonly why: string }

/** The native package is asked for by name: the wrapper's newest version may come out before its binaries do. */
export async function installCcusage(folder: string): Promise<Peer> {
  const name = `@ccusage/ccusage-${process.platform}-${process.arch}`
  const into = path.join(folder, 'peer')
  fs.mkdirSync(into)
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const flags = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--loglevel=error']
    await promisify(execFile)(npm, ['install', ...flags, '--prefix', into, `${name}@latest`], { timeout: 120_000 })
    const packageFolder = path.join(into, 'node_modules', name)
    const { version } = JSON.parse(fs.readFileSync(path.join(packageFolder, 'package.json'), 'utf8'))
    const file = path.join(packageFolder, 'bin', process.platform === 'win32' ? 'ccusage.exe' : 'ccusage')
    fs.chmodSync(file, 0o755)
    return { ok: true, name: `ccusage ${version}, native`, file }
  } catch (error) {
    return { ok: false, why: `${name} could not be installed: ${(error as Error).message.split('\n')[0]}` }
  }
}

/** Reads every session and adds up its tokens; prices come from a table inside the program, so nothing is fetched. */
export function ccusageCandidates(
  peer: Extract<Peer, { readonly ok: true }>,
  { configDir, folder }: { readonly configDir: string; readonly folder: string },
): readonly Candidate[] {
  const args = ['claude', 'session', '--offline', '--json']
  const candidate = (name: string, more: readonly string[]): Candidate => ({
    name,
    command: [peer.file, ...args, ...more],
    until: 'exit',
    env: { ...(process.env as Record<string, string>), CLAUDE_CONFIG_DIR: configDir },
    cwd: folder,
    check: ({ outputFile }) => whyEmpty(outputFile),
  })
  return [candidate(`${peer.name}, threads`, []), candidate(`${peer.name}, one thread`, ['--single-thread'])]
}

/** It is not our reader, so all that is asked is that it read something. */
function whyEmpty(outputFile: string): string | null {
  try {
    const { totals } = JSON.parse(fs.readFileSync(outputFile, 'utf8')) as { totals?: { totalTokens?: number } }
    return (totals?.totalTokens ?? 0) > 0 ? null : 'it found no tokens'
  } catch (error) {
    return `its output is no JSON: ${(error as Error).message}`
  }
}
