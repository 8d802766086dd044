/**
 * Text to fill transcripts and files with: prose, code, base64, all made up here from a seed.
 *
 * Pools are made once and cut, because a real-sized corpus needs gigabytes of it. No text of anybody else.
 */
import type { Random } from './random.ts'

export interface Filler {
  /** `length` UTF-16 units of ASCII words, without line ends, first and last no space. */
  prose(length: number): string
  /** As {@link Filler.prose}, with umlauts, Chinese and emoji in it. */
  unicode(length: number): string
  /** `length` characters of indented lines that look like code: quotes, tabs and backslashes included. ASCII. */
  code(length: number): string
  base64(length: number): string
  /** Something a person would ask of a programmer: one line, 20 to 160 characters. */
  prompt(): string
  /** A title of three to six words. */
  title(): string
  /** A file path below a project, with '/' between parts. */
  path(): string
  /** A shell command, now and then of several lines. */
  command(): string
}

const verbs = ['Fix', 'Refactor', 'Add tests for', 'Document', 'Speed up', 'Simplify', 'Review', 'Port', 'Clean up']
const things = [
  'the login form', 'the retry logic', 'pagination in the orders list', 'the CSV import', 'the cache of thumbnails',
  'the e-mail templates', 'the rate limiter', 'date parsing', 'the settings page', 'the search index', 'the parser',
  'the migration script', 'the build on Windows', 'the flaky websocket test', 'error messages of the API',
] // biome-ignore format: a list
const reasons = [
  'it fails when the list is empty', 'users see it twice', 'the numbers are off by one', 'it is far too slow',
  'the tests do not cover it', 'nobody understands it any more', 'the types are wrong', 'it leaks file handles',
] // biome-ignore format: a list
const words = (
  'the of and to in that is was for on are with as be at one have this from or had by not but some what there we ' +
  'out other were all your when up use word how said each she which do their time if will way about many then them ' +
  'would write like so these her long make thing see him two has look more day could go come did my sound no most ' +
  'number who over know water than call first people may down side been now find any new work part take get place'
).split(' ')
const foreign = ['naïve', 'Größe', 'façade', '项目', 'テスト', 'данные', '🚀', '✅', 'señal', '“quoted”', '…', '→']
const names = ['index', 'orders', 'session', 'parser', 'routes', 'user', 'cart', 'client', 'schema', 'worker', 'utils']
const folders = ['src', 'src/api', 'src/ui', 'lib', 'test', 'docs', 'packages/core/src']
const endings = ['.ts', '.tsx', '.py', '.go', '.md', '.css', '.json']
const commands = [
  'npm test', 'git status --short', 'ls -la src', 'npx tsc --noEmit', 'rg -n "TODO" src', 'git diff --stat',
  'node --test test/orders.test.js', 'cat package.json | head -40', 'python -m pytest -q tests/test_parser.py',
] // biome-ignore format: a list

export function createFiller(random: Random): Filler {
  const prosePool = repeatTo(256 * 1024, () => `${random.pick(words)} `)
  const codePool = repeatTo(512 * 1024, () => codeLine(random))
  const basePool = repeatTo(512 * 1024, () => Buffer.from(random.hex(96), 'hex').toString('base64'))
  const unicodePool = repeatTo(64 * 1024, () => `${random.pick(random.chance(0.2) ? foreign : words)} `)
  const prose = (length: number) => trimmedTo(cut(random, prosePool, length))
  return {
    prose,
    unicode: length => trimmedTo(wholeCharacters(cut(random, unicodePool, length))),
    code: length => cut(random, codePool, length),
    base64: length => cut(random, basePool, length),
    prompt: () => promptText(random, prose),
    title: () => `${random.pick(verbs)} ${random.pick(things)}`,
    path: () => `${random.pick(folders)}/${random.pick(names)}${random.int(1, 40)}${random.pick(endings)}`,
    command: () => commandText(random),
  }
}

function repeatTo(length: number, piece: () => string): string {
  const pieces: string[] = []
  for (let made = 0; made < length; ) {
    const next = piece()
    pieces.push(next)
    made += next.length
  }
  return pieces.join('').slice(0, length)
}

function cut(random: Random, pool: string, length: number): string {
  const whole = length > pool.length ? pool.repeat(Math.ceil(length / pool.length) + 1) : pool
  const from = random.int(0, whole.length - length)
  return whole.slice(from, from + length)
}

/** Same length, but neither end is a space: texts that get trimmed stay as they are. */
function trimmedTo(text: string): string {
  return text.replace(/^ /, 'a').replace(/ $/, '.')
}

/** A cut may have gone through an emoji: half of one is no text. */
function wholeCharacters(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed().replaceAll('\ufffd', '?')
}

function codeLine(random: Random): string {
  const name = random.pick(names)
  return random.pick([
    `  const ${name} = await load('${random.pick(folders)}/${name}', { retries: ${random.int(0, 9)} })\n`,
    `\tif (${name}.length > ${random.int(0, 500)}) {\n\t\treturn "${random.pick(words)}\\n"\n\t}\n`,
    `export function ${name}${random.int(1, 99)}(value: string): number {\n`,
    `  // ${random.pick(words)} ${random.pick(words)} ${random.pick(words)}\n`,
    '}\n\n',
    `  ${name}.push(${random.int(1, 1e6)}) /* ${random.hex(8)} */\n`,
  ])
}

function promptText(random: Random, prose: (length: number) => string): string {
  const base = `${random.pick(verbs)} ${random.pick(things)}`
  const reason = random.chance(0.7) ? `: ${random.pick(reasons)}` : ''
  return random.chance(0.3) ? `${base}${reason}. ${prose(random.int(20, 60))}` : `${base}${reason}`
}

function commandText(random: Random): string {
  if (random.chance(0.1)) return `cat > /tmp/note.txt <<'EOF'\n${random.pick(things)}\nEOF\ngit log --oneline | head`
  return `${random.pick(commands)}${random.chance(0.3) ? ` # ${random.int(1, 1e6)}` : ''}`
}
