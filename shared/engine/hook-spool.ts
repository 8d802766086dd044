/**
 * Words that hooks left for the monitor: each is taken once, whoever runs beside us; what is no word is set aside.
 *
 * Bounded whatever lies there: so many files at a time, each of a small size, and of bad ones the last few are kept.
 */
import { watch } from 'node:fs'
import path from 'node:path'
import { type HookWord, isWordFileName, parseHookWord } from '../core/hook-word.ts'
import { errorCode, makeFolderDurably, readBounded, removeQuietly } from './durable-file.ts'
import type { Ports } from './ports.ts'

export interface HookSpool {
  /** All words that lie there, oldest first. Never throws because of what it finds. */
  take(): readonly HookWord[]
  /** Calls `listener` when something new lies there, as far as the system tells. Returns the way to stop. */
  watch(listener: () => void): () => void
}

const wordLimit = 16_384
const takenAtOnce = 1_000
const badKept = 20
/** What a hook began to write is finished at once or never. Ms. */
const draftMs = 60_000
/** An older word says nothing about now. Ms. */
const staleMs = 7 * 24 * 3_600_000

export function createHookSpool(ports: Pick<Ports, 'clock' | 'files' | 'log'>, folder: string): HookSpool {
  const { clock, files, log } = ports
  const badFolder = path.join(folder, 'bad')

  return { take, watch: watchFolder }

  function take(): readonly HookWord[] {
    const names = listed(folder).slice(0, takenAtOnce)
    const words = names.flatMap(name => {
      if (isWordFileName(name)) return takeOne(name) ?? []
      if (name !== 'bad') clearAway(name)
      return []
    })
    return words.sort((a, b) => a.atMs - b.atMs)
  }

  function takeOne(name: string): HookWord | null {
    const at = path.join(folder, name)
    const read = readBounded(files, at, wordLimit)
    if (!read.ok) {
      if (read.reason !== 'missing') setAside(name, read.message)
      return null
    }
    const word = parsed(read.bytes.toString('utf8'))
    if (word === null) {
      setAside(name, 'it is no word of a hook')
      return null
    }
    // Of two monitors the one that removes it has it.
    if (!removed(at)) return null
    return Math.abs(clock.nowMs() - word.atMs) > staleMs ? null : word
  }

  /** A draft of a hook that was killed, or something that nobody of us put there. */
  function clearAway(name: string): void {
    const at = path.join(folder, name)
    const ageMs = quietly(() => clock.nowMs() - files.lstat(at).mtimeMs)
    if (ageMs === null || Math.abs(ageMs) < draftMs) return
    if (/^\d+\..*\.tmp$/.test(name)) removeQuietly(files, at)
    else setAside(name, 'nothing of ours has such a name')
  }

  function setAside(name: string, why: string): void {
    log('warn', 'a file in the spool was set aside', { name, why })
    quietly(() => {
      makeFolderDurably(files, badFolder)
      const kept = listed(badFolder).toSorted()
      for (const old of kept.slice(0, Math.max(0, kept.length - badKept + 1)))
        removeQuietly(files, path.join(badFolder, old))
      files.rename(path.join(folder, name), path.join(badFolder, `${Math.trunc(clock.nowMs())}-${name.slice(0, 100)}`))
    })
  }

  function removed(at: string): boolean {
    return (
      quietly(() => {
        files.unlink(at)
        return true
      }) === true
    )
  }

  function listed(at: string): readonly string[] {
    return quietly(() => files.list(at)) ?? []
  }

  function watchFolder(listener: () => void): () => void {
    try {
      makeFolderDurably(files, folder)
      const watcher = watch(folder, { persistent: false }, listener)
      watcher.on('error', error => log('warn', 'the spool is not watched', { message: String(error) }))
      return () => watcher.close()
    } catch (error) {
      // The look at every interval finds what lies there too.
      log('warn', 'the spool is not watched', { message: String(error) })
      return () => {}
    }
  }
}

function parsed(text: string): HookWord | null {
  try {
    return parseHookWord(JSON.parse(text))
  } catch {
    return null
  }
}

/** Null where the disk says no. */
function quietly<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}
