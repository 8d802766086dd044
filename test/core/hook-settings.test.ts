/** Our entries in the text of a settings file: put in and taken out without another byte. */
import { describe, expect, it } from 'vitest'
import { addHooks, findHooks, type HookCommand, removeHooks } from '../../shared/core/hook-settings.ts'
import { hookEvents } from '../../shared/core/hook-word.ts'
import { seededRandom } from '../support/random.ts'

const command: HookCommand = {
  node: "/opt/my node/it's",
  script: '/data/hooks/session-monitor-hook.cjs',
  form: 'exec',
}

function added(text: string, how = command): string {
  const edit = addHooks(text, hookEvents, how)
  if (!edit.ok) throw new Error(edit.message)
  return edit.text
}

function removed(text: string): string {
  const edit = removeHooks(text)
  if (!edit.ok) throw new Error(edit.message)
  return edit.text
}

const entry = (event: string) => ({
  hooks: [{ type: 'command', command: command.node, args: [command.script, event], timeout: 5 }],
})

const oneLineStop = '"Stop": [ { "hooks": [ {"type":"command","command":"say done"} ] } ]'
const files = {
  'an empty object': '{}\n',
  'one line': '{"model":"opus","permissions":{"allow":["Bash(ls)"]}}',
  'two spaces': '{\n  "model": "opus",\n  "env": {}\n}\n',
  'tabs and CRLF': '{\r\n\t"model": "opus"\r\n}\r\n',
  'a hook of the user, in one line': `{\n    "hooks": {\n        ${oneLineStop}\n    }\n}`,
  'hooks of other events':
    '{\n  "hooks": {\n    "PreToolUse": [\n      { "matcher": "Bash", "hooks": [] }\n    ]\n  },\n  "z": 1\n}\n',
  'odd spacing and a byte order mark': '\uFEFF{ "a" :1 ,\n\n\n "hooks" : { "Stop":[ ] }\n  ,"b": [1,\n2]}\n\n',
}

describe('adding hooks', () => {
  it('adds one entry for every event to a file that has none', () => {
    const hooks = Object.fromEntries(hookEvents.map(event => [event, [entry(event)]]))
    expect(JSON.parse(added('{"model":"opus"}'))).toEqual({ model: 'opus', hooks })
    expect(JSON.parse(added(''))).toEqual({ hooks })
  })

  it.each(Object.entries(files))('only puts something in between: %s', (_title, text) => {
    const after = added(text)
    let at = -1
    const missing = [...text.replaceAll(/\s/g, '')].filter(character => {
      at = after.indexOf(character, at + 1)
      return at === -1
    })
    expect(missing).toEqual([])
  })

  it('keeps the hooks of others, before ours', () => {
    const file = JSON.parse(added(files['a hook of the user, in one line']))
    expect(file.hooks.Stop).toEqual([{ hooks: [{ type: 'command', command: 'say done' }] }, entry('Stop')])
    expect(added(files['a hook of the user, in one line'])).toContain(
      '{ "hooks": [ {"type":"command","command":"say done"} ] }',
    )
  })

  it('changes nothing when it is done again, and one entry when the command has changed', () => {
    const once = added(files['two spaces'])
    expect(added(once)).toBe(once)
    const moved = added(once, { ...command, node: '/usr/bin/node' })
    expect(JSON.parse(moved)).toEqual(JSON.parse(added(files['two spaces'], { ...command, node: '/usr/bin/node' })))
  })

  it('writes one line for a shell where a program cannot be started without one', () => {
    const file = JSON.parse(added('{}', { ...command, form: 'shell' }))
    expect(file.hooks.Stop[0].hooks[0]).toEqual({
      type: 'command',
      command: `'/opt/my node/it'\\''s' /data/hooks/session-monitor-hook.cjs Stop`,
      timeout: 5,
    })
  })

  it.each([
    ['what is no JSON', '{ "a": 1,, }', 'is not valid JSON'],
    ['comments, which Claude Code does not read', '{ // mine\n }', 'is not valid JSON'],
    ['a list', '[]', 'is not a JSON object'],
    ['hooks that are a list', '{"hooks":[]}', 'has "hooks" that is not an object'],
    ['an event that is no list', '{"hooks":{"Stop":{}}}', 'has "hooks.Stop" that is not a list'],
    ['hooks twice', '{"hooks":{},"hooks":{}}', 'has "hooks" twice'],
    ['an event twice', '{"hooks":{"Stop":[],"Stop":[]}}', 'has "hooks.Stop" twice'],
  ])('refuses %s', (_title, text, message) => {
    const refused = { ok: false, message: expect.stringContaining(message) }
    expect(addHooks(text, hookEvents, command)).toEqual(refused)
    expect(removeHooks(text)).toEqual(refused)
    expect(findHooks(text, command)).toEqual(refused)
  })
})

describe('removing hooks', () => {
  it.each([
    'one line',
    'two spaces',
    'tabs and CRLF',
    'a hook of the user, in one line',
    'hooks of other events',
  ] as const)('gives the bytes back by itself: %s', name => {
    expect(removed(added(files[name]))).toBe(files[name])
  })

  it('takes ours out of a group that a user has made bigger, and leaves the rest', () => {
    const own = entry('Stop').hooks[0]
    const theirs = { type: 'command', command: 'beep' }
    const text = JSON.stringify({ hooks: { Stop: [{ matcher: 'x', hooks: [theirs, own] }] } })
    expect(JSON.parse(removed(text))).toEqual({ hooks: { Stop: [{ matcher: 'x', hooks: [theirs] }] } })
  })

  it.each([1, 2, 3, 4])('is the inverse of adding for any settings (seed %i)', seed => {
    const random = seededRandom(seed)
    for (let n = 0; n < 200; n++) {
      const text = randomSettings(random)
      expect(removed(added(text)), text).toBe(text)
    }
  })
})

/** Settings in some style, with no empty `hooks` or list in them: those go with ours. */
function randomSettings(random: ReturnType<typeof seededRandom>): string {
  const others = hookEvents.filter(() => random.chance(0.4)).map(event => [event, [{ matcher: 'm', hooks: [] }]])
  const before = random.chance(0.5) ? { model: 'x', env: { A: '1' } } : {}
  const after = random.chance(0.5) ? { list: [1, { a: [] }], text: 'hooks: { "hooks": ' } : { z: null }
  const hooks = others.length > 0 ? { hooks: Object.fromEntries(others) } : {}
  const indent = random.pick([undefined, 1, 2, 4, '\t'])
  const text = JSON.stringify({ ...before, ...hooks, ...after }, null, indent)
  return random.chance(0.3) ? text.replaceAll('\n', '\r\n') : `${text}\n`
}

describe('finding hooks', () => {
  it('tells which are there, which are started in another way, and whether all are turned off', () => {
    const text = added('{"disableAllHooks":true}')
    const all = Object.fromEntries(hookEvents.map(event => [event, 'current']))
    expect(findHooks(text, command)).toEqual({ ok: true, events: all, disabled: true })
    const moved = Object.fromEntries(hookEvents.map(event => [event, 'other']))
    expect(findHooks(text, { ...command, node: '/else' })).toEqual({ ok: true, events: moved, disabled: true })
    expect(findHooks('{}', command)).toEqual({ ok: true, events: {}, disabled: false })
  })
})
