/**
 * The product's monitor in a process of its own, which does what it is told: looks at everything and checkpoints
 * whatever has changed, or checks its store. Answers when it is done.
 *
 * Arguments: config folder, data folder.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { CheckpointOutcome } from '../../../shared/core/checkpoint.ts'
import { displayTreePath } from '../../../shared/core/tree-name.ts'
import type { TreeManifest } from '../../../shared/core/work-tree.ts'
import { openStore } from '../../../shared/engine/checkpoint-store.ts'
import { dataPaths } from '../../../shared/engine/data-folder.ts'
import { startMonitor } from '../../../shared/engine/monitor.ts'
import { longLivedPorts } from '../../../shared/engine/node-ports.ts'
import '../child-voice.ts'
import type { Answer, Order } from './monitor-process.ts'

const [, , configDir = '', dataFolder = ''] = process.argv
const ports = longLivedPorts(() => {})
const environment = { PATH: process.env['PATH'] }
const home = process.env['HOME'] ?? ''
const started = await startMonitor(ports, { dataFolder, roots: [configDir], home, environment, automatic: false })
if (!started.ok) throw new Error(started.message)
const { monitor } = started

async function obey(order: Order): Promise<Answer> {
  if (order.kind === 'list') return { savedMs: [], saved: 0, problems: [], listed: listSources(order.into) }
  const outcomes = await monitor.requestCheckpoint({ which: 'changed' })
  const saved = outcomes.filter(outcome => outcome.kind === 'saved')
  const problems = outcomes.filter(({ kind }) => kind !== 'saved' && kind !== 'unchanged').map(words)
  return { savedMs: saved.map(({ tookMs }) => tookMs), saved: saved.length, problems, listed: 0 }
}

function words(outcome: CheckpointOutcome): string {
  return JSON.stringify(outcome)
}

/** Paths of every file that the newest checkpoints hold, each ended by a NUL byte; returns their bytes. */
function listSources(into: string): number {
  const opened = openStore(ports, dataPaths(dataFolder).store)
  if (!opened.ok) throw new Error(opened.message)
  const { store } = opened
  const sessions = store.sessions()
  const found = new Map<string, number>()
  for (const id of sessions.ok ? sessions.sessions : []) {
    const newest = store.newest(id)
    if (!newest.ok || newest.record === null) continue
    for (const stream of newest.record.streams) found.set(stream.path, stream.bytes)
    const read = store.readManifest(newest.record)
    if (read.ok && read.manifest) addFiles(read.manifest, found)
  }
  fs.writeFileSync(into, [...found.keys()].map(file => `${file}\0`).join(''))
  return [...found.values()].reduce((sum, bytes) => sum + bytes, 0)
}

function addFiles(manifest: TreeManifest, found: Map<string, number>): void {
  for (const file of manifest.files) {
    if (file.kind === 'file') found.set(path.join(manifest.root, displayTreePath(file.path)), file.bytes)
  }
}

process.on('message', async (order: Order) => {
  process.send?.(await obey(order))
})
process.on('disconnect', async () => {
  await monitor.stop()
  process.exit(0)
})
process.send?.('ready')
