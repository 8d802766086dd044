/**
 * A scratch folder with a home, a project and a snapshotter, for tests of the work-tree snapshot on real git
 * repositories. The clock runs a minute ahead, so that files just written count as old enough for their stat keys.
 */
import fs from 'node:fs'
import path from 'node:path'
import { describe } from 'vitest'
import type { TreeManifest } from '../../shared/core/work-tree.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { CommandOptions, Ports } from '../../shared/engine/ports.ts'
import type { PreviousTree } from '../../shared/engine/saved-content.ts'
import type { SnapshotLimits } from '../../shared/engine/snapshot-limits.ts'
import { createSnapshotter, type Snapshotter, type TreeResult } from '../../shared/engine/work-tree-snapshot.ts'
import { folderContent, materialise } from './materialised-tree.ts'
import { createMemoryPacks, type MemoryPack, type MemoryPacks } from './memory-packs.ts'
import { git, hasGit } from './repositories.ts'
import { makeScratchFolder, removeScratchFolder } from './scratch.ts'

export const agedPorts: Ports = aged(nodePorts(() => {}))

function aged(ports: Ports): Ports {
  return { ...ports, clock: { ...ports.clock, nowMs: () => ports.clock.nowMs() + 60_000 } }
}

export type Taken = Extract<TreeResult, { ok: true }>

export interface WorldOptions {
  readonly ports?: Ports
  readonly bounds?: Partial<SnapshotLimits>
  readonly includeIgnored?: readonly string[]
  readonly environment?: Readonly<Record<string, string | undefined>>
}

export interface SnapshotWorld {
  readonly folder: string
  readonly home: string
  /** Where the project is; not made yet. */
  readonly root: string
  readonly gitFolder: string
  readonly packs: MemoryPacks
  /** A new one, with nothing in memory. */
  snapshotter(options?: WorldOptions): Snapshotter
  /** Of `root`, with a snapshotter of its own unless one is given. @throws {Error} unless it went well */
  capture(previous?: PreviousTree | null, by?: Snapshotter, root?: string): Promise<Captured>
  /** Writes a capture out to a new folder and reads it back. */
  restored(captured: Captured): Readonly<Record<string, string>>
  write(name: string, content: string | Buffer, mode?: number): void
  git(...args: readonly string[]): string
  remove(): void
}

export interface Captured extends Taken {
  readonly pack: MemoryPack
  /** To build the next capture on. */
  readonly asPrevious: PreviousTree
}

export function makeSnapshotWorld(): SnapshotWorld {
  const folder = makeScratchFolder('snapshot')
  const [home, root, gitFolder] = ['home', 'project', 'data/git'].map(name => path.join(folder, name)) as [
    string,
    string,
    string,
  ]
  fs.mkdirSync(home)
  const packs = createMemoryPacks()
  let restores = 0

  const snapshotter = ({ ports = agedPorts, bounds, environment, includeIgnored = [] }: WorldOptions = {}) =>
    createSnapshotter(ports, {
      gitFolder,
      home,
      includeIgnored,
      environment: environment ?? { PATH: process.env['PATH'] },
      ...(bounds === undefined ? {} : { bounds }),
    })

  return {
    folder,
    home,
    root,
    gitFolder,
    packs,
    snapshotter,
    capture: async (previous = null, by = snapshotter(), at = root) => {
      const pack = packs.open()
      const result = await by.capture(at, previous, pack)
      if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
      return { ...result, pack, asPrevious: { manifest: throughJson(result.manifest), manifestPack: pack.finish() } }
    },
    restored: ({ asPrevious: { manifest, manifestPack } }) => {
      const target = path.join(folder, `restored-${restores++}`)
      materialise(manifest, (place, list) => packs.read(place, list, manifestPack), target)
      return folderContent(target)
    },
    write: (name, content, mode = 0o644) => {
      const file = path.join(root, name)
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, content)
      fs.chmodSync(file, mode)
    },
    git: (...args) => git(root, ...args),
    remove: () => removeScratchFolder(folder),
  }
}

/** As it comes back from the store. */
function throughJson(manifest: TreeManifest): TreeManifest {
  return JSON.parse(JSON.stringify(manifest)) as TreeManifest
}

/** A new repository with one commit of a few files of every kind. */
export function makeCommitted(world: SnapshotWorld, more: Readonly<Record<string, string>> = {}): void {
  fs.mkdirSync(world.root, { recursive: true })
  git(world.root, 'init', '-q', '-b', 'main')
  world.write('.gitignore', '*.log\nbuild/\n')
  world.write('a.txt', 'one\n')
  world.write('src/b.ts', 'export const b = 1\n')
  world.write('src/deep/c.ts', 'export const c = 1\n')
  world.write('run.sh', '#!/bin/sh\n', 0o755)
  fs.symlinkSync('a.txt', path.join(world.root, 'link'))
  for (const [name, content] of Object.entries(more)) world.write(name, content)
  world.git('add', '-A')
  world.git('commit', '-q', '-m', 'first')
}

/** Commands as they are run, beside running them. */
export function countingCommands(ports: Ports = agedPorts) {
  const calls: { readonly args: readonly string[]; readonly options: CommandOptions }[] = []
  const run: Ports['commands']['run'] = (file, args, options) => {
    calls.push({ args, options })
    return ports.commands.run(file, args, options)
  }
  return { calls, ports: { ...ports, commands: { ...ports.commands, run } } }
}

/** Ports whose file system does something before or instead of an operation. */
export function withFiles(change: (files: Ports['files']) => Partial<Ports['files']>, ports: Ports = agedPorts): Ports {
  return { ...ports, files: { ...ports.files, ...change(ports.files) } }
}

/** `describe`, skipped where git is not installed; the title says so. */
export function describeWithGit(title: string, body: () => void): void {
  describe.skipIf(!hasGit())(`${title} (needs git)`, body)
}
