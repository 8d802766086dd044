/** Made-up sessions of Claude Code for a spec: a transcript, and a project with one file. */
import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ScratchHome } from '../support/scratch.ts'

export interface MadeSession {
  readonly sessionId: string
  readonly title: string
}

/** A transcript and what it works on, a folder with one file. */
export function makeSession(home: ScratchHome, { sessionId, title }: MadeSession): void {
  const project = path.join(home.home, sessionId.slice(0, 8))
  mkdirSync(project)
  writeFileSync(path.join(project, 'notes.txt'), 'first\n')
  mkdirSync(path.dirname(transcriptOf(home, sessionId)), { recursive: true })
  say(home, sessionId, title)
}

export function transcriptOf({ configDir, home }: ScratchHome, sessionId: string): string {
  const folder = path.join(home, sessionId.slice(0, 8)).replaceAll(/[^A-Za-z0-9]/g, '-')
  return path.join(configDir, 'projects', folder, `${sessionId}.jsonl`)
}

/** Adds a prompt to the transcript. */
export function say(home: ScratchHome, sessionId: string, text: string): void {
  const record = {
    parentUuid: null,
    isSidechain: false,
    userType: 'external',
    cwd: path.join(home.home, sessionId.slice(0, 8)),
    sessionId,
    version: '2.1.0',
    gitBranch: '',
    type: 'user',
    message: { role: 'user', content: text },
    uuid: randomUUID(),
    timestamp: new Date().toISOString(),
  }
  appendFileSync(transcriptOf(home, sessionId), `${JSON.stringify(record)}\n`)
}

/** Numbers of the session's records in the store. */
export function records({ dataDir }: ScratchHome, sessionId: string): readonly number[] {
  const folder = path.join(dataDir, 'store', 'checkpoints', sessionId)
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names.map(name => Number.parseInt(name, 10)).sort((a, b) => a - b)
}

/** Where the session works. Its folder name is the project's name. */
export function projectOf({ home }: ScratchHome, sessionId: string): string {
  return path.join(home, sessionId.slice(0, 8))
}
