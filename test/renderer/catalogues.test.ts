import { describe, expect, it } from 'vitest'
import { chooseLanguage, createI18n, languages } from '../../renderer/i18n.ts'
import { de } from '../../renderer/messages/de.ts'
import { en } from '../../renderer/messages/en.ts'
import { settingWords } from '../../renderer/settings-words.ts'
import { createWords } from '../../renderer/words.ts'
import { settingFields, settingSections } from '../../shared/core/settings-fields.ts'

/** Every text of a catalogue by its path. */
function textsOf(catalogue: object, prefix = ''): readonly (readonly [path: string, text: string])[] {
  return Object.entries(catalogue).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as const] : textsOf(value, `${prefix}${key}.`),
  )
}

const english = new Map(textsOf(en))
const german = new Map(textsOf(de))
/** Labels of single settings stand in the description in English. */
const ownOfGerman = [...german.keys()].filter(path => path.startsWith('settings.fields.'))
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()
/** The same word in both languages. */
const sameWords =
  /^(Active Session Monitor|Branch|Version|Claude Code|Normal|System|Status|Filter|App|Folder|Terminal)$/

describe('the German catalogue', () => {
  it('has the keys of the English one, and the labels of the settings besides', () => {
    expect([...german.keys()].filter(path => !ownOfGerman.includes(path)).sort()).toEqual([...english.keys()].sort())
  })

  it('uses the same placeholders in every text', () => {
    const different = [...english].filter(([path, text]) => {
      return placeholders(text).join() !== placeholders(german.get(path) ?? '').join()
    })
    expect(different).toEqual([])
  })

  it('leaves no sentence in English', () => {
    const same = [...english].filter(([path, text]) => german.get(path) === text && /[a-z]{3} [a-z]{2}/i.test(text))
    expect(same.filter(([, text]) => !sameWords.test(text))).toEqual([])
  })

  it('has label and help of every setting, and a word for every unit, choice and section', () => {
    const i18n = createI18n('de')
    const words = settingWords(createWords('de', i18n.t))
    const untranslated = settingFields.filter(field => {
      return words.label(field) === field.label || words.help(field) === field.help
    })
    expect(untranslated.map(({ key }) => key)).toEqual([])
    expect(settingSections.map(name => words.section(name)).filter(word => word.startsWith('settings.'))).toEqual([])
    const choices = settingFields.flatMap(field =>
      field.kind === 'choice' ? field.choices.map(value => words.choice(field, value)) : [],
    )
    expect(choices.filter(word => word.startsWith('settings.'))).toEqual([])
  })
})

describe('the English words of settings', () => {
  it('have a word for every unit', () => {
    const words = settingWords(createWords('en', createI18n('en').t))
    const units = settingFields.flatMap(field => (field.kind === 'number' ? words.unit(field) : []))
    expect([...new Set(units)]).toEqual([
      'hours',
      'files',
      '%',
      'minutes',
      '',
      'seconds',
      'MB',
      'days',
      'GB',
      'per day',
    ])
  })
})

describe('chooseLanguage', () => {
  it.each([
    [['de-AT', 'en'], 'de'],
    [['fr', 'DE'], 'de'],
    [['fr'], 'en'],
    [[], 'en'],
  ] as const)('takes of %j the first that there is: %s', (wished, expected) => {
    expect(chooseLanguage(wished)).toBe(expected)
    expect(languages).toContain(expected)
  })
})
