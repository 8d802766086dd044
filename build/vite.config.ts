/**
 * One build for everything that ships: the page, the desktop host, its preload and the command line.
 *
 * `dist/main` and `dist/cli` each carry the engine's threads as entries of their own, so that either can start them from
 * the file beside its own. Everything is bundled but what must stay a package (node-notifier finds its programs
 * next to its own files). Quiet unless something is wrong.
 */
import { chmodSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type EnvironmentOptions, type Plugin } from 'vite'
import { lineWalkDefinition } from './line-walk.ts'

const top = path.resolve(import.meta.dirname, '..')
const nodeBuiltins = [/^node:/, ...builtinModules]
const electronModules = ['electron', /^electron\//]
const keptPackages = [/^node-notifier(\/|$)/]

interface NodeTarget {
  /** Below `dist`. */
  readonly folder: string
  /** Name of the bundle without its ending → source file. */
  readonly entries: Readonly<Record<string, string>>
  readonly format: 'es' | 'cjs'
  readonly external: readonly (string | RegExp)[]
  readonly publicFiles?: boolean
}

/** A target for Node or Electron's Node. */
function nodeTarget({ folder, entries, format, external, publicFiles = false }: NodeTarget): EnvironmentOptions {
  const input = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, path.join(top, file)]))
  return {
    consumer: 'server',
    resolve: {
      conditions: ['node', 'import', 'default'],
      mainFields: ['module', 'main'],
      noExternal: true,
      external: [],
    },
    build: {
      outDir: path.join(top, 'dist', folder),
      emptyOutDir: true,
      target: 'node24',
      minify: false,
      sourcemap: true,
      ssr: true,
      copyPublicDir: publicFiles,
      rolldownOptions: {
        input,
        external: [...external],
        output: {
          format,
          entryFileNames: format === 'cjs' ? '[name].cjs' : '[name].js',
          // A sandboxed preload cannot load a second file.
          ...(format === 'cjs' ? { codeSplitting: false } : { chunkFileNames: '[name]-[hash].js' }),
        },
      },
    },
  }
}

/** The command line's bundle starts with `#!`: it must be executable where a package manager links it. */
function executable(file: string): Plugin {
  return {
    name: 'executable-bit',
    applyToEnvironment: environment => environment.name === 'cli',
    writeBundle: () => chmodSync(path.join(top, 'dist', file), 0o755),
  }
}

const threads = {
  'engine-thread': 'shared/engine/engine-thread-main.ts',
  'scan-worker': 'shared/engine/scan-worker.ts',
}

export default defineConfig({
  root: path.join(top, 'renderer'),
  base: './',
  publicDir: path.join(top, 'build/icons/runtime'),
  plugins: [react(), executable('cli/session-monitor.js')],
  define: lineWalkDefinition(),
  environments: {
    client: {
      build: {
        outDir: path.join(top, 'dist/renderer'),
        emptyOutDir: true,
        target: 'chrome150',
        modulePreload: { polyfill: false },
        assetsInlineLimit: 0,
        // It comes from the disk beside it, not over a network.
        chunkSizeWarningLimit: 1_200,
        copyPublicDir: false,
      },
    },
    main: nodeTarget({
      folder: 'main',
      entries: { main: 'electron/main.ts', ...threads },
      format: 'es',
      external: [...electronModules, ...nodeBuiltins, ...keptPackages],
      publicFiles: true,
    }),
    preload: nodeTarget({
      folder: 'preload',
      entries: { preload: 'electron/preload.ts' },
      format: 'cjs',
      // All that a sandboxed preload may require.
      external: ['electron', 'node:events', 'node:url', 'node:timers'],
    }),
    cli: nodeTarget({
      folder: 'cli',
      entries: { 'session-monitor': 'cli/main.ts', ...threads },
      format: 'es',
      external: [...nodeBuiltins, ...keptPackages],
    }),
  },
  builder: {
    async buildApp(builder) {
      await Promise.all(Object.values(builder.environments).map(environment => builder.build(environment)))
    },
  },
})
