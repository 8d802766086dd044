import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isLive, type LiveState } from '../../shared/core/session.ts'
import { type EndedClues, liveStateOf, readLiveRegistry } from '../../shared/engine/live-registry.ts'
import { nodeFiles, nodeProcesses } from '../../shared/engine/node-ports.ts'
import type { FileSystem, Processes } from '../../shared/engine/ports.ts'
import { createFakeMachine } from '../support/fake-processes.ts'
import {
  oddRegistryKinds,
  type RegistryEntry,
  writeOddRegistryFile,
  writeRegistryFile,
} from '../support/registry-files.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('registry')
afterAll(() => removeScratchFolder(scratch))
let made = 0
function newRoot(): { readonly root: string; readonly sessions: string } {
  const root = path.join(scratch, String(made++))
  const sessions = path.join(root, 'sessions')
  fs.mkdirSync(sessions, { recursive: true })
  return { root, sessions }
}

const sessionId = '0ecf3a5a-7992-4668-9faf-374392f83408'
const machine = createFakeMachine()
const us = machine.start(50)
const claude = machine.start(8798).self

const entry = (fields: Partial<RegistryEntry> = {}): RegistryEntry => ({
  sessionId,
  cwd: '/home/me/proj1',
  process: claude,
  pidDomain: us.pidDomain,
  status: 'busy',
  statusUpdatedMs: 1_795_399_517_563,
  startedMs: 1_795_399_403_171,
  ...fields,
})
const write = (sessions: string, name: string, value: unknown) =>
  fs.writeFileSync(path.join(sessions, name), typeof value === 'string' ? value : JSON.stringify(value))
const stateIn = (
  root: string,
  clues: Partial<EndedClues> = {},
  processes: Processes = us,
  files: FileSystem = nodeFiles,
) =>
  liveStateOf(readLiveRegistry(files, [root]), processes, {
    sessionId,
    root,
    version: '2.1.330',
    saidGoodbye: false,
    ...clues,
  })

const gone = (status: LiveState['status'], note: unknown = null) => ({
  status,
  waitingFor: null,
  pid: null,
  sinceMs: null,
  note,
})

describe('a session with a live process', () => {
  it.each([
    ['busy', undefined],
    ['waiting', 'permission prompt'],
    ['idle', undefined],
    ['shell', undefined],
  ] as const)('is %s', (status, waitingFor) => {
    const { root, sessions } = newRoot()
    writeRegistryFile(sessions, entry({ status, ...(waitingFor ? { waitingFor } : {}) }))
    const state = stateIn(root)
    expect(state).toEqual({ status, waitingFor: waitingFor ?? null, pid: 8798, sinceMs: 1_795_399_517_563, note: null })
    expect(isLive(state)).toBe(true)
  })

  it('stays busy however old its file is', () => {
    const { root, sessions } = newRoot()
    fs.utimesSync(writeRegistryFile(sessions, entry({ statusUpdatedMs: 1_000 })), 1, 1)
    expect(stateIn(root)).toMatchObject({ status: 'busy', sinceMs: 1_000, note: null })
  })

  it('and a status of a later version counts as live, and that is said', () => {
    const { root, sessions } = newRoot()
    writeRegistryFile(sessions, { ...entry(), status: 'dreaming' as 'busy' })
    const state = stateIn(root)
    expect(state).toMatchObject({ pid: 8798, note: expect.stringContaining('"dreaming" is not known') })
    expect(isLive(state)).toBe(true)
  })

  it('whose start time cannot be told counts as live, and that is said', () => {
    const { root, sessions } = newRoot()
    const blind = createFakeMachine({ tellsStart: false })
    const seer = blind.start()
    blind.start(8798)
    writeRegistryFile(sessions, entry({ pidDomain: seer.pidDomain }))
    expect(stateIn(root, {}, seer)).toMatchObject({
      status: 'busy',
      note: expect.stringContaining('cannot be checked'),
    })
  })

  it('is told by its own pid on this machine, through the real port', () => {
    const { root, sessions } = newRoot()
    const real = nodeProcesses()
    writeRegistryFile(sessions, entry({ process: real.self, pidDomain: real.pidDomain, status: 'idle' }))
    expect(stateIn(root, {}, real)).toMatchObject({ status: 'idle', pid: process.pid, note: null })
  })

  it.each([
    ['macOS', 'procStart', 'Mon Nov 23 08:03:23 2026', 'Mon Nov 23 08:03:23 2026', 'Mon Nov 23 08:03:24 2026'],
    ['Windows', 'procStartFt', '134084162031712345', '134084162031712345', '134084162031722345'],
    // As a number it is 134084162031712340 once it has been read.
    ['Windows, as a number', 'procStartFt', 134_084_162_031_712_345n, '134084162031712345', '134084162031722345'],
  ] as const)('is told from another with its pid on %s', (_system, key, start, same, other) => {
    const { root, sessions } = newRoot()
    const text = JSON.stringify({ pid: 8798, sessionId, status: 'busy' })
    const said = typeof start === 'bigint' ? String(start) : JSON.stringify(start)
    write(sessions, '8798.json', text.replace('}', `,"${key}":${said}}`))
    const system = (found: string): Processes => ({ ...us, pidDomain: '', find: pid => ({ pid, start: found }) })
    expect([stateIn(root, {}, system(same)).status, stateIn(root, {}, system(other)).status]).toEqual([
      'busy',
      'ended-abruptly',
    ])
  })

  it('wins over a dead one that held the same session', () => {
    const { root, sessions } = newRoot()
    writeRegistryFile(sessions, entry({ process: { pid: 7, start: '1' }, statusUpdatedMs: 1_900_000_000_000 }))
    writeRegistryFile(sessions, entry({ status: 'idle' }))
    expect(stateIn(root)).toMatchObject({ status: 'idle', pid: 8798, note: null })
  })

  it('is told by the one that changed last, if two hold it, and that is said', () => {
    const { root, sessions } = newRoot()
    const second = machine.start().self
    writeRegistryFile(sessions, entry({ status: 'idle', statusUpdatedMs: 10 }))
    writeRegistryFile(sessions, entry({ process: second, status: 'busy', statusUpdatedMs: 20 }))
    expect(stateIn(root)).toMatchObject({
      status: 'busy',
      pid: second.pid,
      note: '2 processes hold this session open at once.',
    })
  })
})

