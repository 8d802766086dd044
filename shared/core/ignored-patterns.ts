/**
 * Which files that git ignores are saved all the same: the user's own choice, by patterns like those of a `.gitignore`.
 * Pure.
 *
 * A pattern without a slash is a file name at any depth (`.env`, `*.local`); one with a slash is a path from the top
 * of the repository (`config/*.key`, `**` for any folders). `*` and `?` do not cross a slash. Whole ignored folders
 * (`node_modules`) are never gone into: they are what can be made again.
 */

/** More are not taken. */
export const mostPatterns = 50

const mostLength = 200

/** What is wrong with a pattern, in words; null if nothing is. */
export function checkPattern(pattern: unknown): string | null {
  if (typeof pattern !== 'string' || pattern === '') return 'must be a text that is not empty'
  if (pattern.length > mostLength) return `must have at most ${mostLength} characters`
  if (/[\u0000-\u001f\\]/.test(pattern)) return 'must have no backslash and no control character'
  if (pattern.startsWith('!')) return 'must not begin with "!": what is not named stays out anyway'
  if (pattern.endsWith('/')) return 'must name files, not a folder'
  if (pattern.split('/').some(part => part === '.' || part === '..')) return 'must have no part "." or ".."'
  return null
}

/** True for a path, from the top of the repository and with '/' between its parts, that a pattern names. */
export type IgnoredFilter = (path: string) => boolean

/** Null if there are no patterns: then git need not be asked. @param patterns that {@link checkPattern} found right */
export function ignoredFilter(patterns: readonly string[]): IgnoredFilter | null {
  if (patterns.length === 0) return null
  const tests = patterns.map(testOf)
  return path => tests.some(test => test(path.split('/')))
}

function testOf(pattern: string): (path: readonly string[]) => boolean {
  const parts = pattern.replace(/^\//, '').split('/')
  const names = parts.map(part => ({ text: part, characters: [...part] }))
  const [only] = names
  if (!pattern.includes('/') && only) return path => isNamed(only, path.at(-1) ?? '')
  return path => matches(names, path, ({ text }) => text === '**', isNamed)
}

interface NamePattern {
  readonly text: string
  readonly characters: readonly string[]
}

function isNamed({ text, characters }: NamePattern, name: string): boolean {
  if (!/[*?]/.test(text)) return text === name
  return matches(
    characters,
    [...name],
    character => character === '*',
    (wanted, character) => wanted === '?' || wanted === character,
  )
}

/**
 * Whether the items are what the pattern says, where some of its parts stand for any number of items. Goes back to the
 * last of those only, so the time is the product of the lengths, whatever somebody made up.
 */
function matches<P, I>(
  pattern: readonly P[],
  items: readonly I[],
  isAny: (part: P) => boolean,
  isOne: (part: P, item: I) => boolean,
): boolean {
  let [at, anyAt, resumeAt] = [0, -1, 0]
  for (let item = 0; item < items.length; ) {
    const part = pattern[at]
    if (part !== undefined && isAny(part)) {
      anyAt = at++
      resumeAt = item
    } else if (part !== undefined && isOne(part, items[item] as I)) {
      at++
      item++
    } else if (anyAt >= 0) {
      at = anyAt + 1
      item = ++resumeAt
    } else return false
  }
  return pattern.slice(at).every(isAny)
}
