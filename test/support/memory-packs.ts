/** Packs in memory: a `FrameSink` that keeps what it is given, and finds it again by a manifest's places. */
import { createHash } from 'node:crypto'
import type { FramePlace } from '../../shared/core/checkpoint.ts'
import type { FrameSink } from '../../shared/engine/frame-sink.ts'

export interface MemoryPack extends FrameSink {
  /** Contents added so far, in order. */
  readonly added: readonly Buffer[]
  /** Ends the pack and names it by its content. */
  finish(): string
}

export interface MemoryPacks {
  open(): MemoryPack
  /**
   * @param packs the manifest's list
   * @param manifestPack what index 0 stands for
   * @throws {Error} if nothing lies there
   */
  read(place: FramePlace, packs: readonly string[], manifestPack: string): Buffer
}

export function createMemoryPacks(): MemoryPacks {
  const finished = new Map<string, readonly Buffer[]>()
  return {
    open: () => {
      const added: Buffer[] = []
      const places = new Map<string, FramePlace>()
      return {
        added,
        add: (content, sha256) => {
          const known = places.get(sha256)
          if (known) return known
          const place: FramePlace = [0, added.push(Buffer.from(content)) - 1, content.length, content.length]
          places.set(sha256, place)
          return place
        },
        finish: () => {
          const hash = createHash('sha256').update(`pack ${finished.size}\n`)
          for (const content of added) hash.update(content)
          const name = hash.digest('hex')
          finished.set(name, added)
          return name
        },
      }
    },
    read: ([index, at, , bytes], packs, manifestPack) => {
      const pack = index === 0 ? manifestPack : packs[index - 1]
      const content = finished.get(pack ?? '')?.[at]
      if (content === undefined || content.length !== bytes) throw new Error(`nothing at ${at} in pack ${pack}`)
      return content
    },
  }
}
