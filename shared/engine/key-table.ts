/** Tells the keys of a fixed list apart in a buffer, by a hash of some of their bytes and one comparison. */

export interface KeyTable {
  readonly names: readonly Buffer[]
  /** By hash: the number in the list of the last key with that hash, or -1. */
  readonly slots: Int16Array
  /** By a key's number: the number of another key with the same hash, or -1. */
  readonly others: Int16Array
}

export function keyTable(keys: readonly string[]): KeyTable {
  const names = keys.map(key => Buffer.from(key))
  const slots = new Int16Array(1_024).fill(-1)
  const others = Int16Array.from(names, (name, number) => {
    const hash = hashOf(name, 0, name.length)
    const other = slots[hash] ?? -1
    slots[hash] = number
    return other
  })
  return { names, slots, others }
}

/** The fifth and the eleventh byte tell keys apart that are alike at both ends. */
function hashOf(bytes: Uint8Array, at: number, end: number): number {
  const length = end - at
  const fifth = length > 4 ? (bytes[at + 4] ?? 0) : 0
  const eleventh = length > 10 ? (bytes[at + 10] ?? 0) : 0
  const ends = (length << 24) ^ ((bytes[at] ?? 0) << 16) ^ ((bytes[end - 1] ?? 0) << 8)
  return Math.imul(ends ^ (fifth << 4) ^ eleventh, 0x9e3779b1) >>> 22
}

/** The number of the key from `at` to its closing quote at `end`; -1 if it is not in the list. */
export function keyNumber({ names, slots, others }: KeyTable, bytes: Buffer, at: number, end: number): number {
  let number = at === end ? -1 : (slots[hashOf(bytes, at, end)] ?? -1)
  while (number !== -1 && !isKey(names[number], bytes, at, end)) number = others[number] ?? -1
  return number
}

function isKey(name: Buffer | undefined, bytes: Buffer, at: number, end: number): boolean {
  if (name === undefined || name.length !== end - at) return false
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false
  return true
}
