import type { OpenFile } from '../../shared/engine/ports.ts'

/** As much of an open file as a scanner needs: it can be read. `until` hides what comes after. */
export function fileInMemory(bytes: Buffer, until = bytes.length): OpenFile {
  const refused = () => {
    throw new Error('only reading is possible here')
  }
  return {
    read: (into, position) => bytes.copy(into, 0, position, Math.min(until, position + into.byteLength)),
    append: refused,
    stat: refused,
    peek: refused,
    truncate: refused,
    sync: refused,
    close: () => {},
  }
}
