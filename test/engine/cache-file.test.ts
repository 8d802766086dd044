import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { loadCache, saveCache } from '../../shared/engine/cache-file.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { writeFile } from '../support/lock-world.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'
import { realPorts } from '../support/stores.ts'

const schema = z.looseObject({ v: z.literal(1), n: z.number() })
const ports = () => {
  const files = createMemoryFiles()
  files.makeFolder('/data')
  const logged: string[] = []
  return { ...realPorts, files, logged, log: (_level: string, message: string) => void logged.push(message) }
}
const load = (given: Ports) => loadCache(given, '/data/cache.json', schema)

describe('a cache', () => {
  it('gives back what was saved last, and leaves no other file', () => {
    const given = ports()
    expect(load(given)).toBeNull()
    saveCache(given, '/data/cache.json', { v: 1, n: 1 })
    saveCache(given, '/data/cache.json', { v: 1, n: 2 })
    expect(load(given)).toEqual({ v: 1, n: 2 })
    expect(given.files.list('/data')).toEqual(['cache.json'])
  })

  it.each(['', '{"v": 1', '{"v": 2, "n": 1}', '[]', 'null', '\u0000'])('counts as missing when it says %j', text => {
    const given = ports()
    writeFile(given.files, '/data/cache.json', text)
    expect(load(given)).toBeNull()
  })

  it('that cannot be written or read costs a word in the log, and nothing else', () => {
    const given = ports()
    given.files.setReadOnly(true)
    saveCache(given, '/data/cache.json', { v: 1, n: 1 })
    expect(given.logged).toEqual([expect.stringContaining('EROFS')])
    given.files.failFrom(1, 'EIO')
    expect(load(given)).toBeNull()
  })
})
