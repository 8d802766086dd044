/**
 * Where the running monitor of a data folder can be talked to: a socket in a folder that only its user may enter,
 * on Windows a named pipe. Paths only.
 */
import path from 'node:path'
import { dataPaths } from './data-folder.ts'

export interface LocalPlace {
  /** 0700. Holds the key and the lock, and the socket where its path is short enough. */
  readonly folder: string
  /** Its own folder must be 0700 too; null where the address is no file. */
  readonly socketFolder: string | null
  /** What to listen on and connect to. */
  readonly address: string
  /** The secret that both sides show to know, 0600. */
  readonly keyFile: string
  /** Tickets of the lock that says who runs. */
  readonly lockFolder: string
}

/** What the systems allow for a socket's path is 104 bytes on macOS, 108 on Linux, the end included. */
const longestSocketPath = 100

/** @param temporary The system's folder for temporary files, for a data folder whose path is too long. */
export function localPlace(dataFolder: string, platform: NodeJS.Platform, temporary: string): LocalPlace {
  const folder = dataPaths(dataFolder).run
  const common = { folder, keyFile: path.join(folder, 'key'), lockFolder: path.join(folder, 'lock') }
  if (platform === 'win32') {
    const pipe = `\\\\.\\pipe\\session-monitor-${shortName(folder.toLowerCase())}`
    return { ...common, socketFolder: null, address: pipe }
  }
  const beside = path.join(folder, 'monitor.sock')
  if (Buffer.byteLength(beside) <= longestSocketPath) return { ...common, socketFolder: folder, address: beside }
  const socketFolder = path.join(temporary, `session-monitor-${shortName(folder)}`)
  return { ...common, socketFolder, address: path.join(socketFolder, 'monitor.sock') }
}

/** Loaded where it is needed: most paths are short enough. */
function shortName(folder: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(folder).digest('hex').slice(0, 24)
}
