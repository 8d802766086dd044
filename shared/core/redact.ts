/**
 * Takes secrets out of text that leaves the transcript: briefs, logs, notices. Transcripts and work trees
 * themselves are saved as they are, in a store that only the user can read.
 *
 * Patterns are the published token formats of the vendors named, and values whose name says that they are
 * secret; a miss is possible, so nothing here is a licence to send a transcript anywhere. In doubt it redacts.
 */

const patterns: readonly (readonly [RegExp, string])[] = [
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)/g,
    '[private key]',
  ],
  [/\bsk-(?=[A-Za-z_-]{0,99}[0-9])[A-Za-z0-9_-]{16,}/g, '[api key]'], // Anthropic (sk-ant-…), OpenAI
  [/\b[rs]k_(live|test)_[A-Za-z0-9]{16,}/g, '[api key]'], // Stripe
  [/\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})/g, '[github token]'],
  [/\bglpat-[A-Za-z0-9_-]{16,}/g, '[gitlab token]'],
  [/\bnpm_[A-Za-z0-9]{20,}/g, '[npm token]'],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, '[slack token]'],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, '[aws key id]'],
  [/\bAIza[A-Za-z0-9_-]{35,}/g, '[google api key]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, '[json web token]'],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/:@]*:[^\s/?#"'<>]+@/gi, '$1[credentials]@'],
  [/\b(authorization\\?["']?\s*[:=]\s*\\?["']?(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=-]{6,}/gi, '$1[secret]'],
  [/\b(bearer\s+)[A-Za-z0-9._~+/=-]{20,}/gi, '$1[secret]'],
]

/**
 * A name that says secret, then `:`, `=` or (after `--`) a space. The name may begin anywhere in a word
 * (`db_password`) and have a tail (`passwordHash`). Lengths are bounded, so that no text takes quadratic time.
 */
const naming =
  /(?<name>password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key)(?<tail>[A-Za-z0-9_-]{0,40})(?<between>[\\"'`*]{0,2}[ \t]*[:=]{1,3}\**[ \t]*\n?[ \t]*|(?<=--[\w-]{1,60})[ \t]+)/gi

/** What stands after it: in quotes, or up to a space, quote, comma or semicolon. */
const named = /(?<open>\\?(?<mark>["'`]))(?<quoted>(?:(?!\\?\k<mark>)[^\n]){6,4096})|(?<bare>[^\s"'`,;]{6,4096})/y

/** `text` with everything that looks like a secret replaced by what kind it was, in square brackets. */
export function redact(text: string): string {
  return redactNamed(patterns.reduce((now, [pattern, replacement]) => now.replace(pattern, replacement), text))
}

function redactNamed(text: string): string {
  let done = ''
  let at = 0
  for (const match of text.matchAll(naming)) {
    const from = match.index + match[0].length
    const value = from < at ? null : valueAt(text, from)
    if (value === null || !isSecret(match.groups ?? {}, value)) continue
    done += `${text.slice(at, from)}${value.open}[secret]`
    at = from + value.open.length + value.text.length
  }
  return done + text.slice(at)
}

interface Value {
  /** The quotation mark before it, or ''. */
  readonly open: string
  readonly text: string
}

function valueAt(text: string, from: number): Value | null {
  named.lastIndex = from
  const { open = '', quoted, bare } = named.exec(text)?.groups ?? {}
  const found = quoted ?? bare
  return found === undefined ? null : { open, text: found }
}

function isSecret({ name = '', tail = '', between = '' }: Record<string, string>, { open, text }: Value): boolean {
  if (redacted.test(text) || reference.test(text) || otherWord.test(tail) || state.test(text)) return false
  if (/^[A-Z0-9_]+$/.test(name + tail) && between === '=') return true
  if (open === '' && code.test(text)) return false
  // "token" is also a word of parsers and of billing: there the value must look random, and a count does not.
  return !/token/i.test(name) || (/^([_-]?\d+|[_-]?value)?$/i.test(tail) && looksRandom(text))
}

function looksRandom(text: string): boolean {
  return /\d/.test(text) && /[a-z]/i.test(text) && !/\s/.test(text)
}

/** What this module itself has put in. */
const redacted = /^\[(secret|private|api|github|gitlab|npm|slack|aws|google|json|credentials)\b/

/** The name of a variable instead of its value. */
const reference = /^\$(\{[A-Z0-9_]+\}|[A-Z0-9_]+)$/

/** The tail of plurals and of words that only begin like the name of a secret: "tokens", "tokenizer", "secretary". */
const otherWord = /^(?!access|key|value)[a-z]|^S$/

/** A type, or what is said about a secret. */
const state =
  /^(string|number|boolean|unknown|undefined|required|optional|missing|invalid|expired|incorrect|changed|hidden)\W*$/i

/** A call, a path of names, an environment's value, or a name that a value follows. */
const code = /^[A-Za-z_$][\w.$]*\(|^[A-Za-z_$]+(\??\.[A-Za-z_$]+)+\W*$|^(process|import\.meta|os)\.env|^[A-Za-z_]+:$/
