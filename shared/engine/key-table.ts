/** Tells the keys of a fixed list apart in a buffer, by a hash of four of their bytes and one comparison. */

export interface KeyTable {
  readonly names: readonly Buffer[]
  /** By hash: a key's number in the list, or -1. */
  readonly slots: Int16Array
  readonly factor: number
}

/** @throws {RangeError} if no factor gives each key a hash of its own: then the list is at fault. */
export function keyTable(keys: readonly string[]): KeyTable {
  const names = keys.map(key => Buffer.from(key))
  for (let factor = 1; factor < 65_536; factor += 2) {
    const slots = new Int16Array(1_024).fill(-1)
    names.forEach((name, number) => {
      slots[hashOf(name, 0, name.length, factor)] = number
    })
    if (slots.filter(number => number !== -1).length === names.length) return { names, slots, factor }
  }
  throw new RangeError(`keys cannot be told apart: ${keys.join(', ')}`)
}

/** The eleventh byte, or the last, is what tells the longest keys apart. */
function hashOf(bytes: Uint8Array, at: number, end: number, factor: number): number {
  const far = end - at > 10 ? (bytes[at + 10] ?? 0) : 0
  const four = ((end - at) << 24) ^ ((bytes[at] ?? 0) << 16) ^ ((bytes[end - 1] ?? 0) << 8) ^ far
  return Math.imul(four, factor) >>> 22
}

/** The number of the key from `at` to its closing quote at `end`; -1 if it is not in the list. */
export function keyNumber(table: KeyTable, bytes: Buffer, at: number, end: number): number {
  if (at === end) return -1
  const number = table.slots[hashOf(bytes, at, end, table.factor)] ?? -1
  if (number === -1) return -1
  const name = table.names[number]
  if (name === undefined || name.length !== end - at) return -1
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return -1
  return number
}
