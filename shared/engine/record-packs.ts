/**
 * The list of packs of a record in the making, and the places that point into it.
 *
 * While a checkpoint is made its new pack has no name yet (a pack is named by its own hash), so the list of a
 * draft begins with `null` for "the pack being written", and a place that a `FrameSink` gives, with its index 0,
 * is right as it is. What is carried over from an older record is translated into the draft's list; when the pack
 * is finished, {@link settlePacks} puts in its name and drops packs that nothing needs. Pure: no disk.
 */
import type { CheckpointRecord, FramePlace, StreamRecord, TreeRecord } from '../core/checkpoint.ts'
import type { TreeManifest } from '../core/work-tree.ts'

/** Null stands for the pack being written. */
export type DraftPack = string | null

export interface PackTable {
  /** Index of a finished pack in this list; it is added if it is not there yet. */
  indexOf(pack: string): number
  /** The list so far. The first is the pack being written. */
  list(): readonly DraftPack[]
}

export function createPackTable(): PackTable {
  const packs: DraftPack[] = [null]
  return {
    indexOf(pack) {
      const known = packs.indexOf(pack)
      return known >= 0 ? known : packs.push(pack) - 1
    },
    list: () => packs,
  }
}

type Older = Pick<CheckpointRecord, 'packs' | 'streams' | 'tree'>

/** An older record's place as a place in the draft. @throws {RangeError} if the record does not list the pack. */
export function carryPlace(older: Pick<Older, 'packs'>, place: FramePlace, table: PackTable): FramePlace {
  const [, offset, storedBytes, bytes] = place
  return [table.indexOf(packAt(older.packs, place[0])), offset, storedBytes, bytes]
}

/** An older record's stream as it is, for a file that has not changed or is gone; null if it has none of that name. */
export function carryStream(older: Older, name: string, table: PackTable): StreamRecord | null {
  const stream = older.streams.find(each => each.name === name)
  if (!stream) return null
  return { ...stream, segments: stream.segments.map(place => carryPlace(older, place, table)) }
}

/** An older record's work tree as it is, for one that has not changed; null if it has none. */
export function carryTree(older: Older, table: PackTable): TreeRecord | null {
  if (older.tree === null) return null
  return {
    ...older.tree,
    place: carryPlace(older, older.tree.place, table),
    packs: older.tree.packs.map(index => table.indexOf(packAt(older.packs, index))),
  }
}

/** Names of all packs that a manifest and those nested in it point to, besides the one it lies in. */
export function packsOfManifest(manifest: Pick<TreeManifest, 'packs' | 'nested'>): readonly string[] {
  return [...new Set([...manifest.packs, ...manifest.nested.flatMap(each => packsOfManifest(each.manifest))])]
}

export interface PackReferences<Pack extends DraftPack> {
  readonly streams: readonly StreamRecord[]
  readonly tree: TreeRecord | null
  readonly packs: readonly Pack[]
}

/**
 * The same references with names only.
 *
 * @param written name of the pack that was written for them, or null if nothing was added to it
 * @throws {RangeError} if an index is outside the list, or frames are said to lie in a pack that was not written
 */
export function settlePacks(draft: PackReferences<DraftPack>, written: string | null) {
  const packs: string[] = []
  const settled = (index: number): number => {
    const draftPack = packAt(draft.packs, index)
    const name = draftPack ?? written
    if (name === null) throw new RangeError('a frame in a pack that was never written')
    const known = packs.indexOf(name)
    return known >= 0 ? known : packs.push(name) - 1
  }
  const place = ([index, ...rest]: FramePlace): FramePlace => [settled(index), ...rest]
  const streams = draft.streams.map(stream => ({ ...stream, segments: stream.segments.map(place) }))
  const tree = draft.tree && { ...draft.tree, place: place(draft.tree.place), packs: draft.tree.packs.map(settled) }
  return { streams, tree, packs }
}

function packAt<Pack extends DraftPack>(packs: readonly Pack[], index: number): Pack {
  const pack = packs[index]
  if (pack === undefined) throw new RangeError(`place in pack ${index} of ${packs.length}`)
  return pack
}
