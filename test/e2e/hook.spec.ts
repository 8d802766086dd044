/** The built hook, started as the settings file says, with the payloads that the real Claude Code sent. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BriefShelf, briefPage } from '../../shared/core/brief-page.ts'
import { briefFileName, hookEvents, parseHookWord } from '../../shared/core/hook-word.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

const top = path.resolve(import.meta.dirname, '../..')
const program = path.join(top, 'dist/cli/session-monitor.js')
const fixture = path.join(top, 'test/fixtures/claude-code/hooks/hook-payloads.jsonl')

interface Recorded {
  readonly reg: string
  readonly env: Record<string, string>
  readonly stdin: Record<string, unknown>
}
const recorded = readFileSync(fixture, 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Recorded)
const ours = recorded.filter(({ reg }) => hookEvents.some(event => event === reg))

let scratch: ScratchHome
let spool: string
beforeAll(() => {
  scratch = makeScratchHome('hook')
  spool = path.join(scratch.dataDir, 'spool')
  writeFileSync(path.join(scratch.configDir, 'settings.json'), '{\n  "model": "opus"\n}\n')
  expect(monitor('hooks', 'install')).toMatchObject({ status: 0, stderr: '' })
})
afterAll(() => scratch.remove())

function monitor(...args: readonly string[]) {
  return spawnSync(process.execPath, [program, ...args], { cwd: scratch.folder, env: scratch.env, encoding: 'utf8' })
}

/** Starts the hook of an event as Claude Code would: by what the settings say, without a shell. */
function fire(event: string, input: string, env: Record<string, string> = {}) {
  const settings = JSON.parse(readFileSync(path.join(scratch.configDir, 'settings.json'), 'utf8'))
  const [{ hooks }] = settings.hooks[event]
  const { command, args } = hooks[0]
  // As in a session: neither our data folder nor anything else of ours is in its environment.
  const { SESSION_MONITOR_HOME: _, ...bare } = scratch.env
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: scratch.folder,
    env: { ...bare, ...env },
    input,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const silent = { status: 0, stdout: '', stderr: '' }

function words() {
  const names = readdirSync(spool).filter(name => name.endsWith('.json'))
  return names.map(name => parseHookWord(JSON.parse(readFileSync(path.join(spool, name), 'utf8'))))
}

describe('the hook', () => {
  it.each(ours.filter(({ reg }) => reg !== 'SessionStart'))(
    'leaves a word for $reg, silently',
    ({ reg, env, stdin }) => {
      rmSync(spool, { recursive: true, force: true })
      expect(fire(reg, `${JSON.stringify(stdin)}\n`, env)).toEqual(silent)
      expect(words()).toEqual([
        expect.objectContaining({ event: reg, sessionId: stdin['session_id'], pid: Number(env['CLAUDE_PID']) }),
      ])
    },
  )

  it.each(ours.filter(({ reg }) => reg === 'SessionStart'))(
    'says nothing at a start without a shelf ($stdin.source)',
    one => {
      rmSync(spool, { recursive: true, force: true })
      expect(fire('SessionStart', JSON.stringify(one.stdin), one.env)).toEqual(silent)
    },
  )

  it.each([
    ['nothing', ''],
    ['what is no JSON', 'hello'],
    ['another kind of value', '[1,2]'],
    ['no session', '{"hook_event_name":"Stop"}'],
    ['a payload that is no payload', `{"session_id":"${'x'.repeat(5_000_000)}"}`],
    ['bytes', '\u0000\uFFFF'],
  ])('is silent and ends well with %s on its input', (_title, input) => {
    for (const event of hookEvents) expect(fire(event, input)).toEqual(silent)
  })

  it('is silent and ends well when it cannot write', () => {
    rmSync(spool, { recursive: true, force: true })
    writeFileSync(spool, 'in the way')
    const [stop] = ours.filter(({ reg }) => reg === 'Stop')
    expect(fire('Stop', JSON.stringify(stop?.stdin))).toEqual(silent)
    rmSync(spool)
  })

  it('leaves no word for a sub-agent that stops', () => {
    rmSync(spool, { recursive: true, force: true })
    const [stop] = ours.filter(({ reg }) => reg === 'Stop')
    expect(fire('Stop', JSON.stringify({ ...stop?.stdin, agent_id: 'a1' }))).toEqual(silent)
    expect(() => readdirSync(spool)).toThrow('ENOENT')
  })
})

describe('at the start of a session', () => {
  const [start] = ours.filter(({ reg, stdin }) => reg === 'SessionStart' && stdin['source'] === 'startup')

  /** A project with a shelf, and the payload of a session that starts in a folder of it. */
  function shelved(change: Partial<BriefShelf['sessions'][number]> = {}) {
    const root = path.join(scratch.folder, 'shop')
    mkdirSync(path.join(root, '.git'), { recursive: true })
    mkdirSync(path.join(root, 'src'), { recursive: true })
    writeFileSync(path.join(root, '.git/HEAD'), 'ref: refs/heads/main\n')
    const last = {
      sessionId: 'old',
      title: 'Fix',
      atMs: Date.now(),
      pid: null,
      unfinished: ['1 open item'],
      brief: '# Fix\n',
    }
    const shelf: BriefShelf = { v: 1, root, sessions: [{ ...last, ...change }] }
    mkdirSync(path.join(scratch.dataDir, 'briefs'), { recursive: true })
    writeFileSync(path.join(scratch.dataDir, 'briefs', briefFileName(root)), JSON.stringify(shelf))
    return { root, shelf, payload: { ...start?.stdin, cwd: path.join(root, 'src') } }
  }
  const interactive = { CLAUDE_CODE_ENTRYPOINT: 'cli' }

  it('prints what the last session of this project left unfinished, and nothing else', () => {
    const { root, shelf, payload } = shelved()
    const request = { sessionId: String(start?.stdin['session_id']), root, nowMs: Date.now(), isAlive: () => false }
    expect(fire('SessionStart', JSON.stringify(payload), interactive)).toEqual({
      ...silent,
      stdout: briefPage(shelf, request),
    })
  })

  it.each([
    ['goes on', { source: 'resume' }, interactive, {}],
    ['was cleared', { source: 'clear' }, interactive, {}],
    ['is compacted', { source: 'compact' }, interactive, {}],
    ['is driven by a script', {}, { CLAUDE_CODE_ENTRYPOINT: 'sdk-cli' }, {}],
    ['follows one that left nothing', {}, interactive, { unfinished: [] }],
    ['is in another project', { cwd: '/' }, interactive, {}],
    ['follows one that is still open', {}, interactive, { pid: process.pid }],
  ])('prints nothing to a session that %s', (_title, change, env, session) => {
    const { payload } = shelved(session)
    expect(fire('SessionStart', JSON.stringify({ ...payload, ...change }), env)).toEqual(silent)
  })
})

describe('hooks install and uninstall', () => {
  it('are each other’s inverse, and a file that does not parse is left byte for byte', () => {
    const file = path.join(scratch.configDir, 'settings.json')
    const original = '{ "permissions":{"allow":["Bash(ls)"]},\n\t"hooks":{ "Stop":[] }}'
    expect(monitor('hooks', 'uninstall')).toMatchObject({ status: 0, stderr: '' })
    writeFileSync(file, original)
    chmodSync(file, 0o640)
    expect(monitor('hooks', 'install')).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ permissions: { allow: ['Bash(ls)'] } })
    expect(monitor('hooks', 'uninstall')).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(file, 'utf8')).toBe(original)
    writeFileSync(file, '{ broken')
    const refused = monitor('hooks', 'install')
    expect(refused).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('is not valid JSON') })
    expect(readFileSync(file, 'utf8')).toBe('{ broken')
  })
})
