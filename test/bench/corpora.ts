/**
 * A corpus for a benchmark: made in a process of its own, so that the one that measures stays small, and only where
 * there is room for it.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { Profile } from '../support/corpus-plan.ts'
import { startHolders } from '../support/holders.ts'
import { runScript } from './measure.ts'

export interface CorpusRequest {
  readonly sessions: number
  readonly seed: string
  readonly profile: Profile
  readonly repositories: number
  /** As in `support/corpus.ts`. */
  readonly scale?: number
}

export interface BenchCorpus extends CorpusRequest {
  readonly folder: string
  readonly configDir: string
  /** `truth.json` of `support/corpus.ts`. */
  readonly truthFile: string
  /** Paths of all transcripts, sub-agents' too, each ended by a NUL byte. */
  readonly listFile: string
  readonly files: number
  readonly bytes: number
  /** Complete lines. */
  readonly lines: number
  /** Ends the process that stands for its live session, and deletes it. */
  readonly remove: () => Promise<void>
}

/** Generous: what a session of the largest profile takes on disk, with truth and repositories. */
const bytesPerSession = 800_000

/** @throws {Error} when the disk has no room for it, or git is not installed. */
export async function makeCorpus(request: CorpusRequest, folder: string, signal: AbortSignal): Promise<BenchCorpus> {
  const { bavail, bsize } = fs.statfsSync(folder)
  const needed = 2 * request.sessions * bytesPerSession
  if (bavail * bsize < needed) throw new Error(`${request.sessions} sessions need ${needed} bytes free`)
  const corpusFolder = path.join(folder, `corpus-${request.sessions}`)
  const holders = startHolders(1)
  const remove = async () => {
    await holders.stop()
    fs.rmSync(corpusFolder, { recursive: true, force: true })
  }
  try {
    const script = path.join(import.meta.dirname, 'make-corpus.ts')
    const options = JSON.stringify({ ...request, live: holders.processes })
    const made = (await runScript(script, [corpusFolder, options], folder, signal)) as Made
    return { ...request, ...made, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

type Made = Omit<BenchCorpus, keyof CorpusRequest | 'remove'>

/** In words, for a report. */
export function describeCorpus(corpus: BenchCorpus): string {
  const { sessions, profile, scale = 1, seed, files, bytes, lines, repositories } = corpus
  const size = `${files} transcript files, ${Math.round(bytes / 1e6)} MB, ${lines} lines`
  return `corpus: ${sessions} sessions, profile ${profile}${scale === 1 ? '' : ` × ${scale}`}, seed "${seed}", ${repositories} repositories; ${size}`
}
