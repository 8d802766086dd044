/**
 * What runs inside a scan worker: reads whole transcripts that nobody has read before, and hands over what they say.
 * An entry point, so the real ports are chosen here. It holds one file open at a time and keeps nothing.
 */
import { parentPort } from 'node:worker_threads'
import { digestOf, foldOf, keepNothing, readKept } from './kept-session.ts'
import { nodeFiles } from './node-ports.ts'
import type { ScanAnswer, ScanJob, ScannedSession } from './scan-crew.ts'
import { SessionFiles } from './session-files.ts'
import { createScanner } from './transcript-scanner.ts'

const scanner = createScanner()

parentPort?.on('message', (jobs: readonly ScanJob[]) => {
  for (const job of jobs) parentPort?.postMessage(scan(job) satisfies ScanAnswer)
})

function scan({ sessionId, files, keepsText }: ScanJob): ScannedSession {
  const kept = keepNothing(sessionId)
  const found = new SessionFiles()
  for (const file of files) found.set(file)
  let bytes = 0
  for (const read of readKept({ files: nodeFiles, scanner }, kept, found)) bytes += read
  const { brief, goodbye, text } = digestOf(foldOf(kept), keepsText)
  return { sessionId, bytes, reads: kept.reads, problems: kept.problems, brief, goodbye, foldText: text }
}
