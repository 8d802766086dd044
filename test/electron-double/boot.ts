/**
 * What the stand-in executable runs: `boot.ts [switches] <app folder> [arguments]`, as Electron's command line is. With
 * `ELECTRON_DOUBLE_RESOURCES` it is a packaged app: its archive lies there, and no folder is named.
 *
 * Evaluates the app's entry module, then lets the app become ready, and stays until the app quits.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { app } from './app.ts'
import { becomeReady, control } from './control.ts'

interface CommandLine {
  /** Files of `-r`, run before the app. */
  readonly preloaded: readonly string[]
  readonly appFolder: string
}

function parseCommandLine(args: readonly string[]): CommandLine {
  const preloaded: string[] = []
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] as string
    if (argument === '-r' || argument === '--require') preloaded.push(path.resolve(args[++at] ?? ''))
    else if (!argument.startsWith('-')) return { preloaded, appFolder: path.resolve(argument) }
  }
  return { preloaded, appFolder: process.cwd() }
}

/**
 * The archive as folders of the same names, elsewhere: plain Node reads no archive, and nothing of the checkout lies
 * around it. What it left outside of itself stays outside, so that the app has to look for it there.
 */
async function unpackApp(resources: string): Promise<string> {
  const { extractAll } = await import('@electron/asar')
  const folder = mkdtempSync(path.join(tmpdir(), 'electron-double-app-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const unpacked = path.join(resources, 'app.asar.unpacked')
  extractAll(path.join(resources, 'app.asar'), path.join(folder, 'app.asar'))
  if (existsSync(unpacked)) cpSync(unpacked, path.join(folder, 'app.asar.unpacked'), { recursive: true })
  return path.join(folder, 'app.asar')
}

const resources = process.env['ELECTRON_DOUBLE_RESOURCES']
const args = process.argv.slice(2)
const parsed = parseCommandLine(args)
const { preloaded } = parsed
const appFolder = resources === undefined ? parsed.appFolder : await unpackApp(resources)
const manifest = JSON.parse(readFileSync(path.join(appFolder, 'package.json'), 'utf8')) as { main: string }
const userData = args.find(argument => argument.startsWith('--user-data-dir='))
control.config.appPath = appFolder
if (userData !== undefined) control.config.userData = userData.slice('--user-data-dir='.length)
// Playwright waits for the browser's address before it lets the app go on.
control.config.startBrowserEarly = args.some(argument => argument.startsWith('--remote-debugging-port'))
control.config.exit = code => process.exit(code)
control.config.log = line => process.stderr.write(`${line}\n`)
process.argv = [process.execPath, ...args]
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit())
setInterval(() => {}, 2 ** 30) // Electron lives until app.quit()

const require = createRequire(path.join(appFolder, 'package.json'))
for (const file of preloaded) require(file)
await import(pathToFileURL(path.join(appFolder, manifest.main)).href)
await becomeReady()
