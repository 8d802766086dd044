/** Which packages a build carries, and their licences as one text: what is handed on must say so. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface CarriedPackage {
  readonly name: string
  readonly version: string
  /** As its manifest says; 'see text' where it does not. */
  readonly licence: string
  /** The licence's own text, or null if the package has none. */
  readonly text: string | null
}

/** The folder of the package that a module belongs to; null for our own files. */
export function packageFolderOf(moduleId: string): string | null {
  const file = moduleId.replace(/^\0+/, '').replace(/\?.*$/, '')
  return /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file)?.[1] ?? null
}

/** A package that is kept as it is, with everything that it needs at run time. */
export function withDependencies(top: string, name: string): readonly string[] {
  const found = new Set<string>()
  const visit = (from: string, wanted: string) => {
    const folder = resolveFolder(from, wanted)
    if (folder === null || found.has(folder)) return
    found.add(folder)
    const { dependencies = {} } = manifestOf(folder)
    for (const dependency of Object.keys(dependencies)) visit(folder, dependency)
  }
  visit(top, name)
  return [...found]
}

export function readPackage(folder: string): CarriedPackage {
  const { name, version, license, licenses } = manifestOf(folder)
  const licence = license ?? licenses
  const words = typeof licence === 'string' ? licence : 'see text'
  const file = readdirSync(folder).find(entry => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(entry))
  const text = file === undefined ? null : readFileSync(path.join(folder, file), 'utf8').trim()
  return { name: name ?? path.basename(folder), version: version ?? '', licence: words, text }
}

/** Sorted by name, each once. */
export function licencesText(packages: readonly CarriedPackage[]): string {
  const unique = new Map(packages.map(one => [`${one.name}@${one.version}`, one]))
  const sorted = [...unique.values()].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
  const parts = sorted.map(({ name, version, licence, text }) =>
    `${name} ${version} (${licence})\n\n${text ?? ''}`.trim(),
  )
  const head =
    'This program carries the following packages. Electron and Chromium bring their licences in files of their own.'
  return `${[head, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: unknown
  readonly licenses?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest
}

function resolveFolder(from: string, name: string): string | null {
  for (let at = from; ; at = path.dirname(at)) {
    const folder = path.join(at, 'node_modules', name)
    if (existsSync(path.join(folder, 'package.json'))) return folder
    if (path.dirname(at) === at) return null
  }
}
