/**
 * `requestSingleInstanceLock` by a folder in `userData`: the first process makes it, later ones leave a message
 * in it, which the first one watches for.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import path from 'node:path'

/** What a later process tells the first one. */
export interface SecondInstance {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly additionalData: unknown
}

/** Takes the lock and returns the way to give it up, or null after telling the holder of `message`. */
export function takeInstanceLock(
  userData: string,
  message: SecondInstance,
  onSecond: (second: SecondInstance) => void,
): (() => void) | null {
  const folder = path.join(userData, 'SingletonDouble')
  mkdirSync(userData, { recursive: true })
  if (!claim(folder)) {
    const draft = path.join(folder, `draft-${process.pid}`)
    writeFileSync(draft, JSON.stringify(message))
    renameSync(draft, path.join(folder, `message-${process.pid}.json`))
    return null
  }
  writeFileSync(path.join(folder, 'pid'), String(process.pid))
  const watcher = watch(folder, () => {
    for (const second of takeMessages(folder)) onSecond(second)
  })
  watcher.unref()
  return () => {
    watcher.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** False if a living process holds the folder. */
function claim(folder: string): boolean {
  for (;;) {
    try {
      mkdirSync(folder)
      return true
    } catch {
      if (isHeld(folder)) return false
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

function isHeld(folder: string): boolean {
  try {
    process.kill(Number(readFileSync(path.join(folder, 'pid'), 'utf8')), 0)
    return true
  } catch {
    return false
  }
}

function takeMessages(folder: string): readonly SecondInstance[] {
  return readdirSync(folder)
    .filter(name => name.startsWith('message-'))
    .map(name => {
      const message = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as SecondInstance
      rmSync(path.join(folder, name))
      return message
    })
}
