/**
 * What host and walk share: the tables that the host fills once, and the places that it reads after each call. Also the
 * names of the grammar, which are told apart by a hash without collisions.
 */

/** Start and end of each value, counted from the first byte of `buffer`; -1 where it is not there. */
export const places: usize = memory.data(1024, 16)
/** What is known of the line that was walked last; see the offsets below. */
export const state: usize = memory.data(64, 16)
export const bufferBytes: u32 = 4194304
const room: usize = memory.data(64 + 4194304 + 256, 64)
/** Before it and behind it lie bytes that may be loaded. */
export const buffer: usize = room + 64

/** Of names by number, filled by the host: their bytes, 32 for each, their lengths, and what they are as a value. */
export const names: usize = memory.data(4096, 16)
export const lengths: usize = memory.data(128, 16)
export const classes: usize = memory.data(128, 16)
export const maxNames: u32 = 128
/** By an object's number, {@link maxNames} bytes each, filled by the host: what to do with each key. */
export const actions: usize = memory.data(2048, 16)

// What the host's grammar must agree on: it compares these before it relies on them.
export const recordInts: u32 = 58
export const blockInts: u32 = 22
export const maxBlocks: u32 = 8

/** Offsets in `state`: epoch ms of the line's timestamp as a double, NaN where it is not spelled as usual; then integers. */
export const timeAt: u32 = 0
export const wholeAt: u32 = 8
export const blocksAt: u32 = 12
export const messageAt: u32 = 16
export const tailKindAt: u32 = 20
export const tailAt: u32 = 24

/** The number of the name with a hash, {@link noName} for none; and by a name's number its first eight bytes. */
const slots: usize = memory.data(4096, 16)
const firsts: usize = memory.data(1024, 16)
/** By a name's number, {@link spellingBytes} each: the name with the quote and the colon behind it, 32 bytes; one bit for each of them; its length. */
const spellings: usize = memory.data(6144, 16)
const spellingBytes: u32 = 48
const bitsAt: usize = 32
const lengthAt: usize = 36
/**
 * By an object's number and a name's: the name that followed it last, then how long a text was as its value. A line has
 * its keys in the order of others.
 */
const followers: usize = memory.data(4096, 64)
/** Stands before the first name of an object. */
export const firstName: u32 = 126
/** By a number of bytes up to 15: the bits of so many bytes of eight. */
const masks: usize = memory.data(128, 16)
const noName: u8 = 127
let multiplier: u64 = 0x9e3779b97f4a7c15

/**
 * To be called once, when the host has filled its tables.
 *
 * @param count Of names. Less than {@link noName}.
 * @returns false if they cannot be told apart by their hash, or one is too long to be compared at once
 */
export function startTables(count: u32): bool {
  for (let i: u32 = 0; i < 16; i++) store<u64>(masks + 8 * i, i < 8 ? ((<u64>1) << (8 * i)) - 1 : u64.MAX_VALUE)
  for (let number: u32 = 0; number < maxNames; number++) {
    // A number without a name is spelled as the empty key, which has none.
    const length = number < count ? <u32>load<u8>(lengths + number) : 0
    if (length > 29) return false
    spell(number, length)
  }
  memory.fill(followers, noName, 4096)
  for (let tries = 0; tries < 100000; tries++) {
    if (fillSlots(count)) return true
    multiplier += 0x9e3779b97f4a7c16
  }
  return false
}

function spell(number: u32, length: u32): void {
  const at = spellings + spellingBytes * number
  store<u32>(at + bitsAt, (1 << (length + 2)) - 1)
  store<u32>(at + lengthAt, length)
  memory.copy(at, names + 32 * number, length)
  store<u16>(at + length, 0x3a22)
}

/** False if two names have the same hash. */
function fillSlots(count: u32): bool {
  memory.fill(slots, noName, 4096)
  for (let number: u32 = 0; number < count; number++) {
    const length = <u32>load<u8>(lengths + number)
    const first = firstBytes(names + 32 * number, length)
    const slot = slots + hashOf(first, names + 32 * number, length)
    if (load<u8>(slot) !== noName) return false
    store<u8>(slot, <u8>number)
    store<u64>(firsts + 8 * number, first)
  }
  return true
}

@inline
function firstBytes(at: usize, length: u32): u64 {
  return load<u64>(at) & load<u64>(masks + 8 * min(length, 15))
}

@inline
function hashOf(first: u64, at: usize, length: u32): u32 {
  // The eleventh byte tells names apart that are alike at both ends.
  const eleventh = length > 10 ? <u32>load<u8>(at + 10) << 8 : 0
  return <u32>(((first ^ (length + eleventh)) * multiplier) >>> 52)
}

/** Where the name that is likely to follow the one with the number `before` is remembered, and in the next byte the length of its value. */
@inline
export function followerOf(object: u32, before: u32): usize {
  return followers + 2 * (maxNames * object + before)
}

/** The end of the key's name if it is the one that is remembered; 0 if it is another. */
@inline
export function guessedEnd(number: u32, key: usize): usize {
  const spelled = spellings + spellingBytes * number
  const wanted = load<u32>(spelled, bitsAt)
  const low = ~i8x16.bitmask(i8x16.eq(v128.load(key), v128.load(spelled))) & wanted
  if ((low & 0xffff) !== 0) return 0
  if (wanted > 0xffff && (~i8x16.bitmask(i8x16.eq(v128.load(key, 16), v128.load(spelled, 16))) & (wanted >>> 16)) !== 0) return 0
  return key + load<u32>(spelled, lengthAt)
}

/** The number of the name from `at` to `end`; one without name, class or action if it is not in the list. */
@inline
export function nameNumber(at: usize, end: usize): u32 {
  const length = <u32>(end - at)
  const first = firstBytes(at, length)
  const number = <u32>load<u8>(slots + hashOf(first, at, length))
  if (load<u64>(firsts + 8 * number) !== first || load<u8>(lengths + number) !== length) return noName
  return length <= 8 || isName(names + 32 * number, at, length) ? number : noName
}

/** Compares the bytes after the first eight. */
function isName(name: usize, at: usize, length: u32): bool {
  for (let i: u32 = 8; i + 8 < length; i += 8) if (load<u64>(name + i) !== load<u64>(at + i)) return false
  return load<u64>(name + length - 8) === load<u64>(at + length - 8)
}
