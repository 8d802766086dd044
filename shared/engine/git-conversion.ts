/**
 * In which form git lays the content of an object into a work tree, as far as that can be told without running
 * anything: line ends, `$Id$`, another encoding, or a filter, of which Git LFS is one. The rules are git's own
 * (its `convert.c`). Pure: values in, values out.
 */
import type { CheckoutSettings } from './git-settings.ts'

/** Of one path, as `git check-attr` tells them; unspecified ones are not in it. */
export type Attributes = ReadonlyMap<string, string>

export interface Conversion {
  /** Name of the program's entry in the config; null for none. */
  readonly filter: string | null
  /** Whether the filter has a program on this machine. Without one git passes it over. */
  readonly filterRuns: boolean
  /** Of the file in the work tree, if it is not UTF-8. */
  readonly encoding: string | null
  /** `$Id$` is written out. */
  readonly ident: boolean
  /** Whether git takes CR LF for LF there: always, unless the content looks binary, or never. */
  readonly lineEnds: 'always' | 'auto' | 'never'
  /** What git would write for an LF. */
  readonly writes: 'lf' | 'crlf'
}

/** Null for a path whose file is, byte for byte, what git keeps. */
export function conversionOf(
  attributes: Attributes,
  settings: CheckoutSettings,
  isWindows: boolean,
): Conversion | null {
  const named = (name: string) => {
    const value = attributes.get(name)
    return value === undefined || value === 'set' || value === 'unset' || value === '' ? null : value
  }
  const encoding = named('working-tree-encoding')
  const filter = named('filter')
  const conversion: Conversion = {
    filter,
    filterRuns: filter !== null && (settings.filters?.has(filter.toLowerCase()) ?? true),
    encoding: encoding !== null && /^utf-?8$/i.test(encoding) ? null : encoding,
    ident: attributes.get('ident') === 'set',
    ...lineEndsOf(attributes, settings, isWindows),
  }
  const { ident, lineEnds } = conversion
  return filter === null && conversion.encoding === null && !ident && lineEnds === 'never' ? null : conversion
}

function lineEndsOf(
  attributes: Attributes,
  { autocrlf, eol }: CheckoutSettings,
  isWindows: boolean,
): Pick<Conversion, 'lineEnds' | 'writes'> {
  // `crlf` is what `text` was called once.
  const text = attributes.get('text') ?? attributes.get('crlf')
  const wanted = attributes.get('eol')
  if (text === 'unset') return { lineEnds: 'never', writes: 'lf' }
  const byDefault = autocrlf === 'true' || (autocrlf !== 'input' && (eol ?? (isWindows ? 'crlf' : 'lf')) === 'crlf')
  const lineEnds = text === 'auto' ? 'auto' : text === 'set' || text === 'input' ? 'always' : null
  if (wanted === 'crlf' || wanted === 'lf') return { lineEnds: lineEnds ?? 'always', writes: wanted }
  if (text === 'input') return { lineEnds: 'always', writes: 'lf' }
  if (lineEnds !== null) return { lineEnds, writes: byDefault ? 'crlf' : 'lf' }
  if (autocrlf !== 'true' && autocrlf !== 'input') return { lineEnds: 'never', writes: 'lf' }
  return { lineEnds: 'auto', writes: autocrlf === 'true' ? 'crlf' : 'lf' }
}

export interface LineEnds {
  /** LF without a CR before it. */
  readonly lf: number
  readonly crlf: number
  /** CR without an LF after it. */
  readonly cr: number
  /** As git guesses it. */
  readonly isBinary: boolean
}

export function countLineEnds(content: Buffer): LineEnds {
  let [lf, crlf, cr, nul, odd] = [0, 0, 0, 0, 0]
  for (let at = 0; at < content.length; at++) {
    const byte = content[at] ?? 0
    if (byte === 0x0d) {
      if (content[at + 1] === 0x0a) {
        crlf++
        at++
      } else cr++
    } else if (byte === 0x0a) lf++
    else if (byte === 0) nul++
    else if (byte === 0x7f || (byte < 0x20 && !plainControls.has(byte))) odd++
  }
  const plain = content.length - nul - odd - lf - cr - 2 * crlf
  // A Ctrl-Z at the end was a file's end once.
  if (content.at(-1) === 0x1a) odd--
  return { lf, crlf, cr, isBinary: cr > 0 || nul > 0 || plain >> 7 < odd }
}

/** Backspace, tab, escape and form feed. */
const plainControls: ReadonlySet<number> = new Set([0x08, 0x09, 0x1b, 0x0c])

/**
 * False if a file that git takes for equal to this content must have exactly its bytes: without an LF there is none
 * that could have been a CR LF, and what looks binary, or has CRs already, is left alone where git decides by itself.
 */
export function mayDifferInLineEnds({ lf, crlf, cr, isBinary }: LineEnds, how: Conversion['lineEnds']): boolean {
  if (how === 'never' || lf === 0) return false
  return how === 'always' || !(isBinary || crlf > 0 || cr > 0)
}

/** Every LF that has no CR before it gets one. */
export function withCrLf(content: Buffer): Buffer {
  const wide = Buffer.allocUnsafe(content.length + countLineEnds(content).lf)
  let to = 0
  for (let at = 0; at < content.length; at++) {
    const byte = content[at] ?? 0
    if (byte === 0x0a && content[at - 1] !== 0x0d) wide[to++] = 0x0d
    wide[to++] = byte
  }
  return wide
}

export function hasIdent(content: Buffer): boolean {
  return /\$Id(?:: [^$\n]*)?\$/.test(content.toString('latin1'))
}

/** What git keeps in place of a file that Git LFS keeps. */
export interface LfsPointer {
  /** Of the file; null where an extension of Git LFS has its own idea of what it keeps. */
  readonly sha256: string | null
  readonly bytes: number
}

/** Null for content that is no pointer: such a file was committed as it is. */
export function parseLfsPointer(content: Buffer): LfsPointer | null {
  const text = content.length < 1_024 ? content.toString('utf8') : ''
  if (!/^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\/v1\n/.test(text)) return null
  const [, sha256 = null, size] = /^oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n?$/m.exec(text) ?? []
  return size === undefined ? null : { sha256: /^ext-/m.test(text) ? null : sha256, bytes: Number(size) }
}
