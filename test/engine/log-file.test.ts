/** The rotating log and its reader, over a real folder and over a disk that fails. */
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogFile, type LogFileOptions, logFileName } from '../../shared/engine/log-file.ts'
import { followLog, lastLogLines } from '../../shared/engine/log-reader.ts'
import { nodeFiles } from '../../shared/engine/node-ports.ts'
import type { Clock, FileSystem } from '../../shared/engine/ports.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

let scratch: string
let folder: string
beforeEach(() => {
  scratch = makeScratchFolder('log')
  folder = path.join(scratch, 'logs')
})
afterEach(() => removeScratchFolder(scratch))

const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: async () => {} }

function open(options: Partial<LogFileOptions> = {}, files: FileSystem = nodeFiles) {
  return createLogFile({ clock, files }, folder, { level: () => 'info', ...options })
}

/** Messages without their stamps. */
const messages = (lines: readonly string[]) => lines.map(line => line.split(' - ').at(-1))
const textOf = (name: string) => messages(readFileSync(path.join(folder, name), 'utf8').trimEnd().split('\n'))

describe('createLogFile', () => {
  it('makes its folder and files for its user alone', () => {
    const { log, close } = open()
    log('info', 'one')
    close()
    expect([folder, path.join(folder, logFileName)].map(at => lstatSync(at).mode & 0o777)).toEqual([0o700, 0o600])
  })

  it('goes on where it ended', () => {
    for (const word of ['one', 'two']) {
      const { log, close } = open()
      log('info', word)
      close()
    }
    expect(textOf(logFileName)).toEqual(['one', 'two'])
  })

  it('writes what is at least of its level, as that is at the moment', () => {
    let level: 'debug' | 'warn' = 'warn'
    const { log, close } = open({ level: () => level })
    log('info', 'left out')
    log('error', 'one')
    level = 'debug'
    log('debug', 'two')
    close()
    expect(textOf(logFileName)).toEqual(['one', 'two'])
  })

  it('keeps so many files of so many bytes, and lets the oldest go', () => {
    const { log, close } = open({ maxBytes: 100, keep: 2 })
    for (let n = 0; n < 50; n++) log('info', `line ${n}`)
    close()
    const names = readdirSync(folder).sort()
    expect(names).toEqual([logFileName, `${logFileName}.1`, `${logFileName}.2`])
    expect(Math.max(...names.map(name => lstatSync(path.join(folder, name)).size))).toBeLessThanOrEqual(100)
    expect(textOf(logFileName)).toEqual(['line 48', 'line 49'])
    expect(textOf(`${logFileName}.2`)).toEqual(['line 44', 'line 45'])
  })

  it('loses a line that the disk does not take, and nothing else', () => {
    let full = false
    const files: FileSystem = {
      ...nodeFiles,
      open: (at, mode) => {
        const file = nodeFiles.open(at, mode)
        const append = (bytes: Uint8Array) => {
          if (full) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
          file.append(bytes)
        }
        return { ...file, append }
      },
    }
    const { log, lost, close } = open({}, files)
    log('info', 'one')
    full = true
    log('info', 'two')
    full = false
    log('info', 'three')
    close()
    expect({ lines: textOf(logFileName), lost: lost() }).toEqual({ lines: ['one', 'three'], lost: 1 })
  })
})

describe('lastLogLines', () => {
  it('gives the end, over older files where the newest is short', () => {
    const { log, close } = open({ maxBytes: 100, keep: 3 })
    for (let n = 0; n < 10; n++) log('info', `line ${n}`)
    close()
    expect(messages(lastLogLines(nodeFiles, folder, 5))).toEqual(['line 5', 'line 6', 'line 7', 'line 8', 'line 9'])
    expect(lastLogLines(nodeFiles, folder, 0)).toEqual([])
    expect(lastLogLines(nodeFiles, folder, 1_000)).toHaveLength(8)
  })

  it('gives no half of a line, whatever its length', () => {
    const { log, close } = open()
    for (let n = 0; n < 40; n++) log('info', `${n} ${'é'.repeat(3_000)}`)
    close()
    const lines = lastLogLines(nodeFiles, folder, 30)
    expect(messages(lines).map(line => Number.parseInt(line ?? '', 10))).toEqual(
      Array.from({ length: 30 }, (_, n) => n + 10),
    )
  })

  it('gives nothing where there is no log', () => {
    expect(lastLogLines(nodeFiles, path.join(scratch, 'none'), 5)).toEqual([])
  })
})

describe('followLog', () => {
  it('gives each further line once, also over a rotation and before there is a log', () => {
    const follower = followLog(nodeFiles, folder)
    expect(follower.next()).toEqual([])
    const { log, close } = open({ maxBytes: 100, keep: 2 })
    const seen: (string | undefined)[] = []
    for (let n = 0; n < 20; n++) {
      log('info', `line ${n}`)
      seen.push(...messages(follower.next()))
    }
    close()
    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => `line ${n}`))
  })

  it('leaves out what was there, and waits for the end of a line', () => {
    const { log, close } = open()
    log('info', 'old')
    close()
    const follower = followLog(nodeFiles, folder)
    const at = path.join(folder, logFileName)
    writeFileSync(at, 'half a', { flag: 'a' })
    expect(follower.next()).toEqual([])
    writeFileSync(at, ' line\nnext\n', { flag: 'a' })
    expect(follower.next()).toEqual(['half a line', 'next'])
  })

  it('begins again when the log was removed', () => {
    const { log, close } = open()
    log('info', 'old')
    close()
    const follower = followLog(nodeFiles, folder)
    rmSync(path.join(folder, logFileName))
    expect(follower.next()).toEqual([])
    const again = open()
    again.log('info', 'new')
    again.close()
    expect(messages(follower.next())).toEqual(['new'])
  })
})
