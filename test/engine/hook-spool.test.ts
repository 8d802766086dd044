/** The words that lie in the spool: each once, and whatever else lies there bounded and out of the way. */
import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { type HookWord, wordFileName } from '../../shared/core/hook-word.ts'
import { writeNewFile } from '../../shared/engine/durable-file.ts'
import { createHookSpool } from '../../shared/engine/hook-spool.ts'
import { idOf } from '../support/core-values.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'

const startMs = Date.UTC(2026, 10, 23, 12)

function world() {
  const clock = createFakeClock(startMs)
  const files = createMemoryFiles({ nowMs: () => clock.nowMs() })
  files.makeFolder('/spool')
  const put = (name: string, content: string | Uint8Array) =>
    writeNewFile(files, `/spool/${name}`, Buffer.from(content))
  const leave = (word: HookWord) => put(wordFileName(word), JSON.stringify(word))
  return { clock, files, put, leave, spool: createHookSpool({ clock, files, log: () => {} }, '/spool') }
}

function word(n: number, change: Partial<HookWord> = {}): HookWord {
  return {
    v: 1,
    event: 'SessionEnd',
    atMs: startMs + n,
    sessionId: idOf(n),
    cwd: '/shop',
    pid: 7,
    detail: 'other',
    ...change,
  }
}

describe('the spool', () => {
  it('gives every word once, oldest first', () => {
    const { files, leave, spool } = world()
    for (const n of [3, 1, 2]) leave(word(n))
    expect(spool.take()).toEqual([word(1), word(2), word(3)])
    expect(spool.take()).toEqual([])
    expect(files.list('/spool')).toEqual([])
  })

  it('gives a word to one of two monitors', () => {
    const { clock, files, leave, spool } = world()
    const other = createHookSpool({ clock, files: files.another(), log: () => {} }, '/spool')
    for (let n = 1; n <= 20; n++) leave(word(n))
    const seen: number[] = []
    files.onOperation((_n, name) => {
      if (name === 'unlink' && seen.length === 0) seen.push(other.take().length)
    })
    const mine = spool.take().length
    expect(mine + (seen[0] ?? 0)).toBe(20)
  })

  it.each([
    ['a torn word', 'half.Stop.json', '{"v":1,"event":"St'],
    ['a word without a session', 'none.Stop.json', '{"v":1,"event":"Stop","atMs":1}'],
    ['a huge file', 'huge.Stop.json', 'x'.repeat(20_000)],
    ['bytes', 'bytes.Stop.json', Buffer.from([0xff, 0x00, 0xfe])],
  ])('sets %s aside, once, and still gives the others', (_title, name, content) => {
    const { files, leave, put, spool } = world()
    put(name, content)
    leave(word(1))
    expect(spool.take()).toEqual([word(1)])
    expect(files.list('/spool')).toEqual(['bad'])
    expect(files.list('/spool/bad')).toEqual([expect.stringContaining(name)])
  })

  it('follows no link out, and leaves a folder alone that has a word’s name', () => {
    const { files, spool, put } = world()
    files.makeFolder('/spool/folder.Stop.json')
    put('target', 'secret')
    files.symlink('/spool/target', '/spool/link.Stop.json')
    expect(spool.take()).toEqual([])
  })

  it('keeps the last bad ones only', () => {
    const { files, put, spool } = world()
    for (let n = 0; n < 60; n++) put(`bad-${n}.Stop.json`, 'nonsense')
    spool.take()
    expect(files.list('/spool/bad')).toHaveLength(20)
  })

  it('removes what a killed hook began to write, and sets strangers aside, when they are old', () => {
    const { clock, files, put, spool } = world()
    put(`42.${wordFileName(word(1))}.tmp`, '{')
    put('README', 'mine')
    spool.take()
    expect(files.list('/spool')).toHaveLength(2)
    clock.jumpWallClock(120_000)
    spool.take()
    expect(files.list('/spool')).toEqual(['bad'])
    expect(files.list('/spool/bad')).toEqual([expect.stringContaining('README')])
  })

  it('drops a word that is too old to mean anything', () => {
    const { clock, files, leave, spool } = world()
    leave(word(1))
    clock.jumpWallClock(8 * 24 * 3_600_000)
    expect(spool.take()).toEqual([])
    expect(files.list('/spool')).toEqual([])
  })

  it('is empty where there is no folder, and throws at nothing that a disk does', () => {
    const { files, leave, spool } = world()
    leave(word(1))
    for (let n = 1; n < 12; n++) {
      files.failAt(n, 'EIO')
      spool.take()
      files.heal()
    }
    expect(createHookSpool({ clock: createFakeClock(), files, log: () => {} }, '/none').take()).toEqual([])
  })
})
