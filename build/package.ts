/**
 * `npm run package`: installers for this system, or for the ones that are named (`-- --linux --win --mac`).
 *
 * `--dir` makes the unpacked app only. Says at once what cannot be made here and why, makes the rest, and fails if
 * anything that was asked for is missing.
 */
import { spawnSync } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { findElectron } from './electron-binary.ts'
import { writeInstallerIcons } from './icons/installer-icons.ts'
import { type PackageFacts, type PackagePlatform, planPackage, targetsOf } from './package-plan.ts'

const top = path.resolve(import.meta.dirname, '..')
const downloadHost = 'github.com'
const lookupMs = 5_000
const ownPlatform: Readonly<Partial<Record<NodeJS.Platform, PackagePlatform>>> = { darwin: 'mac', win32: 'win' }

const args = process.argv.slice(2)
const named = (['linux', 'win', 'mac'] as const).filter(platform => args.includes(`--${platform}`))
const platforms = named.length > 0 ? named : [ownPlatform[process.platform] ?? 'linux']
const unknown = args.filter(argument => !/^--(linux|win|mac|dir|x64|arm64)$/.test(argument))
if (unknown.length > 0)
  fail(`there is no option ${unknown.join(', ')}; there are --linux, --win, --mac, --dir, --x64, --arm64`)

const offline = await whyOffline()
build()
writeInstallerIcons(path.join(top, 'dist/installer'))
const complete = platforms.map(packageFor)
process.exitCode = complete.every(Boolean) ? 0 : 1

/** False if something that was asked for could not be made. */
function packageFor(platform: PackagePlatform): boolean {
  const targets = args.includes('--dir') ? (['dir'] as const) : targetsOf[platform]
  const plan = planPackage(platform, targets, factsFor(platform))
  for (const { target, missing } of plan.impossible) console.error(`No ${target} for ${platform}: missing ${missing}.`)
  if (plan.possible.length === 0) return false
  console.log(`Making ${plan.possible.join(', ')} for ${platform} …`)
  const dist = electronDist(platform)
  const architectures = args.filter(argument => argument === '--x64' || argument === '--arm64')
  const made = run(
    'electron-builder/cli.js',
    [
      '--config',
      'build/electron-builder.ts',
      '--publish',
      'never',
      `--${platform}`,
      ...plan.possible,
      ...architectures,
    ],
    {
      ...plan.env,
      ...(dist === null ? {} : { ELECTRON_DIST: dist }),
    },
  )
  return made && plan.impossible.length === 0
}

function factsFor(platform: PackagePlatform): PackageFacts {
  return { host: process.platform, electronDist: electronDist(platform), offline, which, env: process.env }
}

/** The one that is named, or the one that is installed if it is for this platform. */
function electronDist(platform: PackagePlatform): string | null {
  const chosen = process.env['ELECTRON_DIST']
  if (chosen) return path.resolve(chosen)
  const found = findElectron({ top, env: process.env, platform: process.platform })
  const isOwn = (ownPlatform[process.platform] ?? 'linux') === platform
  return isOwn && found.kind === 'found' ? path.join(top, 'node_modules/electron/dist') : null
}

function build(): void {
  if (!run('vite/bin/vite.js', ['build', '--app', '-c', 'build/vite.config.ts', '--logLevel', 'warn']))
    fail('the build failed')
}

/** True if it ended well. */
function run(script: string, scriptArgs: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  const file = path.join(top, 'node_modules', script)
  if (!existsSync(file)) fail(`${path.relative(top, file)} is not there; run "npm install"`)
  const done = spawnSync(process.execPath, [file, ...scriptArgs], {
    cwd: top,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return done.status === 0
}

/** Why nothing can be downloaded, or null. */
async function whyOffline(): Promise<string | null> {
  const late = new Promise<string>(resolve =>
    setTimeout(() => resolve(`${downloadHost} is not found in time`), lookupMs).unref(),
  )
  const found = lookup(downloadHost).then(
    () => null,
    error => `${downloadHost} cannot be reached: ${(error as NodeJS.ErrnoException).code}`,
  )
  return Promise.race([found, late])
}

function which(name: string): string | null {
  const files = (process.env['PATH'] ?? '').split(path.delimiter).map(folder => path.join(folder, name))
  return files.find(isExecutable) ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function fail(message: string): never {
  console.error(`npm run package: ${message}`)
  process.exit(2)
}
