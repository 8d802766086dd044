/** Builds scripts for `bundle.ts`, in a process of its own: a bundler is large, and the one that measures stays small. */
import path from 'node:path'
import { build } from 'vite'
import { lineWalkDefinition } from '../../build/line-walk.ts'
import { sayDone } from './child-voice.ts'

const [, , entries = '', folder = ''] = process.argv
const top = path.resolve(import.meta.dirname, '../..')
const sources = Object.entries(JSON.parse(entries) as Readonly<Record<string, string>>)

await build({
  configFile: false,
  root: top,
  logLevel: 'error',
  publicDir: false,
  define: lineWalkDefinition(),
  ssr: { noExternal: true },
  build: {
    ssr: true,
    outDir: folder,
    emptyOutDir: true,
    minify: false,
    target: 'node24',
    rolldownOptions: {
      input: Object.fromEntries(sources.map(([name, source]) => [name, path.join(top, source)])),
      output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
    },
  },
})
sayDone()
