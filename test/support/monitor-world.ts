/** A scratch machine with a monitor on it: transcripts written by hand, real git, a clock that can be moved ahead. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { SessionId } from '../../shared/core/session.ts'
import { type CheckpointStore, openStore } from '../../shared/engine/checkpoint-store.ts'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import { type Monitor, type MonitorStarted, startMonitor } from '../../shared/engine/monitor.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { makeScratchHome, type ScratchHome } from './scratch.ts'

export interface MonitorWorld extends ScratchHome {
  readonly ports: Ports
  /** Moves the wall clock that the monitor sees; the disk's stays. */
  advance(ms: number): void
  /** A session with one prompt in `cwd`, and `extra` after it as it is. Returns the transcript's path. */
  writeSession(sessionId: SessionId, cwd: string, extra?: string | Uint8Array): string
  start(change?: Partial<Ports>): Promise<MonitorStarted>
  /** @throws {Error} if it does not start */
  started(change?: Partial<Ports>): Promise<Monitor>
  store(): CheckpointStore
}

export function makeMonitorWorld(name: string): MonitorWorld {
  const scratch = makeScratchHome(name)
  let aheadMs = 0
  const real = nodePorts(() => {})
  const ports: Ports = { ...real, clock: { ...real.clock, nowMs: () => real.clock.nowMs() + aheadMs } }
  const start = (change: Partial<Ports> = {}) =>
    startMonitor(
      { ...ports, ...change },
      { dataFolder: scratch.dataDir, roots: [scratch.configDir], home: scratch.home, automatic: false },
    )
  return {
    ...scratch,
    ports,
    advance: ms => {
      aheadMs += ms
    },
    writeSession(sessionId, cwd, extra = '') {
      const folder = path.join(scratch.configDir, 'projects', cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'))
      const file = path.join(folder, `${sessionId}.jsonl`)
      mkdirSync(folder, { recursive: true })
      writeFileSync(file, Buffer.concat([Buffer.from(promptLine(sessionId, cwd)), Buffer.from(extra)]))
      return file
    },
    start,
    async started(change) {
      const result = await start(change)
      if (!result.ok) throw new Error(result.message)
      return result.monitor
    },
    store() {
      const opened = openStore(ports, dataPaths(scratch.dataDir).store)
      if (!opened.ok) throw new Error(opened.message)
      return opened.store
    },
  }
}

/** A human prompt as Claude Code writes it, with its line end. */
export function promptLine(sessionId: SessionId, cwd: string, text = 'Please look at this'): string {
  const record = {
    parentUuid: null,
    isSidechain: false,
    type: 'user',
    message: { role: 'user', content: text },
    uuid: '11111111-1111-4111-8111-111111111111',
    timestamp: '2026-01-05T10:00:00.000Z',
    userType: 'external',
    entrypoint: 'cli',
    cwd,
    sessionId,
    version: '2.1.330',
    gitBranch: 'main',
  }
  return `${JSON.stringify(record)}\n`
}
