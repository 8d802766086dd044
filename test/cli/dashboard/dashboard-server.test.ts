/** The dashboard as its own page, as another page, as another name of this machine, and as a crowd. */
import { on, once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createAdmission } from '../../../cli/dashboard/admission.ts'
import { dashboardCalls } from '../../../cli/dashboard/dashboard-calls.ts'
import { createDashboardHost } from '../../../cli/dashboard/dashboard-host.ts'
import { type DashboardOptions, startDashboard } from '../../../cli/dashboard/dashboard-server.ts'
import { readPageFiles } from '../../../cli/dashboard/page-files.ts'
import { connectHost } from '../../../shared/core/host-api.ts'
import { callNames } from '../../../shared/core/monitor-api.ts'
import { connectMonitor, type Wire } from '../../../shared/core/wire.ts'
import { idOf, stateOf, viewOf } from '../../support/core-values.ts'
import { createFakeMonitorApi } from '../../support/fake-monitor-api.ts'
import { makeScratchFolder, removeScratchFolder } from '../../support/scratch.ts'

const toClose: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of toClose.splice(0)) await close()
})

async function open(options: Partial<DashboardOptions> = {}) {
  const folder = makeScratchFolder('dashboard')
  mkdirSync(path.join(folder, 'page', 'assets'), { recursive: true })
  writeFileSync(path.join(folder, 'secret'), 'secret')
  writeFileSync(path.join(folder, 'page', 'index.html'), '<meta content="__CSP_NONCE__">')
  writeFileSync(path.join(folder, 'page', 'assets', 'a.js'), 'alert')
  writeFileSync(path.join(folder, 'page', 'assets', 'a.js.map'), '{}')
  writeFileSync(path.join(folder, 'page', 'assets', 'big.js'), 'x'.repeat(4_000_000))
  const files = readPageFiles(path.join(folder, 'page'))
  if (files === null) throw new Error('no page')
  const admission = createAdmission()
  const fake = createFakeMonitorApi()
  fake.answer('getState', async () => stateOf(7))
  const logged: string[] = []
  const dashboard = await startDashboard({
    files,
    admission,
    host: createDashboardHost('linux', '1.2.3'),
    allowed: dashboardCalls(false),
    port: 0,
    log: (_level, message, fields) => logged.push(`${message} ${JSON.stringify(fields ?? {})}`),
    nowMs: () => performance.now(),
    onOpened: () => {},
    ...options,
  })
  dashboard.serve(fake.api)
  toClose.push(async () => {
    await dashboard.close()
    removeScratchFolder(folder)
  })
  return { dashboard, admission, fake, logged, host: `127.0.0.1:${dashboard.port}` }
}

type World = Awaited<ReturnType<typeof open>>

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

