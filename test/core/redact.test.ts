import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact } from '../../shared/core/redact.ts'
import { madeUpTokens } from '../support/made-up-tokens.ts'

const word = 'hunter2-horse'

describe('redact', () => {
  it.each(Object.entries(madeUpTokens))('replaces %s and leaves the text around it', (_title, { token, shown }) => {
    expect(redact(`use ${token} for that, not\n${token}.`)).toBe(`use ${shown} for that, not\n${shown}.`)
  })

  it.each(Object.entries(madeUpTokens))(
    'says of %s what it was, also where its name says that it is secret',
    (_title, { token, shown }) => {
      expect(redact(`API_KEY=${token}`)).toBe(`API_KEY=${shown}`)
    },
  )

  it('leaves no rest of a token that is longer than usual', () => {
    expect(redact(`${madeUpTokens['a Google key']?.token}Zz9`)).toBe('[google api key]')
  })

  it('takes a private key whole, and to the end of the text when its end was cut off', () => {
    const [begin, end] = ['BEGIN RSA', 'END RSA'].map(side => `-----${side} PRIVATE KEY-----`)
    const key = `${begin}\nMIIEow\n${word}\n`
    expect(redact(`a\n${key}${end}\nb\n${key}`)).toBe('a\n[private key]\nb\n[private key]')
  })

  it.each([
    ['a URL', `https://ann:${word}@example.com/x`, 'https://[credentials]@example.com/x'],
    ['a URL whose password has an @', `postgres://ann:p@${word}@db:5432/shop`, 'postgres://[credentials]@db:5432/shop'],
    ['a URL without a name', `redis://:${word}@cache`, 'redis://[credentials]@cache'],
    ['a header', 'Authorization: Bearer abcdefgh', 'Authorization: Bearer [secret]'],
    ['a header as JSON', '"authorization": "Basic YW5uOmh1bnRlcjI="', '"authorization": "Basic [secret]"'],
    ['a bearer token on its own', `bearer ${'aB3-'.repeat(6)}`, 'bearer [secret]'],
  ])('hides what %s carries', (_title, text, shown) => {
    expect(redact(text)).toBe(shown)
  })

  it.each([
    ['a setting', `DB_PASSWORD=${word}`, 'DB_PASSWORD=[secret]'],
    ['a setting in quotes', `export API_KEY="two words, one"; ls`, 'export API_KEY="[secret]"; ls'],
    ['a setting that looks like code', 'SESSION_SECRET=horse.staple', 'SESSION_SECRET=[secret]'],
    ['a token without a digit in a setting', 'BOT_TOKEN=correcthorse', 'BOT_TOKEN=[secret]'],
    ['YAML', `client_secret: ${word}`, 'client_secret: [secret]'],
    ['JSON', `{"password": "${word}", "user": "ann"}`, '{"password": "[secret]", "user": "ann"}'],
    ['JSON inside JSON', `{\\"apiKey\\": \\"${word}\\"}`, '{\\"apiKey\\": \\"[secret]\\"}'],
    ['code', `const accessToken = 'aB3dE5gH'`, "const accessToken = '[secret]'"],
    [
      'a name with a tail',
      `secretAccessKey: ${word}, passwordHash = '${word}'`,
      "secretAccessKey: [secret], passwordHash = '[secret]'",
    ],
    ['a header with a name of its own', `X-Api-Key: ${word}`, 'X-Api-Key: [secret]'],
    ['Markdown', `**Password:** \`${word}\``, '**Password:** `[secret]`'],
    ['the next line', `password:\n${word}\nuser: ann`, 'password:\n[secret]\nuser: ann'],
    [
      'an option',
      `login --password ${word} --api-key=${word} --user ann`,
      'login --password [secret] --api-key=[secret] --user ann',
    ],
    ['a value inside another', `token: "login with password=${word}"`, 'token: "login with password=[secret]"'],
    ['a query', `?user=ann&token=${word}`, '?user=ann&token=[secret]'],
    ['only digits', 'password: 12345678', 'password: [secret]'],
    ['quotes, where it cannot be code', 'secret: "horse.staple"', 'secret: "[secret]"'],
    ['another of its kind', 'PASSWORD=token=aB3dE5gH', 'PASSWORD=[secret]'],
  ])('hides a value whose name says that it is secret, in %s', (_title, text, shown) => {
    expect(redact(text)).toBe(shown)
  })

  it.each([
    '',
    'max_tokens: 4096',
    'max_tokens: 128000',
    '"input_tokens": 123456, "cache_read_input_tokens":1234567',
    'tokenCount = 123456',
    'tokenizer: cl100k_base',
    'tokens: estimated from 1,024 lines',
    'the context holds 150k tokens: compaction2 is near',
    'unexpected token: "identifier" at 4:12',
    'const token = getToken(user)',
    'token: 123456',
    'API_KEY = config.api.key',
    'token = tokens.next',
    'token: string; secret?: string; password: string,',
    'password: required.',
    'Error: invalid token: expired',
    'secret: process.env.SESSION_SECRET_1',
    'apiKey = config.api.key',
    'password = os.environ["PGPASSWORD"]',
    'PASSWORD=$DB_PASSWORD',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a shell command.
    'TOKEN=${GH_TOKEN}',
    'TOKEN=$(gh auth token)',
    'secretary: Johnson, passwords: hashed2024',
    'password:\n  minLength: 8',
    'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '3f2b8c1e-6a4d-4e0b-9f7a-2d5c8e1b0a94',
    'http://localhost:5173/@vite/client',
    'http://127.0.0.1:8080?next=ann@example.com',
    'postgres://localhost:5432/shop',
    'git@github.com:owner/repo.git',
    'ssh://git@github.com:22/owner/repo.git',
    'npm i @scope/pkg@1.2.3 && npm_config_registry=https://example.com',
    'task-management-for-everyone, risk-assessment-2024-report',
    'sk-learn-contrib-packages',
    'the authorization: basic ideas',
    'export const eyJuice = 1',
  ])('leaves ordinary code and prose alone: %s', text => {
    expect(redact(text)).toBe(text)
  })

  it.each([71, 72, 73])('finds every made-up token wherever it stands between other words (seed %i)', seed => {
    fc.assert(
      fc.property(anyWords, fc.constantFrom(...Object.values(madeUpTokens)), anyWords, (before, { token }, after) => {
        expect(redact(`${before} ${token} ${after}`)).not.toContain(token)
      }),
      { seed, numRuns: 400 },
    )
  })

  it.each([74, 75, 76])('changes nothing the second time (seed %i)', seed => {
    fc.assert(
      fc.property(anyText, text => {
        const once = redact(text)
        expect(redact(once)).toBe(once)
      }),
      { seed, numRuns: 1_500 },
    )
  })
})

const words = [
  ...['password', 'secret', 'token', 'api_key', 'PASSWORD', '--token', 'Authorization', 'Bearer', 'https://', 'x'],
  ...[':', '=', ' ', '  ', '\n', '"', "'", '`', '\\"', '@', '/', '-', '_', '.', ',', ';', '[', ']', '$', '(', '**'],
  ...['hunter22', 'horse', '123456', '-----END PRIVATE KEY-----', '[secret]'],
]
const textOf = (pieces: readonly string[]) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map(parts => parts.join(''))
const anyWords = textOf(words)
const anyText = textOf([
  ...words,
  '-----BEGIN PRIVATE KEY-----',
  ...Object.values(madeUpTokens).flatMap(({ token, shown }) => [token, shown]),
])
