/** A short share of `npm run campaign -- detect`. */
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fuzzDetector } from '../support/fuzz-transcripts.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('fuzz')
afterAll(() => removeScratchFolder(scratch))

const fixtures = path.join(import.meta.dirname, '../fixtures/claude-code')
const filesIn = (folder: string, name: RegExp) =>
  fs
    .readdirSync(path.join(fixtures, folder), { recursive: true, encoding: 'utf8' })
    .filter(at => name.test(at))
    .map(at => fs.readFileSync(path.join(fixtures, folder, at)))

describe('damaged transcripts and registry files', () => {
  it.each([61, 62, 63])('are read to their end, counted, and never too much of them kept (seed %i)', seed => {
    const transcripts = filesIn('config-dir/projects', /\.jsonl$/)
    const registry = filesIn('config-dir/sessions', /\.json$/)
    const result = fuzzDetector(seededRandom(seed), transcripts, registry, { folder: scratch, count: 100 })
    expect(result.failures).toEqual([])
    expect(result).toMatchObject({ transcripts: 80, registryFiles: 20 })
    expect(result.damagedLines).toBeGreaterThan(20)
  })
})
