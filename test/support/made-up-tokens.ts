/**
 * Made-up tokens in the vendors' published formats, put together here so that no scanner of this repository
 * takes one for a leak. None of them was ever valid.
 */

const letters = 'aB3dE5gH7jK9mN1pQ4rS6tU8vW0xY2z'
const join = (...parts: readonly string[]) => parts.join('')

/** Each with what `redact` shows in its place. */
export const madeUpTokens: Readonly<Record<string, { readonly token: string; readonly shown: string }>> = {
  'an Anthropic key': { token: join('sk', '-ant-api03-', letters, '_', letters), shown: '[api key]' },
  'an OpenAI key': { token: join('sk', '-proj-', letters), shown: '[api key]' },
  'a Stripe key': { token: join('sk', '_live_', letters), shown: '[api key]' },
  'a GitHub token': { token: join('gh', 'p_', letters, 'Aa1'), shown: '[github token]' },
  'a fine-grained GitHub token': { token: join('github', '_pat_', letters, '_', letters), shown: '[github token]' },
  'a GitLab token': { token: join('gl', 'pat-', letters.slice(0, 20)), shown: '[gitlab token]' },
  'an npm token': { token: join('np', 'm_', letters, 'Aa1'), shown: '[npm token]' },
  'a Slack token': { token: join('xo', 'xb-', '123456789012-', letters), shown: '[slack token]' },
  'an AWS key id': { token: join('AK', 'IA', 'A2B3C4D5E6F7G8H9'), shown: '[aws key id]' },
  'a Google key': { token: join('AI', 'za', letters, 'Aa1-'), shown: '[google api key]' },
  'a JSON web token': { token: join('ey', 'JhbGciOiJI', '.ey', 'JzdWIiOiIx', '.', letters), shown: '[json web token]' },
}
