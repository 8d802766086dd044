/**
 * What the app has to say: trouble on its console, and everything in the monitor's log file for as long as this app is
 * the monitor that runs (`session-monitor logs` shows it). Free of Electron.
 */
import type { LogLevel } from '../shared/core/log-line.ts'
import { createLogFile, type LogFile } from '../shared/engine/log-file.ts'
import type { Log, Ports } from '../shared/engine/ports.ts'

export interface AppLog {
  readonly log: Log
  /** From now on into the file too. Only for the one that holds the monitor's lock. */
  begin(): void
  /** No longer into the file. */
  end(): void
  /** What the file leaves out. */
  setLevel(least: LogLevel): void
}

export interface AppLogParts extends Pick<Ports, 'clock' | 'files'> {
  /** Of the log files, absolute. */
  readonly folder: string
  /** The console. */
  readonly say: (line: string) => void
}

export function createAppLog({ clock, files, folder, say }: AppLogParts): AppLog {
  let least: LogLevel = 'info'
  let file: LogFile | null = null
  return {
    log(level, message, fields) {
      if (level === 'warn' || level === 'error') say(message)
      file?.log(level, message, fields)
    },
    begin() {
      file ??= createLogFile({ clock, files }, folder, { level: () => least })
    },
    end() {
      file?.close()
      file = null
    },
    setLevel(next) {
      least = next
    },
  }
}
