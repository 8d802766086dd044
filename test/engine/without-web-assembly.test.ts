/** Where the system forbids WebAssembly every line is read by the careful reader alone: more slowly, to the same truth. */
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createLineWalk } from '../../shared/engine/line-walk.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { buildCorpus } from '../support/corpus.ts'
import { mutate } from '../support/fuzz-transcripts.ts'
import { plainSessions } from '../support/plain-sessions.ts'
import { seededRandom } from '../support/random.ts'
import { hasGit } from '../support/repositories.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { makeChaos } from '../support/transcript-chaos.ts'

const scratch = makeScratchFolder('no-wasm')
afterAll(() => removeScratchFolder(scratch))
const ports = nodePorts(() => {})
const fixtures = path.join(import.meta.dirname, '../fixtures/claude-code/config-dir')

/** The same modules once more, loaded while there is none. */
const without: { createDetector?: typeof createDetector; hasWalk?: boolean } = {}
beforeAll(async () => {
  vi.resetModules()
  vi.stubGlobal('WebAssembly', undefined)
  without.hasWalk = (await import('../../shared/engine/line-walk.ts')).createLineWalk() !== null
  without.createDetector = (await import('../../shared/engine/transcript-detector.ts')).createDetector
  vi.unstubAllGlobals()
})

type Make = typeof createDetector

async function lookWith(make: Make | undefined, roots: readonly string[], indexFolder?: string) {
  const detector = make?.(ports, { roots, ...(indexFolder === undefined ? {} : { indexFolder }) })
  const found = (await detector?.refresh()) ?? []
  const told = plainSessions(found)
  await detector?.close()
  return told
}

describe('a detector without WebAssembly', () => {
  it('has no walk, while the one beside it has', () => {
    expect([without.hasWalk, createLineWalk() !== null]).toEqual([false, true])
    expect(without.createDetector).not.toBe(createDetector)
  })

  it('says the same of real transcripts', async () => {
    const told = await lookWith(without.createDetector, [fixtures])
    expect(told.length).toBeGreaterThan(3)
    expect(told).toEqual(await lookWith(createDetector, [fixtures]))
  })

  it.skipIf(!hasGit()).each([35, 36])(
    'says the same of every odd case (seed %i; skipped where git is not installed)',
    async seed => {
      const folder = path.join(scratch, `nasty-${seed}`)
      const { roots } = buildCorpus({ folder, seed, sessions: 60, repositories: 6, profile: 'nasty' })
      const told = await lookWith(without.createDetector, roots)
      expect(told.length).toBeGreaterThanOrEqual(60)
      expect(told).toEqual(await lookWith(createDetector, roots))
    },
  )

  it('says the same of damaged transcripts (seed 39)', async () => {
    const random = seededRandom(39)
    const projects = path.join(fixtures, 'projects')
    const sources = fs
      .readdirSync(projects, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.jsonl'))
      .map(name => fs.readFileSync(path.join(projects, name)))
    const root = path.join(scratch, 'damaged')
    fs.mkdirSync(path.join(root, 'projects', 'x'), { recursive: true })
    for (let n = 0; n < 300; n++) {
      fs.writeFileSync(
        path.join(root, 'projects', 'x', `${random.uuid()}.jsonl`),
        mutate(random, random.pick(sources), 12),
      )
    }
    const told = await lookWith(without.createDetector, [root])
    expect(told.reduce((sum, { facts }) => sum + facts.counts.damagedLines, 0)).toBeGreaterThan(100)
    expect(told).toEqual(await lookWith(createDetector, [root]))
  })

  it.each([37, 38])('goes on from what one with it has read, and the other way round (seed %i)', async seed => {
    const { root, stir } = makeChaos(path.join(scratch, `chaos-${seed}`), seededRandom(seed))
    const indexFolder = path.join(scratch, `index-${seed}`)
    for (let round = 0; round < 20; round++) {
      stir()
      const make = round % 2 === 0 ? without.createDetector : createDetector
      expect(await lookWith(make, [root], indexFolder)).toEqual(await lookWith(createDetector, [root]))
    }
    expect(fs.readdirSync(indexFolder).length).toBeGreaterThan(0)
  })
})
