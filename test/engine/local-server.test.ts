/** The local socket as its own user, as somebody else, and as somebody who means no good. */
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectLocal, type LocalMonitor } from '../../shared/engine/local-client.ts'
import { localPlace } from '../../shared/engine/local-place.ts'
import { type LocalServerOptions, startLocalServer } from '../../shared/engine/local-server.ts'
import { nodeFiles } from '../../shared/engine/node-ports.ts'
import { idOf, stateOf, viewOf } from '../support/core-values.ts'
import { identity, knock, type LocalWorld, openLocalWorld, uid } from '../support/local-world.ts'

const worlds: LocalWorld[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

async function open(options: Partial<LocalServerOptions> = {}): Promise<LocalWorld> {
  const world = await openLocalWorld(options)
  worlds.push(world)
  world.fake.answer('getState', async () => stateOf(7))
  return world
}

const client = { timeoutMs: 5_000, uid }

async function connected({ place }: LocalWorld): Promise<LocalMonitor> {
  const attempt = await connectLocal(nodeFiles, place, client)
  if (attempt.kind !== 'connected') throw new Error(JSON.stringify(attempt))
  return attempt
}

const onPosix = process.platform !== 'win32'
const isRoot = process.getuid?.() === 0

describe('the local socket', () => {
  it('answers its own user’s commands, any number at once, and says who it is', async () => {
    const world = await open()
    const monitors = await Promise.all(Array.from({ length: 20 }, () => connected(world)))
    const states = await Promise.all(monitors.map(({ monitor }) => monitor.getState({})))
    expect(states).toEqual(Array.from({ length: 20 }, () => stateOf(7)))
    expect(monitors[0]?.identity).toEqual(identity)
    for (const one of monitors) one.close()
  })

  it('knows whether somebody who is connected tells alerts', async () => {
    const { place, server } = await open()
    const tray = await connectLocal(nodeFiles, place, { ...client, tellsAlerts: true })
    const other = await connectLocal(nodeFiles, place, client)
    await vi.waitFor(() => expect(server.alertsAreTold()).toBe(true))
    tray.kind === 'connected' && tray.close()
    await vi.waitFor(() => expect(server.alertsAreTold()).toBe(false))
    expect([tray.kind, other.kind, server.clients()]).toEqual(['connected', 'connected', 1])
  })

  it.runIf(onPosix)('lies in a folder that only its user may enter, and is itself 0600 (1)', async () => {
    const { place } = await open()
    const modes = [place.folder, place.address, place.keyFile].map(at => lstatSync(at).mode & 0o777)
    expect(modes).toEqual([0o700, 0o600, 0o600])
  })

  it('tells a command that it has gone, and rejects what was asked', async () => {
    const world = await open()
    world.fake.answer('runCycle', () => new Promise(() => {}))
    const one = await connected(world)
    const gone = new Promise(resolve => one.onClosed(resolve))
    const asked = one.monitor.runCycle({}).catch((error: Error) => error.message)
    await world.server.close()
    expect(await gone).toBe('the other side has gone')
    expect(await asked).toBe('the monitor that was running has gone: the other side has gone')
    expect(await connectLocal(nodeFiles, world.place, client)).toEqual({ kind: 'none' })
  })

  it('finds nobody where nobody has ever been', async () => {
    const { folder } = await open()
    const place = localPlace(path.join(folder, 'elsewhere'), process.platform, folder)
    expect(await connectLocal(nodeFiles, place, client)).toEqual({ kind: 'none' })
  })

  it.runIf(onPosix)('finds nobody behind a socket that a crash left, and takes its place', async () => {
    const { ports, fake, folder } = await open()
    const place = localPlace(path.join(folder, 'crashed'), process.platform, folder)
    // A child that ends without unlinking: what a SIGKILL leaves behind.
    mkdirSync(place.folder, { recursive: true, mode: 0o700 })
    const script = `require('net').createServer().listen(${JSON.stringify(place.address)}, () => process.kill(process.pid, 'SIGKILL'))`
    expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow()
    writeFileSync(place.keyFile, `${'ab'.repeat(32)}\n`, { mode: 0o600 })
    expect(existsSync(place.address)).toBe(true)
    expect(await connectLocal(nodeFiles, place, client)).toEqual({ kind: 'none' })
    const started = await startLocalServer(ports, fake.api, { place, identity, uid })
    expect(await connectLocal(nodeFiles, place, client)).toMatchObject({ kind: 'connected', identity })
    if (started.ok) await started.server.close()
  })

  it.runIf(onPosix)('works where the data folder’s path is too long for a socket', async () => {
    const { ports, fake, folder } = await open()
    const place = localPlace(path.join(folder, 'x'.repeat(120)), process.platform, folder)
    expect(path.dirname(place.address)).not.toBe(place.folder)
    const started = await startLocalServer(ports, fake.api, { place, identity, uid })
    expect(await connectLocal(nodeFiles, place, client)).toMatchObject({ kind: 'connected' })
    if (started.ok) await started.server.close()
  })
})

describe('the local socket, to those who should not get in', () => {
  const strangers: readonly (readonly [title: string, text: string])[] = [
    ['a web page', 'POST / HTTP/1.1\r\nHost: localhost\r\n\r\n{"kind":"call"}\r\n'],
    ['a call without a greeting', '{"kind":"call","id":1,"call":"getState","request":{}}\n'],
    ['another version’s greeting', '{"hello":2,"challenge":"00000000000000000000000000000000"}\n'],
    ['a greeting without a challenge', '{"hello":1}\n'],
    ['a challenge that is none', '{"hello":1,"challenge":{"length":32}}\n'],
    ['bytes', '\u0000\u0001\u00ff\n\n\n'],
    ['a line without an end', 'x'.repeat(5_000)],
  ]

  it.each(strangers)('cuts off %s without a word (1)', async (_title, text) => {
    const world = await open()
    const { socket, ended } = knock(world.place.address)
    socket.write(text)
    expect(await ended).toBe('')
    expect(world.fake.asked).toEqual([])
    expect(world.logged.at(-1)).toContain('A local connection was refused.')
  })

  it('cuts off who does not know the key, and tells it nothing but its own identity (1)', async () => {
    const world = await open()
    const { socket, ended } = knock(world.place.address)
    socket.write(`{"hello":1,"challenge":"${'0'.repeat(32)}"}\n`)
    socket.write(`{"proof":"${'0'.repeat(64)}"}\n{"kind":"call","id":1,"call":"getState","request":{}}\n`)
    expect(Object.keys(JSON.parse(await ended)).sort()).toEqual(['challenge', 'identity', 'proof'])
    expect(world.fake.asked).toEqual([])
  })

  it('cuts off who says nothing (1)', async () => {
    const world = await open({ helloMs: 50 })
    expect(await knock(world.place.address).ended).toBe('')
  })

  it('never lets one connection use another’s proof (1)', async () => {
    const world = await open()
    const key = readFileSync(world.place.keyFile, 'utf8').trim()
    const { socket, ended } = knock(world.place.address)
    // The key itself is no proof either.
    socket.write(`{"hello":1,"challenge":"${'1'.repeat(32)}"}\n{"proof":"${key}"}\n`)
    expect(await ended).not.toContain('ready')
  })

  it('keeps answering while 1,000 others connect and stay, and grows by none of them (2)', async () => {
    const world = await open({ helloMs: 1_000 })
    const one = await connected(world)
    const crowd = Array.from({ length: 1_000 }, () => knock(world.place.address))
    await Promise.all(
      crowd.map(({ socket }) => new Promise(resolve => socket.once('connect', resolve).once('close', resolve))),
    )
    expect(world.server.clients()).toBeLessThanOrEqual(64)
    expect(await one.monitor.getState({})).toEqual(stateOf(7))
    await Promise.all(crowd.map(({ ended }) => ended))
    expect(await one.monitor.getState({})).toEqual(stateOf(7))
    expect((await connected(world)).identity).toEqual(identity)
    expect(world.server.clients()).toBe(2)
  })

  it('ends a connection whose message is too long, and no other (3)', async () => {
    const world = await open({ maxMessageBytes: 10_000 })
    const [good, bad] = [await connected(world), await connected(world)]
    const gone = new Promise(resolve => bad.onClosed(resolve))
    const sessionIds = Array.from({ length: 1_000 }, (_, n) => idOf(n))
    void bad.monitor.requestCheckpoint({ sessionIds }).catch(() => {})
    expect(await gone).toBe('the other side has gone')
    expect(await good.monitor.getState({})).toEqual(stateOf(7))
    expect(world.fake.asked.map(({ call }) => call)).toEqual(['getState'])
  })

  it('never grows for a client that does not read, and gives it the newest state once it does (2)', async () => {
    const world = await open({ backlogBytes: 200_000 })
    const big = stateOf(1, { sessions: Array.from({ length: 200 }, (_, n) => viewOf(n)) })
    const slow = await connected(world)
    const seen: number[] = []
    slow.monitor.onState(state => seen.push(state.revision))
    await slow.monitor.resume({})
    const before = process.memoryUsage().rss
    // It reads nothing in this turn: two gigabytes of states, were they kept.
    for (let revision = 2; revision < 5_000; revision++) world.fake.tell({ ...big, revision })
    const grown = process.memoryUsage().rss - before
    expect(grown).toBeLessThan(300_000_000)
    await expect.poll(() => seen.at(-1), { timeout: 10_000 }).toBe(4_999)
    expect(seen.length).toBeLessThan(20)
  })

  it.runIf(isRoot)(
    'is closed to another user of the machine, also where the folders were opened by mistake (1)',
    async () => {
      const world = await open()
      const attempt = async (script: string) => {
        const options = { uid: 65_534, gid: 65_534, env: {}, cwd: '/', timeout: 10_000 }
        return (await promisify(execFile)(process.execPath, ['-e', script], options)).stdout.trim()
      }
      const tryIt = `
      const s = require('net').connect(${JSON.stringify(world.place.address)});
      s.on('error', e => console.log(e.code)).on('data', d => process.stdout.write(d)).on('close', () => process.exit());
      s.write('{"hello":1,"challenge":"' + '0'.repeat(32) + '"}\\n{"proof":"00"}\\n');
      s.write('{"kind":"call","id":1,"call":"getState","request":{}}\\n');
      try { console.log(require('fs').readFileSync(${JSON.stringify(world.place.keyFile)}, 'utf8')) } catch (e) { console.log(e.code) }`
      expect((await attempt(tryIt)).split('\n').sort()).toEqual(['EACCES', 'EACCES'])
      for (const at of [world.folder, world.place.folder]) chmodSync(at, 0o755)
      chmodSync(world.place.address, 0o666)
      const answer = await attempt(tryIt)
      expect(answer).toContain('EACCES')
      expect(answer).not.toContain('revision')
      expect(world.fake.asked).toEqual([])
    },
  )

  it.runIf(isRoot)('is not trusted by a command where somebody else could have put it', async () => {
    const world = await open()
    chmodSync(world.place.folder, 0o777)
    expect(await connectLocal(nodeFiles, world.place, client)).toMatchObject({ kind: 'unusable' })
    chmodSync(world.place.folder, 0o700)
    chownSync(world.place.address, 65_534, 65_534)
    expect(await connectLocal(nodeFiles, world.place, client)).toEqual({
      kind: 'unusable',
      message: `${world.place.address} belongs to another user`,
    })
  })

  it.runIf(onPosix)('does not open in a folder that others may write', async () => {
    const { ports, fake, folder } = await open()
    const place = localPlace(path.join(folder, 'shared'), process.platform, folder)
    mkdirSync(place.folder, { recursive: true })
    chmodSync(place.folder, 0o777)
    expect(await startLocalServer(ports, fake.api, { place, identity, uid })).toEqual({
      ok: false,
      message: `Other commands cannot reach this monitor: others may use ${place.folder}.`,
      remedy: expect.stringContaining(place.folder),
    })
  })
})
