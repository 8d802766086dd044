/**
 * One build for everything that ships: the page, the desktop host, its preload and the command line.
 *
 * `dist/main` and `dist/cli` each carry the engine's threads as entries of their own, so that either can start them from
 * the file beside its own. Everything is bundled but what must stay a package (node-notifier finds its programs
 * next to its own files). Quiet unless something is wrong.
 *
 * The command line is CommonJS: Node loads that, and its own modules from it, in half the time that ES modules take.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type EnvironmentOptions, type Plugin } from 'vite'
import { licencesText, packageFolderOf, readPackage, withDependencies } from './licences.ts'
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
  /** One file per entry, named `.cjs`: a sandboxed preload cannot load a second one. */
  readonly alone?: boolean
  readonly external: readonly (string | RegExp)[]
  readonly publicFiles?: boolean
  /** Source files that go into one chunk: each chunk costs a command a file to find and read. */
  readonly together?: RegExp
}

/** A target for Node or Electron's Node. */
function nodeTarget({
  folder,
  entries,
  format,
  alone,
  external,
  publicFiles = false,
  together,
}: NodeTarget): EnvironmentOptions {
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
          entryFileNames: alone ? '[name].cjs' : '[name].js',
          ...(alone ? { codeSplitting: false } : { chunkFileNames: '[name]-[hash].js' }),
          ...(together ? { codeSplitting: { groups: [{ name: 'told', test: together }] } } : {}),
        },
      },
    },
  }
}

/** The command line's bundle starts with `#!`: it must be executable where a package manager links it. */
function commandLineFiles(): Plugin {
  return {
    name: 'command-line-files',
    applyToEnvironment: environment => environment.name === 'cli',
    writeBundle: () => {
      const folder = path.join(top, 'dist/cli')
      chmodSync(path.join(folder, 'session-monitor.js'), 0o755)
      // The package says that `.js` is an ES module; here it is not.
      writeFileSync(path.join(folder, 'package.json'), '{ "type": "commonjs" }\n')
    },
  }
}

/**
 * The library that reads the command line loads `child_process` for commands that are programs of their own. There are
 * none here, and that would be a sixth of the time that `--help` takes.
 */
function noPrograms(): Plugin {
  const wanted = "import childProcess from 'node:child_process';"
  return {
    name: 'no-programs',
    applyToEnvironment: environment => environment.name === 'cli',
    transform(code, id) {
      if (!id.includes('/node_modules/commander/') || !code.includes(wanted)) return null
      return { code: code.replace(wanted, 'const childProcess = {};'), map: null }
    },
  }
}

const licenceFolder = path.join(top, 'dist/installer')

/** Notes which packages go into a bundle: in a file, since every environment has a configuration of its own. */
function noteLicences(): Plugin {
  return {
    name: 'note-licences',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter(output => output.type === 'chunk')
      const folders = chunks.flatMap(({ moduleIds }) => moduleIds.flatMap(id => packageFolderOf(id) ?? []))
      mkdirSync(licenceFolder, { recursive: true })
      writeFileSync(path.join(licenceFolder, `${this.environment.name}.json`), JSON.stringify([...new Set(folders)]))
    },
  }
}

function writeLicences(environments: readonly string[]): void {
  const noted = environments.flatMap(name => {
    return JSON.parse(readFileSync(path.join(licenceFolder, `${name}.json`), 'utf8')) as string[]
  })
  const folders = new Set([...noted, ...withDependencies(top, 'node-notifier')])
  const text = licencesText([...folders].map(readPackage))
  writeFileSync(path.join(licenceFolder, 'third-party-licences.txt'), text)
}

/** All that `list` and `status` need where nothing has changed, and that most other commands need too. */
const toldFiles = new RegExp(
  `/(${[
    'cli/(commands/list|commands/status|context|exit-codes|flags|look|older-arguments|place|quick-command|resolve|start|session-words|table-layout|tell-lines|terminal)',
    'shared/core/(back-off|checkpoint-id|decision|explain|format|judgement|json-value|monitor-state|retention)',
    'shared/core/(scoring|session|setting-values|settings|settings-fields|ignored-patterns)',
    'shared/engine/(claude-roots|data-folder|durable-file|git-repository|kept-look|live-registry|local-place|look-key)',
    'shared/engine/(node-commands|node-ports|project-resolver|session-files|tree-path)',
  ].join('|')})\\.ts$`,
)

const threads = {
  'engine-thread': 'shared/engine/engine-thread-main.ts',
  'scan-worker': 'shared/engine/scan-worker.ts',
}

export default defineConfig({
  root: path.join(top, 'renderer'),
  base: './',
  publicDir: path.join(top, 'build/icons/runtime'),
  plugins: [react(), noPrograms(), commandLineFiles(), noteLicences()],
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
      alone: true,
      // All that a sandboxed preload may require.
      external: ['electron', 'node:events', 'node:url', 'node:timers'],
    }),
    // One small file: it starts at every event, and a copy of it lies in the data folder.
    hook: nodeTarget({
      folder: 'hook',
      entries: { hook: 'cli/hook-main.ts' },
      format: 'cjs',
      alone: true,
      external: nodeBuiltins,
    }),
    cli: nodeTarget({
      folder: 'cli',
      entries: { 'session-monitor': 'cli/main.ts', ...threads },
      format: 'cjs',
      external: [...nodeBuiltins, ...keptPackages],
      together: toldFiles,
    }),
  },
  builder: {
    async buildApp(builder) {
      await Promise.all(Object.values(builder.environments).map(environment => builder.build(environment)))
      writeLicences(Object.keys(builder.environments))
    },
  },
})
