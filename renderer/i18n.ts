/** The catalogues of the page, one i18next instance per page. A missing word falls back to English. */
import { createInstance, type i18n } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { de } from './messages/de.ts'
import { en } from './messages/en.ts'

export const languages = ['en', 'de'] as const
export type Language = (typeof languages)[number]

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof en }
  }
}

/** The first of the wished languages that there is a catalogue for. @param wished BCP 47 tags, best first. */
export function chooseLanguage(wished: readonly string[]): Language {
  const found = wished
    .map(tag => languages.find(language => tag.toLowerCase().split('-')[0] === language))
    .find(language => language !== undefined)
  return found ?? 'en'
}

/** Ready at once: the catalogues are part of the page. */
export function createI18n(language: Language): i18n {
  const instance = createInstance()
  void instance.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en }, de: { translation: de } },
    initAsync: false,
    // What a newer monitor says and this page has no word for is shown as the monitor calls it.
    parseMissingKeyHandler: (key, otherwise) => otherwise ?? key.split('.').at(-1) ?? key,
    // React escapes; and a name with "$t(" or "{{" in it is a name.
    interpolation: { escapeValue: false, skipOnVariables: true },
  })
  return instance
}
