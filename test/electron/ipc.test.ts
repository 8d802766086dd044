import { EventEmitter } from 'node:events'
import type { WebContents } from 'electron'
import { ipcMain } from 'electron'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { servePagesOverIpc, whyRefused } from '../../electron/ipc.ts'
import type { HostApi } from '../../shared/core/host-api.ts'
import type { MonitorApi } from '../../shared/core/monitor-api.ts'
import { piecesBetween } from '../../shared/core/state-patch.ts'
import { sampleState } from '../support/sample-state.ts'

const pageUrl = 'app://bundle/index.html'
const mainFrame = { url: pageUrl, parent: null }

/** A page as IPC sees it: what was sent to it, and the events it may emit. */
function fakePage() {
  const sent: unknown[] = []
  const contents = Object.assign(new EventEmitter(), {
    isDestroyed: () => false,
    send: (_channel: string, text: string) => void sent.push(JSON.parse(text)),
  })
  return { contents: contents as unknown as WebContents & EventEmitter, sent }
}

function fakeApi() {
  const listeners = new Set<unknown>()
  const api = {
    getState: async () => sampleState({ revision: 7 }),
    onState(listener: unknown) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  } as unknown as MonitorApi
  return { api, listeners }
}

const describeHost = JSON.stringify({ kind: 'host-call', id: 3, call: 'describe', request: {} })
const noHost = {
  describe: async () => ({ kind: 'desktop' }),
  onNavigate: () => () => {},
} as unknown as HostApi

const say = (contents: object, message: unknown, senderFrame: unknown = mainFrame) =>
  void ipcMain.emit('monitor', { sender: contents, senderFrame } as never, message)
const call = JSON.stringify({ kind: 'call', id: 1, call: 'getState', request: {} })

afterEach(() => void ipcMain.removeAllListeners('monitor'))

describe('whyRefused', () => {
  const known = {}
  it.each([
    ['accepts the main frame of a page of ours', { sender: known, senderFrame: mainFrame }, null],
    ['refuses a page that is not ours', { sender: {}, senderFrame: mainFrame }, 'its sender is no window of ours'],
    ['refuses a frame that is gone', { sender: known, senderFrame: null }, 'its frame is gone'],
    [
      'refuses a frame inside the page',
      { sender: known, senderFrame: { url: pageUrl, parent: mainFrame } },
      'it comes from a frame inside the page (app://bundle/index.html)',
    ],
    [
      'refuses our window when it shows something else',
      { sender: known, senderFrame: { url: 'https://example.org/', parent: null } },
      'it comes from https://example.org/',
    ],
  ])('%s', (_title, event, expected) => {
    expect(whyRefused(event, sender => sender === known)).toBe(expected)
  })
})

describe('servePagesOverIpc', () => {
  it('answers the calls of a page it trusts', async () => {
    const { contents, sent } = fakePage()
    servePagesOverIpc({ kind: 'open', api: fakeApi().api }, noHost, () => {}).trust(contents)
    say(contents, call)
    const piece = { ask: 0, ...piecesBetween(null, sampleState({ revision: 7 }))[0] }
    await vi.waitFor(() =>
      expect(sent).toEqual([
        { kind: 'serving' },
        { kind: 'state', ...piece },
        { kind: 'sent', id: 1, engine: 'engine-1', revision: 7 },
      ]),
    )
  })
  it.each([
    ['a foreign page', {}, call, mainFrame, 'refused: its sender is no window of ours'],
    ['a frame inside', null, call, { url: pageUrl, parent: mainFrame }, 'it comes from a frame inside the page'],
    ['no text', null, { kind: 'subscribe' }, mainFrame, 'it is no JSON text'],
    ['broken JSON', null, '{', mainFrame, 'it is no JSON text'],
    ['a text without end', null, `${call}${' '.repeat(1_048_576)}`, mainFrame, 'it is no JSON text, or too long'],
    ['an unknown call', null, call.replace('getState', 'toString'), mainFrame, 'there is no call "toString" here'],
    ['a bad request', null, call.replace('{}', '{"a":1}'), mainFrame, 'getState: '],
  ])('refuses and reports %s', async (_title, stranger, message, frame, expected) => {
    const { contents } = fakePage()
    const refusals: string[] = []
    servePagesOverIpc({ kind: 'open', api: fakeApi().api }, noHost, refusal => refusals.push(refusal)).trust(contents)
    say(stranger ?? contents, message, frame)
    await vi.waitFor(() => expect(refusals).toEqual([expect.stringContaining(expected)]))
  })
  it('drops the subscription of a page that loads again or goes away', () => {
    const { contents } = fakePage()
    const { api, listeners } = fakeApi()
    servePagesOverIpc({ kind: 'open', api }, noHost, () => {}).trust(contents)
    say(contents, JSON.stringify({ kind: 'subscribe', ask: 1 }))
    const subscribed = listeners.size
    contents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false })
    const afterReload = listeners.size
    say(contents, JSON.stringify({ kind: 'subscribe', ask: 1 }))
    contents.emit('destroyed')
    expect([subscribed, afterReload, listeners.size]).toEqual([1, 0, 0])
  })
  it('tells every page that there is no monitor, at once and when asked', () => {
    const { contents, sent } = fakePage()
    const server = servePagesOverIpc({ kind: 'open', api: fakeApi().api }, noHost, () => {})
    server.trust(contents)
    const closed = { kind: 'closed', reason: 'The monitor stopped.' } as const
    server.serve(closed)
    say(contents, call)
    expect(sent).toEqual([{ kind: 'serving' }, closed, closed])
  })
  it.each([
    ['there is a monitor', { kind: 'open', api: fakeApi().api }],
    ['the monitor starts', { kind: 'starting' }],
    ['there is none', { kind: 'closed', reason: 'Stopped.' }],
  ] as const)('answers for the host while %s', async (_when, served) => {
    const { contents, sent } = fakePage()
    servePagesOverIpc(served, noHost, () => {}).trust(contents)
    say(contents, describeHost)
    await vi.waitFor(() => expect(sent.at(-1)).toEqual({ kind: 'host-result', id: 3, value: { kind: 'desktop' } }))
  })
  it('keeps a page that talks too much before the monitor came from filling the memory', async () => {
    const { contents, sent } = fakePage()
    const server = servePagesOverIpc({ kind: 'starting' }, noHost, () => {})
    server.trust(contents)
    for (let n = 0; n < 10_000; n++) say(contents, call)
    server.serve({ kind: 'open', api: fakeApi().api })
    const answers = () => sent.filter(message => (message as { readonly kind: string }).kind === 'sent')
    await vi.waitFor(() => expect(answers().length).toBe(100))
  })
  it('answers what was asked before the monitor came', async () => {
    const { contents, sent } = fakePage()
    const server = servePagesOverIpc({ kind: 'starting' }, noHost, () => {})
    server.trust(contents)
    say(contents, call)
    server.serve({ kind: 'open', api: fakeApi().api })
    await vi.waitFor(() => expect(sent.at(-1)).toMatchObject({ kind: 'sent', id: 1 }))
  })
})
