/** A text as one word of a command that a person copies. */
import { oneLine } from './format.ts'

/** Quoted for a POSIX shell where it must be; control characters do not reach the terminal. */
export function shellWord(text: string): string {
  const safe = oneLine(text, 4_000)
  return /^[A-Za-z0-9_./:@%+,=-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`
}
