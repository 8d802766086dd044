/**
 * Builds measured scripts with the product's own bundler, because that is how the product ships: run from source, a
 * script would spend its first half second on stripping types and loading packages file by file.
 */
import fs from 'node:fs'
import path from 'node:path'
import { runScript } from './measure.ts'

/**
 * @param entries Name of the script → its source, relative to the top of the checkout.
 * @param folder Is made; holds the scripts.
 * @returns Name of the script → the built file.
 */
export async function bundleScripts<Name extends string>(
  entries: Readonly<Record<Name, string>>,
  folder: string,
  signal: AbortSignal,
): Promise<Readonly<Record<Name, string>>> {
  fs.mkdirSync(folder)
  await runScript(path.join(import.meta.dirname, 'make-bundle.ts'), [JSON.stringify(entries), folder], folder, signal)
  const names = Object.keys(entries) as Name[]
  return Object.fromEntries(names.map(name => [name, path.join(folder, `${name}.mjs`)])) as Record<Name, string>
}
