/** Remembers the last string that was decoded, because the lines of a transcript say the same thing again and again. */
import { decodeString } from './json-bytes.ts'

/** @returns what `parse` makes of the string from its quote `at` to `after` its closing quote. @throws {SyntaxError} if it is no JSON. */
export type TextMemory<T> = (bytes: Buffer, at: number, after: number) => T

/** Longer strings are decoded anew each time. */
const longest = 512

export function createTextMemory<T>(parse: (text: string) => T): TextMemory<T> {
  const last = Buffer.alloc(longest)
  let length = 0
  let value: T
  return (bytes, at, after) => {
    if (after - at === length && sameBytes(last, bytes, at, length)) return value
    const fresh = parse(decodeString(bytes, at, after))
    if (after - at > longest) return fresh
    length = bytes.copy(last, 0, at, after)
    value = fresh
    return fresh
  }
}

function sameBytes(a: Buffer, b: Buffer, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[at + i]) return false
  return true
}
