/**
 * Numbers, sizes, durations and instants in the words of the page's language, through `Intl`. Pure but for the
 * hook at the end.
 */
import type { TFunction } from 'i18next'
import { createContext, useContext, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { oneLine } from '../shared/core/format.ts'
import { quickWords } from './quick-words.ts'

export interface Words {
  readonly t: TFunction
  /** Of the catalogue: "en", "de". */
  readonly language: string
  /** For `Intl`: the language with the user's region, such as "en-GB". */
  readonly region: string
  /** At most `digits` decimals, default 2. */
  number(value: number, digits?: number): string
  /** @param percent 0–100 and beyond. */
  percent(percent: number): string
  /** Powers of 1,000. */
  bytes(bytes: number): string
  /** "950", "12K", "1.2M". */
  tokens(tokens: number): string
  /** "2 hr 5 min", at most two units; never negative. */
  duration(ms: number): string
  /** "2h 5m", for where there is little room. */
  shortDuration(ms: number): string
  /** "5 minutes ago", "in 2 hours", "now". */
  ago(atMs: number, nowMs: number): string
  /** "5m ago", for where there is little room. */
  shortAgo(atMs: number, nowMs: number): string
  /** Date and time, short. */
  dateTime(atMs: number): string
  time(atMs: number): string
  list(parts: readonly string[]): string
  /** One line, safe to show anywhere: no control or direction characters. */
  name(text: string, maxCharacters?: number): string
}

const steps = [
  { unit: 'day', ms: 86_400_000 },
  { unit: 'hour', ms: 3_600_000 },
  { unit: 'minute', ms: 60_000 },
  { unit: 'second', ms: 1_000 },
] as const
type TimeUnit = (typeof steps)[number]['unit']

/** @param region BCP 47. */
export function createWords(region: string, t: TFunction): Words {
  const relative = (style: 'long' | 'narrow') => new Intl.RelativeTimeFormat(region, { numeric: 'auto', style })
  const [long, narrow] = [relative('long'), relative('narrow')]
  const tokens = new Intl.NumberFormat(region, { notation: 'compact', maximumSignificantDigits: 3 })
  const dateTime = new Intl.DateTimeFormat(region, { dateStyle: 'medium', timeStyle: 'short' })
  const time = new Intl.DateTimeFormat(region, { timeStyle: 'medium' })
  const list = new Intl.ListFormat(region, { type: 'conjunction', style: 'long' })
  const numbers = [0, 1, 2, 3].map(maximumFractionDigits => new Intl.NumberFormat(region, { maximumFractionDigits }))
  const number = (value: number, digits = 2) => (numbers[digits] ?? numbers[2])?.format(value) ?? String(value)
  const units = { short: unitFormats(region, 'short'), narrow: unitFormats(region, 'narrow') }
  const duration = (ms: number, style: 'short' | 'narrow') =>
    durationParts(ms)
      .map(({ unit, value }) => units[style][unit].format(value))
      .join(' ')
  const ago = (format: Intl.RelativeTimeFormat, atMs: number, nowMs: number) => {
    const { value, unit } = relativePart(atMs - nowMs)
    return format.format(value, unit)
  }
  return {
    t,
    language: region.split('-')[0] ?? region,
    region,
    number,
    percent: percent => `${number(percent, 0)} %`,
    bytes: bytes => byteWords(region, bytes),
    tokens: value => tokens.format(value),
    duration: ms => duration(ms, 'short'),
    shortDuration: ms => duration(ms, 'narrow'),
    ago: (atMs, nowMs) => ago(long, atMs, nowMs),
    shortAgo: (atMs, nowMs) => ago(narrow, atMs, nowMs),
    dateTime: atMs => (isInstant(atMs) ? dateTime.format(atMs) : '–'),
    time: atMs => (isInstant(atMs) ? time.format(atMs) : '–'),
    list: parts => list.format(parts),
    name: (text, maxCharacters = 200) => oneLine(text, maxCharacters),
  }
}

/** `Intl` throws for what is no instant. */
function isInstant(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15
}

function unitFormats(language: string, unitDisplay: 'short' | 'narrow'): Readonly<Record<TimeUnit, Intl.NumberFormat>> {
  const entries = steps.map(({ unit }) => [unit, new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay })])
  return Object.fromEntries(entries) as Record<TimeUnit, Intl.NumberFormat>
}

/** The two largest units, the second left out when it is 0 or the first is seconds. */
export function durationParts(ms: number): readonly { readonly unit: TimeUnit; readonly value: number }[] {
  const finite = Number.isFinite(ms) ? Math.max(0, ms) : 0
  // Rounded to what is shown first, so that 59.9 min is an hour and not "59 min 60 s".
  const rounded = finite < 60_000 ? Math.round(finite / 1_000) * 1_000 : Math.round(finite / 60_000) * 60_000
  const first = steps.findIndex(step => rounded >= step.ms)
  const step = steps[first] ?? { unit: 'second', ms: 1_000 }
  const next = step.unit === 'second' ? undefined : steps[first + 1]
  const whole = Math.floor(rounded / step.ms)
  const rest = next === undefined ? 0 : Math.floor((rounded % step.ms) / next.ms)
  const parts = [{ unit: step.unit, value: whole }]
  return next === undefined || rest === 0 ? parts : [...parts, { unit: next.unit, value: rest }]
}

/** The largest unit that fits; within ten seconds it is now. */
export function relativePart(ms: number): { readonly unit: TimeUnit; readonly value: number } {
  const finite = Number.isFinite(ms) ? ms : 0
  if (Math.abs(finite) < 10_000) return { unit: 'second', value: 0 }
  const step = steps.find(({ ms: unitMs }) => Math.abs(finite) >= unitMs * 0.995) ?? { unit: 'second', ms: 1_000 }
  return { unit: step.unit, value: Math.round(finite / step.ms) }
}

const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

function byteWords(language: string, bytes: number): string {
  const size = Number.isFinite(bytes) ? Math.max(0, bytes) : 0
  const power = Math.min(byteUnits.length - 1, Math.floor(Math.log10(Math.max(1, size * 1.0005)) / 3))
  const value = size / 1000 ** power
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: byteUnits[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power === 0 || value >= 9.95 ? 0 : 1,
  }).format(value)
}

/** The user's own region for numbers and dates, if it speaks the page's language: British and American ones differ. */
export function formatsFor(language: string, wished: readonly string[]): string {
  return wished.find(tag => tag.toLowerCase().split('-')[0] === language) ?? language
}

/** Made once per page: the formats of `Intl` cost more to make than all of a row to draw. */
export const WordsContext = createContext<Words | null>(null)

/** The words for the language that the page has now. For the one place that provides them. */
export function useMakeWords(): Words {
  const { t, i18n } = useTranslation()
  return useMemo(
    () => createWords(formatsFor(i18n.language, navigator.languages), quickWords(t, i18n.language)),
    [i18n.language, t],
  )
}

/** @throws {Error} where nobody provides them. */
export function useWords(): Words {
  const words = useContext(WordsContext)
  if (words === null) throw new Error('there are no words around this view')
  return words
}
