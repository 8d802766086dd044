/** restic and borg from the system's packages, as peers: installed where root may, else told missing in words. */
import { execFile, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

export interface BackupTool {
  readonly name: string
  /** Backs `folder` up into the repository; resolves with the wall time in ms. @throws {Error} if it fails */
  backup(folder: string): Promise<number>
  /** Of its repository, without its cache. */
  bytes(): number
}

/** Into a new repository below `folder`; null if the program cannot be had. */
export type OpenTool = (folder: string) => Promise<BackupTool>

const packages = { restic: 'restic', borg: 'borgbackup' } as const

/** @returns why it is missing, or null if it is there. */
export function installTool(program: keyof typeof packages): string | null {
  const isThere = () => spawnSync(program, ['--help'], { stdio: 'ignore' }).status === 0
  if (isThere()) return null
  const name = packages[program]
  if (process.getuid?.() !== 0 || !fs.existsSync('/etc/debian_version')) return `${program} is not installed (${name})`
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  spawnSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', name], { env, stdio: 'ignore' })
  return isThere() ? null : `apt-get could not install ${name}`
}

export const openRestic: OpenTool = async folder => {
  const repository = path.join(folder, 'restic')
  const env = { ...process.env, RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: path.join(folder, 'restic-cache') }
  const run = timed('restic', env)
  await run(['-r', repository, 'init'])
  return {
    name: 'restic',
    backup: source => run(['-r', repository, 'backup', '--quiet', source]),
    bytes: () => bytesBelow(repository),
  }
}

export const openBorg: OpenTool = async folder => {
  const repository = path.join(folder, 'borg')
  const env = { ...process.env, BORG_BASE_DIR: path.join(folder, 'borg-base') }
  const run = timed('borg', env)
  await run(['init', '-e', 'none', repository])
  let archives = 0
  return {
    name: 'borg',
    backup: source => run(['create', '-C', 'zstd,3', `${repository}::a${archives++}`, source]),
    bytes: () => bytesBelow(repository),
  }
}

function timed(program: string, env: NodeJS.ProcessEnv) {
  return async (args: readonly string[]): Promise<number> => {
    const fromMs = performance.now()
    await promisify(execFile)(program, [...args], { env, maxBuffer: 64 * 1024 ** 2 })
    return performance.now() - fromMs
  }
}

/** Sum of the sizes of all files; one that has two names counts once, as `du` does it. */
export function bytesBelow(folder: string): number {
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  const stats = files.map(entry => fs.statSync(path.join(entry.parentPath, entry.name)))
  return [...new Map(stats.map(({ ino, size }) => [ino, size])).values()].reduce((sum, size) => sum + size, 0)
}
