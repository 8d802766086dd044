import { describe, expect, it } from 'vitest'
import { createI18n, languages } from '../../renderer/i18n.ts'
import { de } from '../../renderer/messages/de.ts'
import { en } from '../../renderer/messages/en.ts'
import { quickWords } from '../../renderer/quick-words.ts'

/** Every key without its plural form, dotted. */
function keysOf(catalogue: object, above = ''): readonly string[] {
  const keys = Object.entries(catalogue).flatMap(([key, value]) =>
    typeof value === 'string' ? `${above}${key}` : keysOf(value, `${above}${key}.`),
  )
  return [...new Set(keys.map(key => key.replace(/_(zero|one|other)$/, '')))]
}

/** A value for every name that any template has, hostile ones among them. */
const names = [...JSON.stringify([en, de]).matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name)
const values = Object.fromEntries(
  names.map((name, at) => [name, at % 3 === 0 ? `{{count}} $t(app.title) $& ${name}` : at]),
)

describe('quick words', () => {
  it.each(languages)('are those of i18next, for every key and number: %s', language => {
    const { t } = createI18n(language)
    const slow = t as unknown as (key: string, values: object) => string
    const quick = quickWords(t, language) as unknown as typeof slow
    for (const key of keysOf(language === 'en' ? en : de)) {
      const said = [0, 1, 2, 5, 0, 1].map(count => quick(key, { ...values, count }))
      expect([key, said]).toEqual([key, [0, 1, 2, 5, 0, 1].map(count => slow(key, { ...values, count }))])
    }
  })
  it('fall back where there is no such word, as i18next does', () => {
    const { t } = createI18n('de')
    const quick = quickWords(t, 'de') as unknown as (key: string, values?: object) => string
    expect([quick('list.due.newer'), quick('nothing.here', { defaultValue: 'own' })]).toEqual(['newer', 'own'])
  })
})
