import { describe, expect, it } from 'vitest'
import { connectHost, type HostApi, type HostInfo, hostCallNames, type PageTarget } from '../../shared/core/host-api.ts'
import { serveHost } from '../../shared/core/serve-host.ts'
import { memoryWires } from '../../shared/core/wire.ts'
import { idOf } from '../support/core-values.ts'

const info: HostInfo = { kind: 'desktop', can: ['folder'], platform: 'linux', version: '1', startsAtLogin: null }

function hostWorld() {
  const asked: unknown[] = []
  const listeners = new Set<(target: PageTarget) => void>()
  const take = (answer: unknown) => (request: unknown) => {
    asked.push(request)
    return Promise.resolve(answer as never)
  }
  const api: HostApi = {
    describe: take(info),
    open: take({ ok: false, message: 'There is no editor', remedy: 'Set $VISUAL' }),
    setStartAtLogin: () => Promise.reject(new Error('The system refused')),
    testNotification: take({ ok: true }),
    quit: take(undefined),
    onNavigate: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const [hostEnd, pageEnd] = memoryWires()
  const refused: string[] = []
  const stop = serveHost(api, hostEnd, { onRefused: message => refused.push(message) })
  const navigate = (target: PageTarget) => {
    for (const listener of listeners) listener(target)
  }
  return { page: connectHost(pageEnd), pageEnd, asked, refused, stop, navigate, listeners }
}

describe('a host over a wire', () => {
  it('answers every call of its contract, and nothing comes back where there is nothing to say', async () => {
    const { page, asked } = hostWorld()
    const request = { what: 'editor', sessionId: idOf(1) } as const
    expect([
      await page.describe({}),
      await page.open(request),
      await page.testNotification({}),
      await page.quit({}),
    ]).toEqual([info, { ok: false, message: 'There is no editor', remedy: 'Set $VISUAL' }, { ok: true }, null])
    expect(asked).toEqual([{}, request, {}, {}])
    await expect(page.setStartAtLogin({ enabled: true })).rejects.toThrow('The system refused')
  })

  it.each<[string, unknown]>([
    ['open', { what: 'shell', sessionId: idOf(1) }],
    ['open', { what: 'folder', sessionId: '../..' }],
    ['setStartAtLogin', { enabled: 'yes' }],
    ['describe', { extra: 1 }],
    ['toString', {}],
    ['__proto__', {}],
  ])('refuses %s %j in words and logs it', async (call, request) => {
    const { pageEnd, refused, asked } = hostWorld()
    const answer = Promise.withResolvers<unknown>()
    pageEnd.onMessage(answer.resolve)
    pageEnd.send({ kind: 'host-call', id: 7, call, request })
    expect(await answer.promise).toEqual({ kind: 'host-error', id: 7, message: refused[0] })
    expect(asked).toEqual([])
  })

  it('ignores what is none of its messages', async () => {
    const { pageEnd, page, asked } = hostWorld()
    for (const message of [null, 7, 'x', {}, { kind: 'host-call' }, { kind: 'host-call', id: 'a', call: 'quit' }]) {
      pageEnd.send(message)
    }
    await page.describe({})
    expect(asked).toEqual([{}])
  })

  it('tells the page where to go until it is stopped', async () => {
    const { page, navigate, stop, listeners } = hostWorld()
    const seen: PageTarget[] = []
    const leave = page.onNavigate(target => seen.push(target))
    navigate({ view: 'settings' })
    await page.describe({})
    navigate({ view: 'session', sessionId: idOf(1) })
    await page.describe({})
    leave()
    navigate({ view: 'activity' })
    await page.describe({})
    expect(seen).toEqual([{ view: 'settings' }, { view: 'session', sessionId: idOf(1) }])
    stop()
    expect(listeners.size).toBe(0)
  })

  it('rejects what is open, and every later call, once it is closed', async () => {
    const { page } = hostWorld()
    const open = page.describe({})
    page.close('gone')
    await expect(open).rejects.toThrow('gone')
    for (const name of hostCallNames) await expect(page[name]({} as never)).rejects.toThrow('gone')
  })
})
