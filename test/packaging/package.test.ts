/** What the installers hold, made with a stand-in for Electron: files, fuses, and that the packed app starts by itself. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { extractFile, listPackage } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { _electron } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeInstallerIcons } from '../../build/icons/installer-icons.ts'
import { findChromium } from '../electron-double/chromium.ts'
import { makeScratchHome, removeScratchFolder } from '../support/scratch.ts'
import { makeStandInDist, type PackedPlatform } from './stand-in-dist.ts'

const top = path.resolve(import.meta.dirname, '../..')
const vendor = 'node_modules/node-notifier/vendor'
const noDeb = whyMissing('dpkg-deb')
const noSevenZip = whyMissing('7za')
const noChromium = findChromium(process.env).missing
for (const why of [noDeb, noSevenZip, noChromium]) if (why !== null) console.warn(`\n*** SKIPPED in part: ${why} ***\n`)

interface Packed {
  readonly targets: readonly string[]
  readonly resources: string
  /** What carries the fuses. */
  readonly program: string
  /** Programs of node-notifier that must lie outside the archive. */
  readonly helpers: readonly string[]
}

const packed: Readonly<Record<PackedPlatform, Packed>> = {
  linux: {
    targets: ['dir', ...(noDeb === null ? ['deb'] : []), ...(noSevenZip === null ? ['tar.gz'] : [])],
    resources: 'linux-unpacked/resources',
    program: 'linux-unpacked/active-session-monitor',
    helpers: [],
  },
  win: {
    targets: ['dir'],
    resources: 'win-unpacked/resources',
    program: 'win-unpacked/Active Session Monitor.exe',
    helpers: [
      'notifu/notifu.exe',
      'notifu/notifu64.exe',
      'snoreToast/snoretoast-x64.exe',
      'snoreToast/snoretoast-x86.exe',
    ],
  },
  mac: {
    targets: ['dir'],
    resources: 'mac/Active Session Monitor.app/Contents/Resources',
    program: 'mac/Active Session Monitor.app',
    helpers: ['mac.noindex/terminal-notifier.app/Contents/MacOS/terminal-notifier'],
  },
}

/** Allowed in our part of the archive. */
const ours =
  /^\/(package\.json|dist\/main\/([\w@-]+\.png|main\.js|engine-thread\.js|scan-worker\.js|[\w.-]+-[\w-]{8}\.js)|dist\/preload\/preload\.cjs|dist\/renderer\/(index\.html|assets\/[\w.-]+\.(js|css|woff2?|svg|png)))$/

function whyMissing(program: string): string | null {
  return spawnSync(program, ['--help']).error ? `${program} is not there` : null
}

function electronBuilder(work: string, platform: PackedPlatform): void {
  const { targets } = packed[platform]
  const dist = makeStandInDist(path.join(work, 'electron'), platform)
  const unsigned = platform === 'mac' ? ['-c.mac.identity=null'] : []
  const output = `-c.directories.output=${path.join(work, 'release')}`
  const args = [
    `--${platform}`,
    ...targets,
    '--x64',
    '--publish',
    'never',
    '--config',
    'build/electron-builder.ts',
    output,
  ]
  const sevenZip = noSevenZip === null ? execFileSync('which', ['7za'], { encoding: 'utf8' }).trim() : ''
  const cli = path.join(top, 'node_modules/electron-builder/cli.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args, ...unsigned], {
    cwd: top,
    encoding: 'utf8',
    timeout: 400_000,
    env: {
      ...process.env,
      ELECTRON_DIST: dist,
      CUSTOM_FPM_PATH: path.join(import.meta.dirname, 'fpm.mjs'),
      ...(sevenZip === '' ? {} : { ELECTRON_BUILDER_7ZIP_PATH: sevenZip }),
    },
  })
  if (status !== 0) throw new Error(`electron-builder failed: ${stdout.slice(-2_000)} ${stderr.slice(-2_000)}`)
}

