/**
 * Where a snapshot puts content that the store does not hold yet. The store's pack writer implements it;
 * the snapshotter only calls it and knows nothing of packs, compression or disks.
 */
import type { FramePlace } from '../core/checkpoint.ts'

export interface FrameSink {
  /**
   * Adds `content` as one frame of the pack being written, or finds it there by its hash.
   *
   * @param content taken over before the call returns; the caller may reuse the memory
   * @param sha256 of `content`, lower-case hex
   * @returns the place, with pack index 0: the pack being written. It is right at once: it goes into a manifest.
   *   A disk that fails is the sink's to report when it is finished; the snapshotter cannot tell and goes on.
   */
  add(content: Uint8Array, sha256: string): FramePlace
  /**
   * The same for content that is large enough to be compressed in a thread of its own. The place that it returns is
   * filled in by the time the sink is finished, and says nothing before.
   *
   * @param content the sink's from here on: the caller must not change it
   */
  addLater?(content: Uint8Array, sha256: string): FramePlace
}
