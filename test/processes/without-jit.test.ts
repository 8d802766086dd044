/** The built detector in a process in which no code may be made at run time, as on hardened systems: Node has no WebAssembly there. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lineWalkDefinition } from '../../build/line-walk.ts'
import { buildCorpus } from '../support/corpus.ts'
import { hasGit } from '../support/repositories.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('no-jit')
afterAll(() => removeScratchFolder(scratch))
const top = path.resolve(import.meta.dirname, '../..')

/** Node reads TypeScript by WebAssembly, so what runs without it is built. */
beforeAll(() =>
  build({
    configFile: false,
    root: top,
    logLevel: 'error',
    publicDir: false,
    define: lineWalkDefinition(),
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir: path.join(scratch, 'built'),
      target: 'node24',
      rolldownOptions: { input: 'test/support/detect-child.ts', output: { entryFileNames: 'detect.mjs' } },
    },
  }),
)

interface Told {
  readonly hasWalk: boolean
  readonly notices: readonly string[]
  readonly sessions: readonly unknown[]
}

function tell(flags: readonly string[], roots: readonly string[]): Told {
  const args = [...flags, path.join(scratch, 'built/detect.mjs'), ...roots]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 268_435_456 })
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Told
}

function expectSame(roots: readonly string[], atLeast: number): void {
  const usual = tell([], roots)
  const jitless = tell(['--jitless'], roots)
  expect([usual.hasWalk, jitless.hasWalk]).toEqual([true, false])
  expect(usual.sessions.length).toBeGreaterThanOrEqual(atLeast)
  expect({ ...jitless, hasWalk: true }).toEqual(usual)
}

describe('node --jitless', () => {
  it('says the same of real transcripts', () => {
    expectSame([path.join(top, 'test/fixtures/claude-code/config-dir')], 4)
  })

  it.skipIf(!hasGit())('says the same of every odd case (seed 41; skipped where git is not installed)', () => {
    const folder = path.join(scratch, 'nasty')
    const { roots } = buildCorpus({ folder, seed: 41, sessions: 60, repositories: 6, profile: 'nasty' })
    expectSame(roots, 60)
  })
})
