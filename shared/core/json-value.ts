/**
 * Reads values that `JSON.parse` made of bytes that others wrote: each field is what it should be, or absent.
 */

export type JsonObject = { readonly [key: string]: unknown }

export function objectOf(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

/** Null for an empty text too. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** A name, an id or a path: null if it is empty or longer than any of them can be. */
export function nameOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= 4_096 ? value : null
}

/** 0 for anything but a finite number above 0. */
export function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}

/** Empty for anything but a list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** At most `limit` characters, never half of a surrogate pair, and free of the longer text's memory. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  const cut = text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit)
  // A slice keeps the whole text alive in V8; a round trip through JSON does not.
  return JSON.parse(JSON.stringify(cut)) as string
}

/** White space runs become one blank; at most `limit` characters. */
export function oneLine(text: string, limit: number): string {
  return clip(
    clip(text, 4 * limit)
      .replace(/\s+/g, ' ')
      .trim(),
    limit,
  )
}
