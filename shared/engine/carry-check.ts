/**
 * Whether what an older record names can be relied on by the next one. Reads only, and closes what it opened.
 *
 * Always: every pack is there and long enough. For a session in doubt (a record of it is damaged, or a test restore
 * failed) every pack is read and hashed as well, which costs as much as reading the checkpoint.
 */
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type { SessionId } from '../core/session.ts'
import type { SavedTree } from './checkpoint-history.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { checkPlaces, framesOfTree, holderOf } from './record-check.ts'

export interface CarryCheck {
  /** What the record's streams and its manifest lie in. */
  isSound(record: CheckpointRecord): boolean
  /** The record too, and every file that its manifest names. */
  isSoundTree(saved: SavedTree): boolean
  close(): void
}

export function createCarryCheck(
  store: Pick<CheckpointStore, 'packReader'>,
  isDoubtful: (sessionId: SessionId) => boolean,
): CarryCheck {
  const reader = store.packReader()
  const whole = new Map<string, boolean>()
  const isWhole = (pack: string) => {
    const known = whole.get(pack) ?? reader.checkWhole(pack) === null
    whole.set(pack, known)
    return known
  }
  const isSound = (record: CheckpointRecord) =>
    checkPlaces(reader, record).length === 0 && (!isDoubtful(record.session) || record.packs.every(isWhole))
  return {
    isSound,
    isSoundTree: ({ record, manifest }) =>
      isSound(record) &&
      framesOfTree(holderOf(record), manifest).every(({ pack, place }) => reader.check(pack, place) === null),
    close: reader.close,
  }
}
