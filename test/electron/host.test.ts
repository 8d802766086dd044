import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { createDesktopHost } from '../../electron/host.ts'
import { openIn, planOpen } from '../../electron/open-in.ts'
import type { PageTarget } from '../../shared/core/host-api.ts'
import type { Shown } from '../../shared/engine/desktop-notifier.ts'
import { control } from '../electron-double/control.ts'
import { idOf } from '../support/core-values.ts'
import { sampleSession, sampleState } from '../support/sample-state.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const folder = makeScratchFolder('host')
afterEach(() => {
  control.opened.length = 0
})
afterAll(() => removeScratchFolder(folder))

const project = (root: string) => ({ root, name: path.basename(root), kind: 'folder' as const })

function newHost(change: { readonly root?: string; readonly isOn?: () => boolean; readonly shown?: Shown } = {}) {
  const set: boolean[] = []
  const troubles: string[] = []
  const session = sampleSession({ project: project(change.root ?? folder) })
  const host = createDesktopHost({
    autostart: { isOn: change.isOn ?? (() => set.at(-1) ?? false), set: enabled => void set.push(enabled) },
    notifier: { show: async () => change.shown ?? { ok: true } },
    platform: 'linux',
    which: () => null,
    state: () => sampleState({ sessions: [session, sampleSession({ sessionId: idOf(2), project: null, cwd: null })] }),
    onTrouble: message => troubles.push(message),
  })
  return { ...host, set, troubles, sessionId: session.sessionId }
}

describe('the desktop host', () => {
  it('describes itself, and starts at login when it is told to', async () => {
    const { api } = newHost()
    expect(await api.describe({})).toMatchObject({ kind: 'desktop', platform: 'linux', startsAtLogin: false })
    expect((await api.setStartAtLogin({ enabled: true })).startsAtLogin).toBe(true)
  })
  it('says that it cannot tell whether it starts at login', async () => {
    const isOn = () => {
      throw new Error('not allowed')
    }
    const { api, troubles } = newHost({ isOn })
    expect((await api.describe({})).startsAtLogin).toBe(null)
    expect(troubles).toEqual(['Whether the app starts at login cannot be told: Error: not allowed'])
  })
  it('passes on why a notification was not shown', async () => {
    expect(await newHost().api.testNotification({})).toEqual({ ok: true })
    expect(await newHost({ shown: { ok: false, message: 'no bus' } }).api.testNotification({})).toMatchObject({
      ok: false,
      message: 'no bus',
    })
  })
  it('opens the folder of a session and of nothing else', async () => {
    const { api, sessionId } = newHost()
    const answers = await Promise.all([
      api.open({ what: 'folder', sessionId }),
      api.open({ what: 'folder', sessionId: idOf(2) }),
      api.open({ what: 'folder', sessionId: idOf(3) }),
    ])
    expect([answers.map(({ ok }) => ok), control.opened]).toEqual([[true, false, false], [`${folder}/`]])
  })
  it('sends a page to a place once it listens, not before, and not again after it was loaded anew', async () => {
    const { api, navigate } = newHost()
    const seen: PageTarget[] = []
    const stop = api.onNavigate(target => seen.push(target))
    navigate({ view: 'settings' })
    const before = seen.length
    await api.describe({})
    await new Promise(resolve => setImmediate(resolve))
    navigate({ view: 'activity' })
    stop()
    api.onNavigate(target => seen.push(target))
    await api.describe({})
    await new Promise(resolve => setImmediate(resolve))
    expect([before, seen]).toEqual([0, [{ view: 'settings' }, { view: 'activity' }]])
  })
})

describe('opening a project', () => {
  const all = (name: string) => `/usr/bin/${name}`
  it.each([
    ['editor', 'linux', { file: '/usr/bin/code', args: ['.'] }],
    ['terminal', 'linux', { file: '/usr/bin/x-terminal-emulator', args: [] }],
    ['terminal', 'darwin', { file: '/usr/bin/open', args: ['-a', 'Terminal', '.'] }],
    ['terminal', 'win32', { file: '/usr/bin/wt', args: ['-d', '.'] }],
  ] as const)('in a %s on %s names the folder in no argument', (what, platform, plan) => {
    expect(planOpen(what, platform, all)).toEqual(plan)
  })
  it.each(['terminal', 'editor'] as const)('says what to install where there is no %s', async what => {
    expect(await openIn(what, folder, 'linux', () => null)).toMatchObject({
      ok: false,
      message: `No ${what} was found`,
    })
  })
  it('refuses what is no folder: a program, nothing, a relative path', async () => {
    const program = path.join(folder, 'program')
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
    const refused = await Promise.all(
      [program, path.join(folder, 'gone'), 'relative'].map(at => openIn('folder', at, 'linux', all)),
    )
    expect([refused.map(({ ok }) => ok), control.opened]).toEqual([[false, false, false], []])
  })
  it('shows a folder that macOS would start', async () => {
    const bundle = path.join(folder, 'Evil.app')
    mkdirSync(bundle)
    await openIn('folder', bundle, 'darwin', all)
    expect(control.opened).toEqual([`beside ${bundle}`])
  })
  it('starts the program in the folder', async () => {
    expect(await openIn('terminal', folder, 'linux', name => (name === 'xterm' ? '/bin/true' : null))).toEqual({
      ok: true,
    })
  })
  it('says when the program does not start', async () => {
    const answer = await openIn('terminal', folder, 'linux', name => (name === 'xterm' ? '/nowhere/xterm' : null))
    expect(answer).toMatchObject({ ok: false, message: expect.stringContaining('xterm did not start') })
  })
})
