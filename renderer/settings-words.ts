/** The words of a setting in the page's language; a setting that the catalogue does not know yet speaks for itself. */
import { useMemo } from 'react'
import type { ChoiceField, NumberField, SettingField, SettingSection } from '../shared/core/settings-fields.ts'
import { useWords, type Words } from './words.ts'

export interface SettingWords extends Words {
  label(field: SettingField): string
  help(field: SettingField): string
  unit(field: NumberField): string
  choice(field: ChoiceField, value: string): string
  section(section: SettingSection | 'projects' | 'data'): string
  /** What is wrong, in words: a number's range, or what the monitor says. */
  problem(field: SettingField, message: string): string
}

/** The description's own words where they are the catalogue's language. */
const ownLanguage = 'en'

export function settingWords(words: Words): SettingWords {
  const { t } = words
  /** Keys hold dots, and a dot is a step in a catalogue. */
  const at = (key: string, otherwise: string) => t(key as never, { defaultValue: otherwise }) as string
  const own = (field: SettingField, part: 'label' | 'help') =>
    words.language === ownLanguage ? field[part] : at(`settings.fields.${keyIn(field)}.${part}`, field[part])
  return {
    ...words,
    label: field => own(field, 'label'),
    help: field => own(field, 'help'),
    unit: field => (field.unit === '' ? '' : at(`settings.units.${field.unit.replace(' ', '-')}`, field.unit)),
    choice: (field, value) => at(`settings.choices.${field.key}.${value}`, value),
    section: name => at(`settings.sections.${name}`, name),
    problem: (field, message) => problemIn(words, field, message),
  }
}

function problemIn({ t, number }: Words, field: SettingField, message: string): string {
  if (field.kind === 'number') {
    const range = { min: number(field.min), max: number(field.max) }
    return t(field.whole ? 'settings.rangeWhole' : 'settings.range', range)
  }
  if (field.kind !== 'list') return message
  const line = /, pattern (\d+),/.exec(message)?.[1]
  return line === undefined
    ? t(`settings.badList.${field.item}`, { most: number(field.most) })
    : t('settings.badLine', { line })
}

function keyIn(field: SettingField): string {
  return field.key.replaceAll('.', '-')
}

export function useSettingWords(): SettingWords {
  const words = useWords()
  return useMemo(() => settingWords(words), [words])
}