beforeAll(() => writeInstallerIcons(path.join(top, 'dist/installer')))

describe.each(['linux', 'win', 'mac'] as const)('the package for %s', platform => {
  const work = mkdtempSync(path.join(realpathSync(tmpdir()), 'session-monitor-package-'))
  const at = (...parts: readonly string[]) => path.join(work, 'release', ...parts)
  const { resources, program, helpers } = packed[platform]
  const asar = at(resources, 'app.asar')
  let files: readonly string[] = []
  beforeAll(() => {
    electronBuilder(work, platform)
    const isFile = (file: string) => /\.[a-z0-9]+$/i.test(file) || /\/(terminal-notifier|LICENSE)$/.test(file)
    files = listPackage(asar, { isPack: false }).filter(isFile)
  }, 420_000)
  afterAll(() => removeScratchFolder(work))

  it('holds our bundle, and nothing else of ours', () => {
    const own = files.filter(file => !file.startsWith('/node_modules/'))
    expect(own.filter(file => !ours.test(file))).toEqual([])
    expect(own).toEqual(
      expect.arrayContaining([
        '/dist/main/main.js',
        '/dist/main/engine-thread.js',
        '/dist/main/failingTemplate@2x.png',
        '/dist/preload/preload.cjs',
        '/dist/renderer/index.html',
        '/package.json',
      ]),
    )
  })
  it('holds packages that are needed at run time, no map, no test, no key', () => {
    const inModules = files.filter(file => file.startsWith('/node_modules/'))
    const names = new Set(inModules.map(file => file.split('/')[2]))
    const runTime = ['growly', 'is-docker', 'is-wsl', 'isexe', 'node-notifier', 'semver', 'shellwords', 'uuid', 'which']
    expect([...names].sort()).toEqual(runTime)
    expect(files.filter(file => /\.(map|pem|key|env|ts)$|\/(test|tests|__tests__)\//.test(file))).toEqual([])
    expect(Object.keys(JSON.parse(extractFile(asar, 'package.json').toString()))).not.toContain('devDependencies')
  })
  it('is smaller than 3 MB', () => {
    expect(statSync(asar).size).toBeLessThan(3_000_000)
  })
  it('keeps outside the archive what is started from there, and no other platform’s programs', () => {
    const outside = at(resources, 'app.asar.unpacked')
    const main = readdirSync(path.join(outside, 'dist/main'))
    expect(main).toEqual(expect.arrayContaining(['engine-thread.js', 'scan-worker.js', 'app.png', 'failing-32@2x.png']))
    expect(main).not.toContain('main.js')
    const all = existsSync(path.join(outside, vendor))
      ? readdirSync(path.join(outside, vendor), { recursive: true, encoding: 'utf8' })
      : []
    expect(all.filter(file => /\.exe$|MacOS\/./.test(file)).sort()).toEqual(helpers.toSorted())
    const executable = platform === 'win' ? [] : helpers
    expect(executable.filter(file => (statSync(path.join(outside, vendor, file)).mode & 0o111) === 0)).toEqual([])
  })
  it('carries the command line and every licence beside the archive', () => {
    expect(readdirSync(at(resources, 'cli'))).toEqual(
      expect.arrayContaining(['session-monitor.js', 'engine-thread.js']),
    )
    expect(readdirSync(at(resources, 'bin')).sort()).toEqual(['session-monitor', 'session-monitor.cmd'])
    const licences = readFileSync(at(resources, 'third-party-licences.txt'), 'utf8')
    expect(
      ['react ', 'zod ', 'chokidar ', 'node-notifier ', 'electron-store '].filter(
        name => !licences.includes(`\n${name}`),
      ),
    ).toEqual([])
  })
  it('has its fuses set', async () => {
    const wire = await getCurrentFuseWire(at(program))
    const names = Object.keys(FuseV1Options).filter(key => Number.isNaN(Number(key))) as (keyof typeof FuseV1Options)[]
    expect(names.filter(name => wire[FuseV1Options[name]] === FuseState.ENABLE).sort()).toEqual([
      'EnableEmbeddedAsarIntegrityValidation',
      'OnlyLoadAppFromAsar',
      'WasmTrapHandlers',
    ])
  })
  it.runIf(platform === 'mac')('is an app of the menu bar, and carries the hash of its archive', () => {
    const info = readFileSync(at(program, 'Contents/Info.plist'), 'utf8')
    expect(info).toMatch(/<key>LSUIElement<\/key>\s*<true\/>/)
    expect(info).toContain('ElectronAsarIntegrity')
  })
  it.runIf(platform === 'linux' && noSevenZip === null)('comes as an archive too', () => {
    expect(readdirSync(at()).filter(file => file.endsWith('.tar.gz'))).toEqual([
      'active-session-monitor-0.1.0-linux-x64.tar.gz',
    ])
  })
  it.runIf(platform === 'linux' && noDeb === null)(
    'comes as a .deb with launcher, icon and a linked command line',
    () => {
      const deb = at(readdirSync(at()).find(file => file.endsWith('.deb')) ?? '')
      const list = execFileSync('dpkg-deb', ['-c', deb], { encoding: 'utf8' })
      const wanted = [
        './usr/share/applications/active-session-monitor.desktop',
        './usr/share/icons/hicolor/512x512/apps/active-session-monitor.png',
        './opt/Active Session Monitor/active-session-monitor',
        './opt/Active Session Monitor/resources/app.asar',
        './opt/Active Session Monitor/resources/bin/session-monitor',
      ]
      expect(wanted.filter(file => !list.includes(file))).toEqual([])
      execFileSync('dpkg-deb', ['-e', deb, path.join(work, 'control')])
      expect(readFileSync(path.join(work, 'control/postinst'), 'utf8')).toContain(
        "ln -sf '/opt/Active Session Monitor/resources/bin/session-monitor' /usr/bin/session-monitor",
      )
      expect(spawnSync('sh', ['-n', path.join(work, 'control/postrm')]).status).toBe(0)
    },
  )
  it.runIf(platform === 'linux')('has a command line that runs on the system’s Node', () => {
    const home = makeScratchHome('package-cli')
    const bin = at(resources, 'bin/session-monitor')
    const env = { ...home.env, SESSION_MONITOR_NODE: process.execPath }
    const good = spawnSync(bin, ['list', '--json'], { encoding: 'utf8', env })
    const bad = spawnSync(bin, ['list'], {
      encoding: 'utf8',
      env: { ...home.env, SESSION_MONITOR_NODE: '/nowhere/node' },
    })
    home.remove()
    expect([good.status, JSON.parse(good.stdout).sessions ?? JSON.parse(good.stdout)]).toEqual([0, []])
    expect([bad.status, bad.stderr]).toEqual([1, expect.stringContaining('needs Node 22.15 or newer')])
  })
  it.runIf(platform === 'linux' && noChromium === null)(
    'starts from its own files alone, and its engine too',
    async () => {
      const home = makeScratchHome('package')
      const env = { ...process.env, ...home.env } as Record<string, string>
      const args = [`--user-data-dir=${path.join(work, 'data')}`]
      const app = await _electron.launch({ executablePath: at(program), args, cwd: work, env })
      try {
        const page = await app.firstWindow()
        await page.getByRole('heading').first().waitFor()
        expect(await app.evaluate(({ app }) => [app.isPackaged, app.getName()])).toEqual([
          true,
          'Active Session Monitor',
        ])
        // Made by the engine's thread.
        await expect.poll(() => existsSync(path.join(home.dataDir, 'store/FORMAT')), { timeout: 10_000 }).toBe(true)
        expect(await page.getByRole('alert').count()).toBe(0)
      } finally {
        await app.close()
        home.remove()
      }
    },
    60_000,
  )
})
