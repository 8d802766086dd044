/**
 * A made-up machine that changes by chance in every way that a list of sessions depends on: transcripts, live sessions,
 * settings, checkpoints, projects. The wall clock stands still but when it is moved.
 */
import fs from 'node:fs'
import path from 'node:path'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import { type LookPlace, readKeptLook, stateOfKept } from '../../shared/engine/kept-look.ts'
import { type Monitor, startMonitor } from '../../shared/engine/monitor.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Ports, ProcessIdentity } from '../../shared/engine/ports.ts'
import { buildCorpus } from './corpus.ts'
import { promptLine } from './monitor-world.ts'
import type { Random } from './random.ts'
import { writeRegistryFile } from './registry-files.ts'
import { makeScratchHome } from './scratch.ts'

export const version = '1.2.3'
const heldPids = [4_100_001, 4_100_002, 4_100_003]

export function makeChangingWorld(random: Random) {
  const scratch = makeScratchHome('changing')
  const corpus = buildCorpus({
    folder: path.join(scratch.folder, 'corpus'),
    seed: random.hex(8),
    sessions: 20,
    repositories: 3,
    profile: 'nasty',
    live: [],
  })
  const real = nodePorts(() => {})
  /** Well after everything on the disk, so that its times can be relied on. */
  let nowMs = Date.now() + 3_600_000
  const alive = new Map<number, ProcessIdentity>()
  const ports: Ports = {
    ...real,
    clock: { ...real.clock, nowMs: () => nowMs },
    processes: { ...real.processes, find: pid => alive.get(pid) ?? real.processes.find(pid) },
  }
  const paths = dataPaths(scratch.dataDir)
  const place: LookPlace = { dataFolder: scratch.dataDir, roots: corpus.roots, version }

  const withMonitor = async <T>(work: (monitor: Monitor) => Promise<T>, keepLookFor?: string): Promise<T> => {
    const options = { dataFolder: scratch.dataDir, roots: corpus.roots, home: corpus.home, automatic: false }
    const started = await startMonitor(ports, { ...options, ...(keepLookFor ? { keepLookFor } : {}) })
    if (!started.ok) throw new Error(started.message)
    try {
      return await work(started.monitor)
    } finally {
      await started.monitor.stop()
    }
  }
  const transcripts = () => corpus.sessions.map(({ mainPath }) => mainPath).filter(file => fs.existsSync(file))
  const sessionAt = (file: string) => path.basename(file, '.jsonl')
  const recordFolders = () => {
    const folder = path.join(paths.store, 'checkpoints')
    return fs.existsSync(folder) ? fs.readdirSync(folder).map(name => path.join(folder, name)) : []
  }

  /** From now on a process holds the session. */
  function hold(sessionId: string): void {
    const process = { pid: random.pick(heldPids), start: random.hex(6) }
    alive.set(process.pid, process)
    const status = random.pick(['busy', 'idle', 'waiting', 'shell'] as const)
    const at = { statusUpdatedMs: nowMs, startedMs: nowMs, pidDomain: ports.processes.pidDomain }
    writeRegistryFile(corpus.sessionsDir, { ...at, cwd: corpus.home, sessionId, process, status })
  }

  const changes: Readonly<Record<string, () => Promise<void> | void>> = {
    nothing: () => {},
    'a line is added': () => {
      const file = random.pick(transcripts())
      fs.appendFileSync(file, promptLine(sessionAt(file), corpus.home, `More ${random.hex(4)}`))
    },
    'half a line is added': () => fs.appendFileSync(random.pick(transcripts()), '{"type":"user"'),
    'a transcript is cut': () => {
      const file = random.pick(transcripts())
      fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2))
    },
    'a transcript is written over with as many bytes': () => {
      const file = random.pick(transcripts())
      const bytes = fs.readFileSync(file)
      fs.writeFileSync(file, bytes.fill(0x20, Math.floor(bytes.length / 2)))
    },
    'a transcript goes': () => fs.rmSync(random.pick(transcripts())),
    'a session begins': () => {
      const id = random.uuid()
      const folder = path.dirname(random.pick(transcripts()))
      const cwd = random.pick(corpus.repositories).root
      fs.writeFileSync(path.join(folder, `${id}.jsonl`), promptLine(id, cwd))
    },
    'a session moves': () => {
      const from = random.pick(transcripts())
      const folder = path.join(path.dirname(path.dirname(from)), `-moved-${random.hex(4)}`)
      fs.mkdirSync(folder)
      fs.renameSync(from, path.join(folder, path.basename(from)))
    },
    'a sub-agent begins': () => {
      const file = random.pick(transcripts())
      const folder = path.join(path.dirname(file), sessionAt(file), 'subagents')
      fs.mkdirSync(folder, { recursive: true })
      fs.writeFileSync(path.join(folder, `agent-${random.hex(8)}.jsonl`), promptLine(sessionAt(file), corpus.home))
    },
    'a process takes a session': () => hold(sessionAt(random.pick(transcripts()))),
    'a process dies': () => void alive.delete(random.pick(heldPids)),
    'a pid is another process’s now': () => {
      const pid = random.pick(heldPids)
      if (alive.has(pid)) alive.set(pid, { pid, start: random.hex(6) })
    },
    'the settings change': () => {
      const thresholds = { timeHours: random.int(1, 9), idleMinutes: random.int(5, 90) }
      const excluded = { path: random.pick(corpus.repositories).root, excluded: random.chance(0.5) }
      fs.writeFileSync(paths.settings, JSON.stringify({ thresholds, projects: [excluded] }))
    },
    'a setting is out of its range': () => {
      fs.writeFileSync(paths.settings, JSON.stringify({ thresholds: { timeHours: -random.int(1, 9) } }))
    },
    'the settings break': () => fs.writeFileSync(paths.settings, '{"thresholds":'),
    'another root is added': () => {
      const root = path.join(scratch.folder, `root-${random.hex(4)}`)
      const id = random.uuid()
      fs.mkdirSync(path.join(root, 'projects', '-x'), { recursive: true })
      fs.writeFileSync(path.join(root, 'projects', '-x', `${id}.jsonl`), promptLine(id, corpus.home))
      fs.writeFileSync(paths.settings, JSON.stringify({ extraRoots: [root] }))
    },
    'the older monitor leaves a word': () => {
      const state = { [`/x:${sessionAt(random.pick(transcripts()))}`]: { last_checkpoint: '2026-11-23T10:00:00' } }
      fs.writeFileSync(path.join(corpus.configDir, 'monitor-state.json'), JSON.stringify(state))
    },
    'sessions are checkpointed': async () => {
      const sessionIds = [1, 2, 3].map(() => sessionAt(random.pick(transcripts())))
      await withMonitor(monitor => monitor.requestCheckpoint({ sessionIds }))
    },
    'everything is checkpointed': () => withMonitor(monitor => monitor.runCycle({})).then(() => {}),
    'a record is deleted': () => {
      const folders = recordFolders()
      const names = folders.length === 0 ? [] : fs.readdirSync(random.pick(folders))
      if (names.length > 0) fs.rmSync(path.join(random.pick(folders), names.at(-1) ?? ''), { force: true })
    },
    'a project goes': () => {
      const { root } = random.pick(corpus.repositories)
      fs.rmSync(root, { recursive: true, force: true })
    },
    'a project comes': () => {
      const { root } = random.pick(corpus.repositories)
      if (fs.existsSync(path.join(root, '.git'))) return
      fs.mkdirSync(path.join(root, '.git'), { recursive: true })
      fs.writeFileSync(path.join(root, '.git', 'HEAD'), 'ref: refs/heads/main\n')
    },
    'a file of a project changes, and a minute goes by': () => {
      const { root } = random.pick(corpus.repositories)
      if (fs.existsSync(root)) fs.writeFileSync(path.join(root, `made-${random.hex(4)}.txt`), 'new\n')
      nowMs += 61_000
    },
    'time goes by': () => {
      nowMs += random.int(1_000, 7_200_000)
    },
    'the clock is set back': () => {
      nowMs -= random.int(1_000, 60_000)
    },
  }

  return {
    paths,
    place,
    ports,
    changes,
    hold,
    advance: (ms: number) => {
      nowMs += ms
    },
    /** What is told without a look; null where there is nothing to go by. */
    kept: async () => {
      const look = await readKeptLook(ports, place)
      return look && stateOfKept(ports, look)
    },
    /** What a look finds; it is kept. */
    looked: () =>
      withMonitor(async monitor => {
        await monitor.refresh()
        return monitor.measureStore()
      }, version),
    remove: () => scratch.remove(),
  }
}