function ask(
  { dashboard, host }: World,
  {
    path: at = '/',
    method = 'GET',
    headers = {},
    body = '',
  }: { path?: string; method?: string; headers?: object; body?: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = { host, ...headers } as Record<string, string>
    const asked = request(
      { host: '127.0.0.1', port: dashboard.port, path: at, method, headers: all, agent: false },
      answer => {
        let text = ''
        answer.on('data', chunk => {
          text += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

const exchange = (world: World, token: string, headers: object = {}) =>
  ask(world, {
    path: '/session',
    method: 'POST',
    headers: { origin: `http://${world.host}`, ...headers },
    body: JSON.stringify({ token }),
  })

async function keyOf(world: World): Promise<string> {
  return JSON.parse((await exchange(world, world.admission.newToken())).body).key
}

interface Knock {
  readonly key?: string
  readonly host?: string
  readonly origin?: string | null
  readonly path?: string
}

/** A page's WebSocket; `opened` is the status it was refused with, or "open". */
async function knock(
  world: World,
  { key = '', host = world.host, origin = `http://${world.host}`, path: at = '/monitor' }: Knock,
) {
  const socket = new WebSocket(`ws://127.0.0.1:${world.dashboard.port}${at}`, ['session-monitor', `key.${key}`], {
    headers: { host },
    ...(origin === null ? {} : { origin }),
  })
  socket.on('error', () => {})
  const opened = await Promise.race([
    once(socket, 'open').then(() => 'open' as const),
    once(socket, 'unexpected-response').then(([, answer]) => (answer as { statusCode: number }).statusCode),
  ])
  return { socket, opened }
}

/** One call over a socket, and its answer. */
async function call({ socket }: { readonly socket: WebSocket }, name: string, request: unknown = {}): Promise<unknown> {
  socket.send(JSON.stringify({ kind: 'call', id: 1, call: name, request }))
  for await (const [data] of on(socket, 'message')) {
    const message = JSON.parse(String(data))
    if (message.id === 1) return message
  }
  return null
}

/** The socket as the page has it. */
function wireOf(socket: WebSocket): Wire {
  return {
    send: message => socket.send(JSON.stringify(message)),
    onMessage(listener) {
      const take = (data: unknown) => listener(JSON.parse(String(data)))
      socket.on('message', take)
      return () => socket.off('message', take)
    },
  }
}

const isClosed = (socket: WebSocket) => once(socket, 'close').then(([code]) => code as number)

describe('the dashboard, to its own page', () => {
  it('gives the page with a policy of its own, and lets no other origin read it', async () => {
    const world = await open()
    const [one, two] = [await ask(world, {}), await ask(world, { headers: { origin: 'http://evil.example' } })]
    const nonce = /nonce-([^']+)/.exec(String(one.headers['content-security-policy']))?.[1] ?? ''
    expect(one).toMatchObject({
      status: 200,
      body: `<meta content="${nonce}">`,
      headers: {
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      },
    })
    expect(one.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; /)
    expect(two.body).not.toContain(nonce)
    expect(Object.keys(two.headers).filter(name => name.startsWith('access-control'))).toEqual([])
  })

  it.each([
    '/../secret',
    '/..%2fsecret',
    '/%2e%2e/secret',
    '/assets/../../secret',
    '/assets/a.js.map',
    '/assets',
    '/etc/passwd',
    '//secret',
  ])('gives nothing but the page’s own files: %s', async at => {
    expect(await ask(await open(), { path: at })).toMatchObject({ status: 404, body: 'not found\n' })
  })

  it('serves several pages at once, each over a link of its own', async () => {
    const world = await open()
    const pages = [await knock(world, { key: await keyOf(world) }), await knock(world, { key: await keyOf(world) })]
    expect(await Promise.all(pages.map(page => call(page, 'listRestores')))).toEqual([
      { kind: 'result', id: 1, value: null },
      { kind: 'result', id: 1, value: null },
    ])
    expect(world.dashboard.pages()).toBe(2)
  })

  it('closes its pages when the monitor has gone, and takes them again with the next one', async () => {
    const world = await open()
    const key = await keyOf(world)
    const { socket } = await knock(world, { key })
    const code = isClosed(socket)
    world.dashboard.serve(null)
    expect(await code).toBe(1012)
    expect((await knock(world, { key })).opened).toBe(403)
    world.dashboard.serve(world.fake.api)
    expect((await knock(world, { key })).opened).toBe('open')
  })

  it('lets it look, save and pause, and change nothing', async () => {
    const world = await open()
    const page = await knock(world, { key: await keyOf(world) })
    for (const name of [
      'changeSettings',
      'applyRestore',
      'resumeRestore',
      'undoRestore',
      'exportCheckpoint',
      'toString',
    ]) {
      expect(await call(page, name)).toEqual({ kind: 'error', id: 1, message: `there is no call "${name}" here` })
    }
    expect(await call(page, 'requestCheckpoint', { sessionIds: [idOf(1)] })).toMatchObject({ kind: 'result' })
    expect(world.fake.asked.map(one => one.call)).toEqual(['requestCheckpoint'])
    expect(dashboardCalls(true)).toEqual(callNames)
  })
})

it('tells a page that its host can do nothing for it', async () => {
  const world = await open()
  const { socket } = await knock(world, { key: await keyOf(world) })
  const host = connectHost(wireOf(socket))
  const session = { what: 'terminal', sessionId: idOf(1) } as const
  expect(await host.describe({})).toEqual({
    kind: 'dashboard',
    can: [],
    platform: 'linux',
    version: '1.2.3',
    startsAtLogin: null,
  })
  expect(await host.open(session)).toMatchObject({ ok: false })
})

describe('the dashboard, to those who should not get in', () => {
  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '0.0.0.0:80',
    '127.0.0.1:1@evil.example',
  ])('answers to no other name, as after DNS rebinding (1): "%s"', async host => {
    const world = await open()
    const key = await keyOf(world)
    const answers = [
      (await ask(world, { headers: { host } })).status,
      (await exchange(world, world.admission.newToken(), { host, origin: `http://${host}` })).status,
      (await knock(world, { key, host, origin: `http://${host}` })).opened,
    ]
    expect(answers).toEqual([421, 421, 403])
  })

  it('takes a tunnel’s other end for itself (1)', async () => {
    const world = await open()
    const answer = await exchange(world, world.admission.newToken(), {
      host: 'localhost:9000',
      origin: 'http://localhost:9000',
    })
    const { key } = JSON.parse(answer.body)
    expect((await knock(world, { key, host: 'localhost:9000', origin: 'http://localhost:9000' })).opened).toBe('open')
  })

  it.each([['http://evil.example'], ['http://127.0.0.1:1'], ['http://localhost'], ['null'], [null]])(
    'opens nothing for a page of another origin, whatever it knows (2): %s',
    async origin => {
      const world = await open()
      const key = await keyOf(world)
      const token = world.admission.newToken()
      expect((await knock(world, { key, origin })).opened).toBe(403)
      expect((await exchange(world, token, { origin: origin ?? '' })).status).toBe(403)
      // The link was not used up by it.
      expect((await exchange(world, token)).status).toBe(200)
    },
  )

  it('takes a link once, only the newest, and nothing else for one (3)', async () => {
    const world = await open()
    const old = world.admission.newToken()
    const token = world.admission.newToken()
    const statuses: (number | undefined)[] = []
    for (const given of [old, '', 'x', token, token]) statuses.push((await exchange(world, given)).status)
    expect(statuses).toEqual([403, 403, 403, 200, 403])
  })

  it.each([[''], ['x'], ['undefined'], ['__proto__']])('opens nothing without a key (3): "%s"', async key => {
    const world = await open()
    await keyOf(world)
    expect((await knock(world, { key })).opened).toBe(403)
    expect(world.fake.asked).toEqual([])
  })

  it('opens nothing at another path', async () => {
    const world = await open()
    expect((await knock(world, { key: await keyOf(world), path: '/' })).opened).toBe(403)
  })

  it.each([
    ['too long a body', 'x'.repeat(2_000), 413],
    ['no JSON', '{', 403],
    ['JSON null', 'null', 403],
    ['a token that is no text', '{"token":{"length":43}}', 403],
  ])('refuses an exchange with %s', async (_title, body, status) => {
    const world = await open()
    world.admission.newToken()
    const headers = { origin: `http://${world.host}` }
    expect((await ask(world, { path: '/session', method: 'POST', headers, body })).status).toBe(status)
  })

  it('lets nobody try links for long', async () => {
    const world = await open()
    const statuses = new Set<number | undefined>()
    for (let n = 0; n < 20; n++) statuses.add((await exchange(world, `guess ${n}`)).status)
    expect([...statuses]).toEqual([403, 429])
  })

  it.each(['OPTIONS', 'PUT', 'DELETE', 'TRACE', 'POST'])('refuses %s', async method => {
    expect((await ask(await open(), { method })).status).toBe(405)
  })

  it('puts no secret in what it logs', async () => {
    const world = await open()
    const key = await keyOf(world)
    const token = world.admission.newToken()
    await exchange(world, `${token}x`)
    await knock(world, { key, origin: 'http://evil.example' })
    expect(world.logged.join('\n')).not.toMatch(new RegExp(`${key}|${token}`))
    expect(world.logged).toHaveLength(2)
  })
})

describe('the dashboard, to a page that means no good', () => {
  it.each<[string, (socket: WebSocket) => void, number]>([
    ['sends too long a message', socket => socket.send('x'.repeat(2_000_000)), 1009],
    ['sends bytes', socket => socket.send(Buffer.from('{}')), 1003],
    ['sends no UTF-8', socket => socket.send(Buffer.from([0xff, 0xfe]), { binary: false }), 1007],
    [
      'asks without end',
      socket => {
        for (let n = 0; n < 1_000; n++) socket.send('{"kind":"noise"}')
      },
      1008,
    ],
  ])('cuts off one that %s, and no other', async (_title, act, code) => {
    const world = await open()
    const [good, bad] = [
      await knock(world, { key: await keyOf(world) }),
      await knock(world, { key: await keyOf(world) }),
    ]
    const closed = isClosed(bad.socket)
    act(bad.socket)
    expect(await closed).toBe(code)
    expect(await call(good, 'listRestores')).toMatchObject({ kind: 'result' })
  })

  it('takes foreign messages for none', async () => {
    const world = await open()
    const page = await knock(world, { key: await keyOf(world) })
    for (const text of ['', '{', 'null', '[]', '{"kind":"call"}', '{"kind":"state","state":{}}']) page.socket.send(text)
    expect(await call(page, 'listRestores')).toMatchObject({ kind: 'result' })
    expect(world.fake.asked).toHaveLength(1)
  })

  it('never grows for a page that does not read, and gives it the newest state once it does', async () => {
    const world = await open({ pageLimits: { backlogBytes: 200_000 } })
    const page = await knock(world, { key: await keyOf(world) })
    const big = stateOf(1, { sessions: Array.from({ length: 200 }, (_, n) => viewOf(n)) })
    const monitor = connectMonitor(wireOf(page.socket))
    const seen: number[] = []
    monitor.onState(state => seen.push(state.revision))
    await monitor.resume({})
    page.socket.pause()
    const before = process.memoryUsage().rss
    for (let revision = 2; revision < 5_000; revision++) world.fake.tell({ ...big, revision })
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000)
    page.socket.resume()
    await expect.poll(() => seen.at(-1), { timeout: 10_000 }).toBe(4_999)
    expect(seen.length).toBeLessThan(60)
  })

  it('takes so many pages, and one more when one has gone', async () => {
    const world = await open({ maxPages: 2 })
    const key = await keyOf(world)
    const pages = [await knock(world, { key }), await knock(world, { key })]
    expect((await knock(world, { key })).opened).toBe(403)
    pages[0]?.socket.close()
    await expect.poll(() => world.dashboard.pages()).toBe(1)
    expect((await knock(world, { key })).opened).toBe('open')
  })

  it('keeps answering its page while 1,000 others connect and say nothing', async () => {
    const world = await open()
    const page = await knock(world, { key: await keyOf(world) })
    const crowd = Array.from({ length: 1_000 }, () => connect(world.dashboard.port, '127.0.0.1').on('error', () => {}))
    await Promise.all(
      crowd.map(socket => new Promise(resolve => socket.once('connect', resolve).once('close', resolve))),
    )
    expect(await call(page, 'listRestores')).toMatchObject({ kind: 'result' })
    // Silent ones are let go by themselves.
    await Promise.all(
      crowd.map(
        socket => new Promise(resolve => (socket.destroyed ? resolve(0) : socket.once('close', resolve).resume())),
      ),
    )
    expect((await ask(world, {})).status).toBe(200)
    expect(await call(page, 'listRestores')).toMatchObject({ kind: 'result' })
  })

  it('lets go of who was refused, and of who asks for much and reads nothing', async () => {
    const world = await open({ idleMs: 300 })
    const page = await knock(world, { key: await keyOf(world) })
    const upgrade = `GET /monitor HTTP/1.1\r\nHost: ${world.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`
    const get = `GET /assets/big.js HTTP/1.1\r\nHost: ${world.host}\r\n\r\n`
    const crowd = [upgrade, get.repeat(20)].flatMap(text =>
      Array.from({ length: 20 }, () => {
        const socket = connect({ port: world.dashboard.port, host: '127.0.0.1', allowHalfOpen: true })
        socket.on('error', () => {}).pause()
        socket.write(text)
        return socket
      }),
    )
    await Promise.all(crowd.map(socket => once(socket, 'connect')))
    await expect.poll(() => world.logged.length).toBe(20)
    await expect.poll(() => world.dashboard.connections(), { timeout: 15_000 }).toBe(1)
    expect(await call(page, 'listRestores')).toMatchObject({ kind: 'result' })
    for (const socket of crowd) socket.destroy()
  })

  it('takes a connection that hangs up in the middle of what it says for no failure', async () => {
    const world = await open()
    const lines = [
      'POST /session HTTP/1.1',
      `Host: ${world.host}`,
      `Origin: http://${world.host}`,
      'Content-Length: 900',
    ]
    const socket = connect(world.dashboard.port, '127.0.0.1')
    socket.write(`${lines.join('\r\n')}\r\n\r\n{"token":`)
    await once(socket, 'connect')
    await expect.poll(() => world.dashboard.connections()).toBe(1)
    socket.destroy()
    await expect.poll(() => world.dashboard.connections()).toBe(0)
    expect(world.logged).toEqual([])
  })

  it.each([
    ['two names at once', (host: string) => `GET / HTTP/1.1\r\nHost: evil.example\r\nHost: ${host}\r\n\r\n`],
    ['no name', () => 'GET / HTTP/1.1\r\n\r\n'],
    ['a whole URL', () => 'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
    ['a line that is none', () => 'GET / HTTP/1.1\nHost: x\r\n : \r\n\r\n'],
    ['a tunnel', (host: string) => `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    ['headers without end', (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${'x'.repeat(20_000)}`],
  ])('gives nothing to a request with %s', async (_title, text) => {
    const world = await open()
    const socket = connect(world.dashboard.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.end(text(world.host))
    let answer = ''
    socket.on('data', chunk => {
      answer += chunk
    })
    await once(socket, 'close')
    expect(answer).not.toMatch(/200 OK|nonce/)
    expect((await ask(world, {})).status).toBe(200)
  })
})
