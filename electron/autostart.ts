/**
 * Starting at login: login items on Windows and macOS, an XDG autostart entry on Linux. Started so, the app stays in
 * the tray (`--hidden`).
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { app } from 'electron'

/** What the entry starts the app with. */
export const hiddenFlag = '--hidden'

export interface AutostartPlace {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** The program to start and the arguments before {@link hiddenFlag}. */
  readonly command: readonly string[]
}

export interface Autostart {
  /** Null where it cannot be told. */
  isOn(): boolean | null
  /** @throws {Error} in words when the system refuses. */
  set(enabled: boolean): void
}

export function createAutostart(place: AutostartPlace): Autostart {
  return place.platform === 'linux' ? xdgAutostart(place) : loginItem(place)
}

function loginItem({ platform, command: [program = '', ...args] }: AutostartPlace): Autostart {
  const which = platform === 'win32' ? { path: program, args: [...args, hiddenFlag] } : {}
  return {
    isOn: () => app.getLoginItemSettings(which).openAtLogin,
    set: enabled => app.setLoginItemSettings({ ...which, openAtLogin: enabled }),
  }
}

function xdgAutostart(place: AutostartPlace): Autostart {
  const config = place.env['XDG_CONFIG_HOME']
  const base = config && path.isAbsolute(config) ? config : path.join(place.home, '.config')
  const file = path.join(base, 'autostart', 'active-session-monitor.desktop')
  return {
    isOn: () => isEnabledEntry(readOr(file, '')),
    set(enabled) {
      if (!enabled) return rmSync(file, { force: true })
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, autostartEntry([...place.command, hiddenFlag]), { mode: 0o644 })
    },
  }
}

/** An entry of the XDG autostart folder that runs `command`. */
export function autostartEntry(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Active Session Monitor',
    'Comment=Checkpoints Claude Code sessions',
    `Exec=${command.map(quoteExec).join(' ')}`,
    'Icon=active-session-monitor',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')
}

/** False for none, and for one that the user's desktop has turned off. */
export function isEnabledEntry(entry: string): boolean {
  return /^Exec=/m.test(entry) && !/^(Hidden=true|X-GNOME-Autostart-enabled=false)$/m.test(entry)
}

/** As the Desktop Entry Specification has it: quoted, then escaped once more as a value; `%` begins a field code. */
function quoteExec(argument: string): string {
  const quoted = argument.replaceAll(/["`$\\]/g, found => `\\${found}`)
  return `"${quoted.replaceAll('\\', '\\\\').replaceAll('%', '%%').replaceAll('\n', '\\n')}"`
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}
