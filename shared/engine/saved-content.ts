/**
 * Content that the store holds already, by its hash, so that a snapshot stores only what is new.
 *
 * Places are relative to a manifest's own list of packs; here they are turned into absolute ones and back.
 * Pure: it reads the manifest that the caller read, never a pack.
 */
import type { FramePlace } from '../core/checkpoint.ts'
import type { TreeManifest } from '../core/work-tree.ts'
import type { FrameSink } from './frame-sink.ts'

/** The manifest to build on, and the pack that it lies in. */
export interface PreviousTree {
  readonly manifest: TreeManifest
  readonly manifestPack: string
}

interface SavedPlace {
  readonly pack: string
  readonly frame: readonly [offset: number, storedBytes: number, bytes: number]
}

export type SavedContent = ReadonlyMap<string, SavedPlace>

/**
 * Every content of `previous` and of what is nested in it, by SHA-256.
 *
 * A tree may not come to depend on ever more packs: beyond `mostPacks` only the half that holds most bytes is
 * offered, and what lies in the others is read and stored again.
 */
export function savedContentOf(previous: PreviousTree | null, mostPacks: number): SavedContent {
  if (previous === null) return new Map()
  const places = [...placesIn(previous.manifest, previous.manifestPack)]
  const bytes = new Map<string, number>()
  for (const [, { pack, frame }] of places) bytes.set(pack, (bytes.get(pack) ?? 0) + frame[1])
  if (bytes.size <= mostPacks) return new Map(places)
  const largest = [...bytes].sort(([, a], [, b]) => b - a).slice(0, Math.ceil(mostPacks / 2))
  const kept = new Set(largest.map(([pack]) => pack))
  return new Map(places.filter(([, { pack }]) => kept.has(pack)))
}

function* placesIn(manifest: TreeManifest, manifestPack: string): Generator<readonly [sha256: string, SavedPlace]> {
  const pins = manifest.basePin === null ? [] : [manifest.basePin, ...(manifest.basePin.earlier ?? [])]
  for (const { sha256, place } of [...manifest.files, ...manifest.staged, ...pins]) {
    if (place === null) continue
    const [index, offset, storedBytes, bytes] = place
    const pack = index === 0 ? manifestPack : manifest.packs[index - 1]
    // A manifest that points beyond its own list is damaged; its content is stored again.
    if (pack !== undefined) yield [sha256, { pack, frame: [offset, storedBytes, bytes] }]
  }
  for (const nested of manifest.nested) yield* placesIn(nested.manifest, manifestPack)
}

/** Finds or makes the places of one manifest. */
export interface Placer {
  /** Null if the content is not in the store, or not in a pack that may still be depended on. */
  find(sha256: string): FramePlace | null
  add(content: Uint8Array, sha256: string): FramePlace
  /** The manifest's list of packs so far. */
  packs(): string[]
}

export function createPlacer(saved: SavedContent, sink: FrameSink): Placer {
  const packs: string[] = []
  const indexOf = (pack: string) => {
    const known = packs.indexOf(pack)
    return known >= 0 ? known : packs.push(pack) - 1
  }
  return {
    find: sha256 => {
      const place = saved.get(sha256)
      return place === undefined ? null : [indexOf(place.pack) + 1, ...place.frame]
    },
    add: (content, sha256) => sink.add(content, sha256),
    packs: () => packs,
  }
}
