/**
 * Random damage to the files of a store: flipped bits, cut, zeroed, prolonged and deleted files, and whole folders
 * that are gone, one at a time.
 *
 * Each must be found by `verify`, or be harmless, as the loss of a second name or of a temporary file is: then everything
 * that was saved is proven to come back to the byte.
 * Whatever is found, nothing crashes, and nothing that is not what was saved is given back as if it were.
 */

import { openStore } from '../../../shared/engine/checkpoint-store.ts'
import { removeTreeQuietly } from '../../../shared/engine/durable-file.ts'
import { createGit } from '../../../shared/engine/git-command.ts'
import { restoreSide } from '../../../shared/engine/restore-side.ts'
import { verifyStore } from '../../../shared/engine/verify-store.ts'
import type { MemoryFiles } from '../../support/memory-file-system.ts'
import { type Random, seededRandom } from '../../support/random.ts'
import { createMemoryWorld, differences, type Expected, type MemoryWorld, readAll } from './memory-world.ts'

export interface DamageTrial {
  readonly trials: number
  /** By kind of damage, how often it was found, or harmless. */
  readonly counts: Readonly<Record<string, number>>
  readonly failures: readonly string[]
}

type Kind = 'flip' | 'cut' | 'zero' | 'prolong' | 'delete' | 'delete folder'

const storeFolder = '/data/store'
/** A store of its own for so many trials. */
const trialsPerWorld = 500

export async function damageStore(seed: number, trials: number): Promise<DamageTrial> {
  const counts: Record<string, number> = {}
  const failures: string[] = []
  for (let done = 0; done < trials; done += trialsPerWorld) {
    const random = seededRandom(`${seed}/damage/${done}`)
    const world = await usedStore(`${seed}/${done}`)
    const files = filesBelow(world, storeFolder)
    for (let trial = done; trial < Math.min(trials, done + trialsPerWorld); trial++) {
      const { kind, at, mend } = damage(world, random, files)
      const label = `seed ${seed}, trial ${trial}, ${kind} in ${at.slice(storeFolder.length)}`
      const { verdict, problems } = await judge(world, random.pick(world.saved))
      const key = `${kind} ${verdict}`
      counts[key] = (counts[key] ?? 0) + 1
      failures.push(...problems.map(words => `${label}: ${words}`))
      mend()
    }
    failures.push(...(await world.check()).map(words => `after all damage was mended: ${words}`))
  }
  return { trials, counts, failures }
}

async function usedStore(seed: string): Promise<MemoryWorld> {
  const world = createMemoryWorld(seed)
  for (let step = 0; step < 4; step++) {
    await world.checkpoint(world.disk.another())
    world.work()
  }
  return world
}

function filesBelow({ disk }: MemoryWorld, folder: string): readonly string[] {
  return disk.list(folder).flatMap(name => {
    const at = `${folder}/${name}`
    return disk.lstat(at).kind === 'folder' ? filesBelow({ disk } as MemoryWorld, at) : [at]
  })
}

interface Damage {
  readonly kind: Kind
  readonly at: string
  readonly mend: () => void
}

function damage({ disk }: MemoryWorld, random: Random, files: readonly string[]): Damage {
  const kind = random.weighted<Kind>([
    [10, 'flip'],
    [4, 'cut'],
    [2, 'zero'],
    [2, 'prolong'],
    [2, 'delete'],
    [1, 'delete folder'],
  ])
  const file = random.pick(files)
  if (kind === 'delete') return { kind, ...remove(disk, file) }
  if (kind === 'delete folder') return { kind, ...remove(disk, folderOf(file)) }
  const before = readAll(disk, file)
  overwrite(disk, file, damaged(kind, random, before))
  return { kind, at: file, mend: () => overwrite(disk, file, before) }
}

/** Out of the store, and back as the very same file: a copy would no longer be one with its second name. */
function remove(disk: MemoryFiles, at: string): Omit<Damage, 'kind'> {
  disk.rename(at, removed)
  const mend = () => {
    removeTreeQuietly(disk, at)
    disk.rename(removed, at)
  }
  return { at, mend }
}

const removed = '/removed'

/** In place, as a disk's own damage is: under every name that the file has. */
function overwrite(disk: MemoryFiles, at: string, content: Uint8Array): void {
  const file = disk.open(at, 'update')
  file.truncate(0)
  file.append(content)
  file.close()
}

/** The folder that a file lies in; of FORMAT, one whose loss is no harm. */
function folderOf(file: string): string {
  const folder = file.slice(0, file.lastIndexOf('/'))
  return folder === storeFolder ? `${storeFolder}/tmp` : folder
}

function damaged(kind: Exclude<Kind, 'delete' | 'delete folder'>, random: Random, before: Buffer): Buffer {
  const at = random.int(0, before.length - 1)
  if (kind === 'cut') return before.subarray(0, at)
  if (kind === 'prolong') return Buffer.concat([before, Buffer.from(random.hex(random.int(1, 64)))])
  const bytes = Buffer.from(before)
  if (kind === 'zero') bytes.fill(0, at, Math.min(bytes.length, at + random.int(1, 512)))
  else bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7))
  return bytes
}

type Verdict = 'found' | 'harmless'

async function judge(
  world: MemoryWorld,
  one: Expected,
): Promise<{ readonly verdict: Verdict; readonly problems: readonly string[] }> {
  const opened = openStore(world.ports, storeFolder, { minimumFreeShare: 0 })
  if (!opened.ok) return { verdict: 'found', problems: [] }
  const { store } = opened
  const { findings } = await verifyStore(store, world.ports.clock, { readData: true })
  const silent = world.saved.flatMap(each => {
    const read = store.read(each.session, each.seq)
    // What verify calls whole must be whole.
    const calledWhole = read.ok && store.verifyRecord(read.record, { readData: true }).length === 0
    return calledWhole ? differences(store, each) : []
  })
  silent.push(...(await restoredWrong(world, one)))
  if (findings.some(({ severity }) => severity === 'damage')) return { verdict: 'found', problems: silent }
  const lost = world.saved.flatMap(each => differences(store, each)).map(words => `not found by verify: ${words}`)
  return { verdict: 'harmless', problems: [...silent, ...lost] }
}

/** A restore either refuses in words or gives back what was saved. */
async function restoredWrong(world: MemoryWorld, one: Expected): Promise<readonly string[]> {
  const store = world.store()
  const read = store.read(one.session, one.seq)
  if (!read.ok) return []
  const target = '/restored'
  const git = createGit(world.ports.commands, {})
  const { ok } = await restoreSide({ ports: world.ports, git, store }, read.record, target)
  const streams = [...one.streams].map(([name, content]) => {
    const file = name === 'main' ? `${one.session}.jsonl` : `${one.session}/${name}`
    return [`transcript/${file}`, content] as const
  })
  const files = [...one.files].map(([name, content]) => [`files/${name}`, Buffer.from(content)] as const)
  const wrong = [...streams, ...files].flatMap(([name, content]) =>
    ok && !isAs(world, `${target}/${name}`, content) ? [`restored silently: ${name} is not what it was`] : [],
  )
  removeTreeQuietly(world.disk, target)
  return wrong
}

function isAs({ disk }: MemoryWorld, at: string, content: Buffer): boolean {
  try {
    return readAll(disk, at).equals(content)
  } catch {
    return false
  }
}
