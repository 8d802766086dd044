/**
 * How the tests run: three projects, each file in a process of its own.
 *
 * `unit` is fast and has the stand-in for `electron`; `processes` starts other processes; `e2e` starts the built
 * app with a real page, or packs it, and runs last, alone. Start it with `npm test`, which hands in a scratch home: the set-up
 * file refuses anything else.
 */
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { defineConfig } from 'vitest/config'
import { lineWalkDefinition } from './line-walk.ts'

const top = path.resolve(import.meta.dirname, '..')
const unitFolders = ['core', 'engine', 'support', 'cli', 'contract', 'build', 'electron', 'renderer', 'bench']

export default defineConfig({
  root: top,
  define: lineWalkDefinition(),
  test: {
    pool: 'forks',
    // Many tests wait for other processes: on two cores a second worker fills the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    setupFiles: [path.join(top, 'test/support/setup.ts')],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
    // No `include` here: a project that extends this would add its own to it.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: unitFolders.map(folder => `test/${folder}/**/*.test.{ts,tsx}`),
          alias: { electron: path.join(top, 'test/electron-double/index.ts') },
          server: { deps: { inline: ['electron-store'] } },
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'processes', include: ['test/processes/**/*.test.ts'], sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.spec.ts', 'test/packaging/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
