/** Hooks in settings files on disk: put in, taken out, refused, and safe when the disk says no. */
import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { hookEvents } from '../../shared/core/hook-word.ts'
import { writeNewFile } from '../../shared/engine/durable-file.ts'
import { createHookInstaller, eventsToInstall } from '../../shared/engine/hook-installer.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createFakeMachine } from '../support/fake-processes.ts'
import { createMemoryFiles, type MemoryFiles } from '../support/memory-file-system.ts'

const file = '/home/.claude/settings.json'
const script = Buffer.from('hook program\n')
const original =
  '{\n  "model": "opus",\n  "hooks": {\n    "Stop": [ {"hooks":[{"type":"command","command":"beep"}]} ]\n  }\n}\n'

function world(text: string | null = original, files: MemoryFiles = createMemoryFiles()) {
  files.makeFolder('/home/.claude')
  if (text !== null) writeNewFile(files, file, Buffer.from(text))
  const ports = { files, clock: createFakeClock(), processes: createFakeMachine().start() }
  const installer = createHookInstaller({ ports, folder: '/data/hooks', command: { node: '/bin/node', form: 'exec' } })
  const read = (at = file) => {
    const open = files.open(at, 'read')
    const bytes = Buffer.alloc(open.stat().size)
    open.read(bytes, 0)
    open.close()
    return bytes.toString('utf8')
  }
  return { files, installer, read, install: () => installer.install(file, script, hookEvents) }
}

describe('installing', () => {
  it('adds the hooks, keeps what was there, and lays the program where they start it', () => {
    const { installer, install, read } = world()
    const step = install()
    expect(step).toEqual({ file, did: 'installed', message: '', remedy: '', backup: expect.any(String) })
    expect(read(step.backup ?? '')).toBe(original)
    expect(read('/data/hooks/session-monitor-hook.cjs')).toBe('hook program\n')
    const events = Object.fromEntries(hookEvents.map(event => [event, 'current']))
    expect(installer.status(file)).toEqual({ file, exists: true, events, disabled: false, problem: '' })
    expect(install()).toMatchObject({ did: 'unchanged' })
  })

  it('leaves out the page for new sessions if that is not wanted', () => {
    expect(eventsToInstall(true)).toEqual(hookEvents)
    expect(eventsToInstall(false)).toEqual(hookEvents.filter(event => event !== 'SessionStart'))
  })

  it('keeps the file’s permissions, and follows a link to where it lies', () => {
    const { files, install, read } = world(null)
    files.makeFolder('/dotfiles')
    writeNewFile(files, '/dotfiles/claude.json', Buffer.from(original))
    files.chmod('/dotfiles/claude.json', 0o640)
    files.symlink('../../dotfiles/claude.json', file)
    expect(install()).toMatchObject({ did: 'installed' })
    expect(files.lstat(file).kind).toBe('link')
    expect(files.stat(file).mode & 0o777).toBe(0o640)
    expect(read('/dotfiles/claude.json')).toContain('session-monitor-hook.cjs')
  })

  it.each([
    ['is no JSON', '{ "model": "opus", }'],
    ['has hooks of another shape', '{"hooks":[]}'],
    ['is a list', '[]'],
  ])('leaves a file byte for byte that %s', (_title, text) => {
    const { install, installer, read } = world(text)
    expect(install()).toMatchObject({
      did: 'refused',
      message: expect.stringContaining(file),
      remedy: expect.stringMatching(/./),
    })
    expect(read()).toBe(text)
    expect(installer.uninstall(file)).toMatchObject({ did: 'refused' })
    expect(read()).toBe(text)
    expect(installer.status(file)).toMatchObject({ events: {}, problem: expect.stringContaining(file) })
  })

  it('does not write over what another process wrote in the last moment', () => {
    const { files, install, read } = world()
    const other = files.another()
    files.onOperation((_n, name) => {
      if (name !== 'chmod') return
      files.onOperation(null)
      other.unlink(file)
      writeNewFile(other, file, Buffer.from('{"theirs":1}'))
    })
    expect(install()).toMatchObject({ did: 'refused', message: expect.stringContaining('changed meanwhile') })
    expect(read()).toBe('{"theirs":1}')
  })
})

describe('uninstalling', () => {
  it('gives back the very bytes, whatever their style', () => {
    for (const text of [original, '{ "hooks": {  } }', '\uFEFF{"a":1}\r\n', '']) {
      const { installer, install, read } = world(text)
      install()
      expect(installer.uninstall(file)).toMatchObject({ did: 'removed' })
      expect(read()).toBe(text)
      expect(installer.places()).toEqual([])
    }
  })

  it('takes the file away again if there was none', () => {
    const { files, installer, install } = world(null)
    expect(install()).toMatchObject({ did: 'installed', backup: null })
    expect(installer.uninstall(file)).toMatchObject({ did: 'removed' })
    expect(files.list('/home/.claude')).toEqual([])
  })

  it('leaves alone what others changed since', () => {
    const { files, installer, install, read } = world()
    install()
    const changed = read().replace('opus', 'sonnet')
    files.unlink(file)
    writeNewFile(files, file, Buffer.from(changed))
    expect(installer.uninstall(file)).toMatchObject({ did: 'removed' })
    expect(read()).toBe(original.replace('opus', 'sonnet'))
  })

  it('still gives back the first bytes when it was installed twice in different ways', () => {
    const { files, installer, install, read } = world()
    install()
    const ports = { files, clock: createFakeClock(), processes: createFakeMachine().start() }
    const moved = createHookInstaller({ ports, folder: '/data/hooks', command: { node: '/opt/node', form: 'exec' } })
    expect(moved.install(file, script, hookEvents)).toMatchObject({ did: 'installed' })
    expect(installer.uninstall(file)).toMatchObject({ did: 'removed' })
    expect(read()).toBe(original)
  })

  it('has nothing to do where there is nothing', () => {
    expect(world().installer.uninstall(file)).toMatchObject({ did: 'unchanged' })
    expect(world(null).installer.uninstall(file)).toMatchObject({ did: 'unchanged' })
  })
})

describe('a disk that fails', () => {
  it('leaves the old file or the new one at every single operation, and never half of one', () => {
    const whole = world()
    whole.install()
    const installed = whole.read()
    const total = whole.files.operations()
    for (let n = 1; n <= total; n++) {
      const { files, install, read } = world()
      files.failAt(n, 'EIO')
      install()
      files.heal()
      expect([original, installed], `operation ${n}`).toContain(read())
    }
  })
})
