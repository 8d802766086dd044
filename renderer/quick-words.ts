/**
 * The words that i18next gives, from templates that are looked up once: a row of the list has twenty, and looking one up
 * costs more than drawing it. Pure.
 */
import type { TFunction } from 'i18next'

type Values = Readonly<Record<string, unknown>>

/** @param language Of the catalogue, for its plurals. */
export function quickWords(t: TFunction, language: string): TFunction {
  const look = t as unknown as (key: string, values?: Values) => string
  const plurals = new Intl.PluralRules(language)
  const templates = new Map<string, string>()
  const formOf = ({ count }: Values) => {
    if (typeof count !== 'number') return ''
    // A catalogue may have a word of its own for none.
    return count === 0 ? 'zero' : plurals.select(count)
  }
  const quick = (key: string, values?: Values): string => {
    if (values !== undefined && 'defaultValue' in values) return look(key, values)
    const kept = values === undefined ? key : `${key} ${formOf(values)}`
    let template = templates.get(kept)
    if (template === undefined) {
      template = look(key, {
        ...('count' in (values ?? {}) ? { count: values?.['count'] } : {}),
        skipInterpolation: true,
      })
      templates.set(kept, template)
    }
    return values === undefined ? template : filled(template, values)
  }
  return quick as unknown as TFunction
}

/** What stands in a value is text, whatever it looks like. */
function filled(template: string, values: Values): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''))
}
