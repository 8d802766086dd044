/**
 * Random numbers that a seed decides, for test data. The same seed gives the same numbers on every machine.
 *
 * sfc32 by Chris Doty-Humphrey (PractRand), seeded through splitmix32 over the seed's text. Not for secrets.
 */

export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number
  /** True with probability `p`. */
  chance(p: number): boolean
  /** @throws {RangeError} when there is nothing to pick from. */
  pick<T>(items: readonly T[]): T
  /** One of the second parts, as often as its weight says. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T
  /** A new array with the same items in another order. */
  shuffle<T>(items: readonly T[]): T[]
  /** Log-normal: half of all values lie below `median`; `sigma` is the deviation of the logarithm. */
  logNormal(median: number, sigma: number): number
  /** Lower-case hex digits. */
  hex(digits: number): string
  /** Version 4 UUID, lower case. */
  uuid(): string
  /** An independent stream: what is drawn from it does not shift what is drawn from this one. */
  branch(label: string | number): Random
}

export function seededRandom(seed: number | string): Random {
  const nextWord = sfc32(String(seed))
  const next = () => nextWord() / 2 ** 32
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    int,
    chance: p => next() < p,
    pick: items => pickFrom(items, int),
    weighted: items => pickWeighted(items, next),
    shuffle: items => shuffled(items, int),
    logNormal: (median, sigma) => median * Math.exp(sigma * normal(next)),
    hex: digits => hexDigits(digits, nextWord),
    uuid: () => uuid(nextWord),
    branch: label => seededRandom(`${seed}/${label}`),
  }
}

function pickFrom<T>(items: readonly T[], int: Random['int']): T {
  if (items.length === 0) throw new RangeError('nothing to pick from')
  return items[int(0, items.length - 1)] as T
}

function pickWeighted<T>(items: readonly (readonly [number, T])[], next: () => number): T {
  let left = next() * items.reduce((sum, [weight]) => sum + weight, 0)
  const found = items.find(([weight]) => {
    left -= weight
    return left < 0
  })
  const chosen = found ?? items.at(-1)
  if (chosen === undefined) throw new RangeError('nothing to pick from')
  return chosen[1]
}

function shuffled<T>(items: readonly T[], int: Random['int']): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = int(0, i)
    const kept = result[i] as T
    result[i] = result[j] as T
    result[j] = kept
  }
  return result
}

/** Box and Muller; one of the two values is thrown away so that every call draws twice. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

const bytesAsHex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const wordAsHex = (word: number) =>
  `${bytesAsHex[word >>> 24]}${bytesAsHex[(word >>> 16) & 255]}${bytesAsHex[(word >>> 8) & 255]}${bytesAsHex[word & 255]}`

function hexDigits(digits: number, nextWord: () => number): string {
  let text = ''
  while (text.length < digits) text += wordAsHex(nextWord())
  return text.slice(0, digits)
}

function uuid(nextWord: () => number): string {
  const a = wordAsHex(nextWord())
  const b = wordAsHex((nextWord() & 0xffff0fff) | 0x4000)
  const c = wordAsHex((nextWord() & 0x3fffffff) | 0x80000000)
  return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${wordAsHex(nextWord())}`
}

/** Four words of state from the text of the seed: FNV-1a, then splitmix32 steps. */
function seedWords(seed: string): [number, number, number, number] {
  let hash = 0x811c9dc5
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193)
  const step = () => {
    hash = (hash + 0x9e3779b9) | 0
    let t = hash ^ (hash >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t = Math.imul(t ^ (t >>> 15), 0x735a2d97)
    return (t ^ (t >>> 15)) >>> 0
  }
  return [step(), step(), step(), step()]
}

/** Words in [0, 2^32). */
function sfc32(seed: string): () => number {
  let [a, b, c, counter] = seedWords(seed)
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let i = 0; i < 15; i++) next()
  return next
}
