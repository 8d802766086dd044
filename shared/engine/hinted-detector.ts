/** A detector whose answers are sharpened by what hooks said; see `live-hint.ts`. Nothing else is changed. */
import type { HookWord } from '../core/hook-word.ts'
import { sharpenLive } from '../core/live-hint.ts'
import type { DetectedSession, SessionId } from '../core/session.ts'
import type { Processes, ProcessIdentity } from './ports.ts'
import type { Detector } from './transcript-detector.ts'

export interface HookHints {
  /** Takes a word that was just found; one without a process says nothing of the live state. */
  note(word: HookWord): void
  sharpen(session: DetectedSession): DetectedSession
}

/** Sessions that are remembered; the oldest word goes first. */
const rememberedAtMost = 1_000

export function createHookHints(processes: Processes): HookHints {
  /** With the process as it was when the word came: its number may be another's later. */
  const words = new Map<SessionId, { readonly word: HookWord; readonly process: ProcessIdentity | null }>()
  return {
    note(word) {
      if (word.sessionId === null || word.pid === null) return
      words.delete(word.sessionId)
      words.set(word.sessionId, { word, process: processes.find(word.pid) })
      const [oldest] = words.keys()
      if (words.size > rememberedAtMost && oldest !== undefined) words.delete(oldest)
    },
    sharpen(session) {
      const told = words.get(session.facts.sessionId)
      if (told === undefined) return session
      const now = told.process && processes.find(told.process.pid)
      const isAlive = now !== null && now.start === told.process?.start
      const live = sharpenLive(session.live, { word: told.word, isAlive })
      return live === session.live ? session : { ...session, live }
    },
  }
}

export function hintedDetector(detector: Detector, { sharpen }: HookHints): Detector {
  return {
    ...detector,
    glance: async () => (await detector.glance()).map(sharpen),
    refresh: async onProgress => (await detector.refresh(onProgress)).map(sharpen),
    refreshPaths: async paths => {
      const touched = await detector.refreshPaths(paths)
      return touched && { ...touched, sessions: touched.sessions.map(sharpen) }
    },
  }
}