describe('a session whose process is gone', () => {
  it('ended abruptly if its file stayed', () => {
    const { root, sessions } = newRoot()
    writeRegistryFile(sessions, entry({ process: { pid: 7, start: '239075' } }))
    expect(stateIn(root)).toEqual(gone('ended-abruptly'))
    expect(stateIn(root, { saidGoodbye: true })).toEqual(
      gone('ended-abruptly', expect.stringContaining('ended cleanly')),
    )
  })

  it('ended abruptly also if another process has its pid by now, or it is a zombie', () => {
    const { root, sessions } = newRoot()
    writeRegistryFile(sessions, entry({ process: { pid: 8798, start: 'earlier' } }))
    expect(stateIn(root)).toEqual(gone('ended-abruptly'))
    const zombie = machine.start().self
    machine.makeZombie(zombie.pid)
    const other = newRoot()
    writeRegistryFile(other.sessions, entry({ process: zombie }))
    expect(stateIn(other.root)).toEqual(gone('ended-abruptly'))
  })

  it('ended if its file is gone too', () => {
    expect(stateIn(newRoot().root)).toEqual(gone('ended'))
  })

  it.each([
    ['2.1.145', 'ended', null],
    ['2.2.0', 'ended', null],
    ['10.0.0', 'ended', null],
    [null, 'ended', null],
    ['2.1.144', 'unknown', expect.stringContaining('2.1.144')],
    ['2.0.200', 'unknown', expect.anything()],
    ['1.9.999', 'unknown', expect.anything()],
    ['nightly', 'unknown', expect.anything()],
  ] as const)('and that Claude Code %s wrote, is %s', (version, status, note) => {
    expect(stateIn(newRoot().root, { version })).toEqual(gone(status, note))
  })

  it('is unknown where there is no list of live sessions', () => {
    const root = path.join(scratch, 'nothing-here')
    expect(stateIn(root)).toEqual(gone('unknown', expect.stringContaining('no list of live sessions')))
    const file = path.join(scratch, 'a-file')
    fs.mkdirSync(file)
    fs.writeFileSync(path.join(file, 'sessions'), '')
    expect(stateIn(file)).toEqual(gone('unknown', expect.stringContaining('no list of live sessions')))
  })
})

describe('a process elsewhere', () => {
  it.each([
    ['another container', 'linux:machine-1:pid:[99]', us, 'unknown'],
    ['another machine', 'linux:machine-2:pid:[4026531836]', us, 'unknown'],
    ['Windows, seen from WSL', 'win32:x', us, 'unknown'],
    ['Linux, seen from a Mac', us.pidDomain, { ...us, pidDomain: 'darwin:anvil' }, 'unknown'],
    ['this Mac, by a name that we do not know', 'darwin:uuid', { ...us, pidDomain: 'darwin:anvil' }, 'busy'],
    ['this machine, which cannot name itself', us.pidDomain, { ...us, pidDomain: '' }, 'busy'],
  ] as const)('on %s', (_, pidDomain, processes, status) => {
    const { root, sessions } = newRoot()
    writeRegistryFile(sessions, entry({ pidDomain }))
    expect(stateIn(root, {}, processes).status).toBe(status)
  })

  it('is said, with its last word', () => {
    const { root, sessions } = newRoot()
    writeRegistryFile(sessions, entry({ pidDomain: 'linux:machine-2:pid:[1]', status: 'waiting' }))
    expect(stateIn(root)).toEqual(
      gone('unknown', 'Its process belongs to another machine or container, which last said: waiting.'),
    )
  })
})

