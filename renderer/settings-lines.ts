/**
 * A list of texts as lines of a field, there and back. What cannot be seen, or would turn the text round, is written out
 * (`\u{202e}`): nobody is misled, and nothing is lost that was there. Pure.
 */

/** Control, line-end and direction characters. */
const invisible = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

export function linesOf(items: readonly string[]): string {
  return items.map(item => item.replace(invisible, found => `\\u{${found.charCodeAt(0).toString(16)}}`)).join('\n')
}

/** Without empty lines and spaces around. */
export function itemsOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean)
    .map(line => line.replace(/\\u\{([0-9a-f]{1,4})\}/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16))))
}
