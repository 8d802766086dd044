/**
 * Where Electron's binary is. Never asks the `electron` package itself: importing it downloads the binary, or throws.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

export type ElectronBinary =
  | { readonly kind: 'found'; readonly file: string }
  /** `why` names the file that is missing. */
  | { readonly kind: 'missing'; readonly why: string }

export interface BinaryQuestion {
  /** The checkout. */
  readonly top: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
}

const programs: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
}

/** Looks where the package would: `path.txt` names the program, `ELECTRON_OVERRIDE_DIST_PATH` its folder. */
export function findElectron({ top, env, platform }: BinaryQuestion): ElectronBinary {
  const folder = path.join(top, 'node_modules', 'electron')
  const note = path.join(folder, 'path.txt')
  const program = existsSync(note) ? readFileSync(note, 'utf8') : (programs[platform] ?? 'electron')
  const file = path.join(env['ELECTRON_OVERRIDE_DIST_PATH'] ?? path.join(folder, 'dist'), program)
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return { kind: 'found', file }
  return { kind: 'missing', why: `${path.relative(top, file)} is not there` }
}