describe('the registry', () => {
  it.each(oddRegistryKinds)('is read as the builder of test data means it: %s', kind => {
    const { root, sessions } = newRoot()
    const truth = writeOddRegistryFile(sessions, kind, entry(), 1, claude)
    const { status, pid, waitingFor, sinceMs } = stateIn(root)
    expect(truth.accept).toContain(status)
    expect({ pid, waitingFor, sinceMs }).toEqual({
      pid: truth.pid,
      waitingFor: truth.waitingFor,
      sinceMs: truth.sinceMs,
    })
  })

  it('passes over files of older tools, keys and what is no entry', () => {
    const { root, sessions } = newRoot()
    const record = { pid: 8798, sessionId, procStart: claude.start }
    write(sessions, 'pid-8798.json', record)
    write(sessions, '8798.0123abcd.key', 'secret')
    write(sessions, 'notes.txt', 'x')
    write(sessions, '1.json', { ...record, procStart: undefined })
    write(sessions, '2.json', { ...record, pid: '8798' })
    write(sessions, '3.json', { ...record, pid: 1e300 })
    write(sessions, '4.json', { ...record, sessionId: '../../etc' })
    write(sessions, '5.json', { session_id: sessionId })
    expect(readLiveRegistry(nodeFiles, [root])).toEqual({
      entries: new Map(),
      folders: new Map([[root, 'complete']]),
      notices: [],
    })
  })

  it('takes an entry that says less than it does today', () => {
    const { root, sessions } = newRoot()
    write(sessions, '8798.json', { pid: 8798, sessionId: sessionId.toUpperCase(), procStartFt: Number(claude.start) })
    expect(stateIn(root)).toMatchObject({
      pid: 8798,
      sinceMs: null,
      note: expect.stringContaining('null is not known'),
    })
  })

  it('looks a second time at a file that was caught half-written', () => {
    const { root, sessions } = newRoot()
    const file = writeRegistryFile(sessions, entry())
    const whole = fs.readFileSync(file, 'utf8')
    fs.writeFileSync(file, whole.slice(0, 100))
    let looks = 0
    const files: FileSystem = {
      ...nodeFiles,
      open: (at, mode) => {
        looks += 1
        fs.writeFileSync(file, [whole.slice(0, 100), whole][looks - 1] ?? '')
        return nodeFiles.open(at, mode)
      },
    }
    expect(stateIn(root, {}, us, files)).toMatchObject({ status: 'busy', note: null })
    expect(looks).toBe(2)
  })

  it('says which file it could not make sense of, and what that means for sessions without an entry', () => {
    const { root, sessions } = newRoot()
    write(sessions, '8798.json', '{"pid":87')
    expect(readLiveRegistry(nodeFiles, [root])).toMatchObject({
      folders: new Map([[root, 'partial']]),
      notices: [expect.stringContaining('8798.json cannot be read')],
    })
    expect(stateIn(root)).toEqual(gone('ended', expect.stringContaining('could not be read')))
  })

  it('says when the whole list cannot be read, and hides no other root', () => {
    const [closed, open] = [newRoot(), newRoot()]
    writeRegistryFile(open.sessions, entry())
    const files: FileSystem = {
      ...nodeFiles,
      list: folder => {
        if (folder === closed.sessions) throw Object.assign(new Error('denied'), { code: 'EACCES' })
        return nodeFiles.list(folder)
      },
    }
    const registry = readLiveRegistry(files, [closed.root, open.root])
    expect(registry.notices).toEqual([`The list of live sessions in ${closed.sessions} cannot be read: EACCES`])
    const clues = { sessionId, version: '2.1.330', saidGoodbye: false }
    expect(liveStateOf(registry, us, { ...clues, root: closed.root })).toMatchObject({ status: 'busy' })
    const stranger = { ...clues, sessionId: '88d7150e-a12f-4ae5-92d5-5ca47c59438b' }
    expect(liveStateOf(registry, us, { ...stranger, root: closed.root })).toMatchObject({
      status: 'ended',
      note: expect.stringContaining('could not be read'),
    })
  })

  it('of the real recording says busy for the recorded processes while they run, and ended abruptly now', () => {
    const root = path.join(import.meta.dirname, '../fixtures/claude-code/config-dir')
    const registry = readLiveRegistry(nodeFiles, [root])
    const recorded = { pidDomain: 'linux:00000000000000000000000000000000:pid:[4026531836]' }
    const starts = new Map([
      [8798, '239075'],
      [18849, '284682'],
    ])
    const then: Processes = { ...us, ...recorded, find: pid => ({ pid, start: starts.get(pid) ?? null }) }
    const now: Processes = { ...us, ...recorded, find: () => null }
    const killed = ['9229065e-b1a5-406f-a835-a724ccf7169d', '70650c0e-7c22-47b1-8cf3-0c6e7b599095']
    const states = (processes: Processes) =>
      killed.map(id =>
        liveStateOf(registry, processes, { sessionId: id, root, version: '2.1.330', saidGoodbye: false }),
      )
    expect(states(then)).toEqual([
      { status: 'busy', waitingFor: null, pid: 8798, sinceMs: 1_795_399_759_745, note: null },
      { status: 'busy', waitingFor: null, pid: 18849, sinceMs: 1_795_399_845_226, note: null },
    ])
    expect(states(now)).toEqual([gone('ended-abruptly'), gone('ended-abruptly')])
  })
})
