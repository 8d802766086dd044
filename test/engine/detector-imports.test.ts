/**
 * What must be loaded before a scan worker or the detector can begin: it is compiled anew in every worker and at every
 * start, so it is small, of this repository alone, and knows of no other program, network or thread but its own.
 */
import path from 'node:path'
import { build, type Rolldown } from 'vite'
import { describe, expect, it } from 'vitest'

const top = path.resolve(import.meta.dirname, '../..')

/** Of everything that an entry point imports, and what that imports; what it loads later, when asked to, does not count. */
interface Loaded {
  /** Names of `node:` modules that cost something to load, or do what neither of them is for. */
  readonly unusual: readonly string[]
  /** Modules that lie in packages. */
  readonly ofPackages: readonly string[]
  /** Floors of this repository, sorted. */
  readonly floors: readonly string[]
  /** Of the code, in characters, unminified. */
  readonly size: number
}

/** What Node has loaded for itself by then, and what a worker speaks through. */
const usual = ['node:fs', 'node:os', 'node:path', 'node:worker_threads']

async function loadedBy(entry: string): Promise<Loaded> {
  const built = (await build({
    configFile: false,
    root: top,
    logLevel: 'error',
    publicDir: false,
    define: { __LINE_WALK__: '""' },
    ssr: { noExternal: true },
    build: { ssr: true, write: false, minify: false, target: 'node24', rolldownOptions: { input: entry } },
  })) as Rolldown.RolldownOutput
  const chunks = new Map(built.output.flatMap(one => (one.type === 'chunk' ? [[one.fileName, one] as const] : [])))
  const first = [...chunks.values()].find(chunk => chunk.isEntry)
  const names = new Set(first ? [first.fileName] : [])
  // Grows while it is walked.
  for (const name of names) for (const imported of chunks.get(name)?.imports ?? []) names.add(imported)
  const modules = [...names].flatMap(name => Object.entries(chunks.get(name)?.modules ?? {}))
  const ids = modules.map(([id]) => path.relative(top, id))
  return {
    unusual: [...names].filter(name => !chunks.has(name) && !usual.includes(name)).sort(),
    ofPackages: ids.filter(id => id.includes('node_modules')),
    floors: [...new Set(ids.filter(id => !id.includes('node_modules')).map(id => path.dirname(id)))].sort(),
    size: modules.reduce((sum, [, { renderedLength }]) => sum + renderedLength, 0),
  }
}

describe('what is loaded before reading can begin', () => {
  it('is, in a scan worker, little, and of the floors below alone', async () => {
    const { size, ...loaded } = await loadedBy('shared/engine/scan-worker.ts')
    expect(loaded).toEqual({ unusual: [], ofPackages: [], floors: ['shared/core', 'shared/engine'] })
    expect(size).toBeGreaterThan(50_000)
    expect(size).toBeLessThan(110_000)
  })

  it('is, of the detector, no package either, and no other program', async () => {
    const { size, ...loaded } = await loadedBy('shared/engine/transcript-detector.ts')
    expect(loaded).toEqual({ unusual: [], ofPackages: [], floors: ['shared/core', 'shared/engine'] })
    expect(size).toBeGreaterThan(80_000)
    expect(size).toBeLessThan(170_000)
  })

  it('would be seen: the whole monitor brings packages, and more of Node', async () => {
    const { ofPackages, unusual } = await loadedBy('shared/engine/monitor.ts')
    expect(unusual).toContain('node:crypto')
    expect(ofPackages.some(id => id.startsWith(path.join('node_modules', 'zod')))).toBe(true)
  })
})
