/**
 * Compiles `shared/wasm/line-walk.ts`, once for each state of its sources, and keeps the result beside it, where the
 * engine finds it in a checkout; builds carry it in themselves. Run as a script (after `npm install`) it only does that.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'

const top = path.resolve(import.meta.dirname, '..')
const folder = path.join(top, 'shared/wasm')
const source = path.join(folder, 'line-walk.ts')
const compiled = path.join(folder, 'line-walk.wasm')
const flags = ['--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd', '--uncheckedBehavior', 'always']

/** @throws {Error} with the compiler's words when the source is wrong. */
export function lineWalkCode(): Uint8Array {
  if (!isCurrent()) compile()
  return readFileSync(compiled)
}

/** For a bundler's `define`: the compiled walk as a text that the engine knows by this name. */
export function lineWalkDefinition(): Readonly<Record<string, string>> {
  return { __LINE_WALK__: JSON.stringify(Buffer.from(lineWalkCode()).toString('base64')) }
}

function isCurrent(): boolean {
  const sources = readdirSync(folder).filter(name => name.endsWith('.ts'))
  const changedMs = Math.max(...sources.map(name => statSync(path.join(folder, name)).mtimeMs))
  return existsSync(compiled) && statSync(compiled).mtimeMs > changedMs
}

/** Others may look for the result meanwhile: it appears whole or not at all. */
function compile(): void {
  const compiler = path.join(top, 'node_modules/assemblyscript/bin/asc.js')
  const unfinished = path.join(folder, `unfinished-${process.pid}.wasm`)
  const args = [compiler, source, '--outFile', unfinished, ...flags]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${source} does not compile:\n${stderr}`)
  renameSync(unfinished, compiled)
}

if (import.meta.main) lineWalkCode()
