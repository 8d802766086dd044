/**
 * How this page looks to this user: contrast and motion, kept by the browser and never by the monitor. Colours are
 * kept by Mantine. `auto` follows the system. A browser that keeps nothing still shows the page.
 */
import { useSyncExternalStore } from 'react'

export interface Preferences {
  readonly contrast: 'auto' | 'high'
  readonly motion: 'auto' | 'reduced'
  /** Whether keys without a modifier do something anywhere on the page. */
  readonly singleKeys: boolean
  /** Whether the words of the first run were read. */
  readonly isWelcomed: boolean
  /** Ids of the sessions that died when the word of it was dismissed, newest first; empty for none. */
  readonly rescueSeen: string
}

const key = 'session-monitor-preferences'
const initial: Preferences = { contrast: 'auto', motion: 'auto', singleKeys: true, isWelcomed: false, rescueSeen: '' }
const listeners = new Set<() => void>()
let preferences = read()

function read(): Preferences {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '{}')
    const at = (name: string) => (typeof kept === 'object' && kept !== null ? Reflect.get(kept, name) : undefined)
    return {
      contrast: at('contrast') === 'high' ? 'high' : 'auto',
      motion: at('motion') === 'reduced' ? 'reduced' : 'auto',
      singleKeys: at('singleKeys') !== false,
      isWelcomed: at('isWelcomed') === true,
      rescueSeen: typeof at('rescueSeen') === 'string' ? at('rescueSeen') : '',
    }
  } catch {
    return initial
  }
}

export function setPreferences(change: Partial<Preferences>): void {
  preferences = { ...preferences, ...change }
  try {
    localStorage.setItem(key, JSON.stringify(preferences))
  } catch {
    // Kept until the page is closed.
  }
  applyPreferences()
  for (const listener of listeners) listener()
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => preferences,
  )
}

/** Puts them, and what the system asks for, on the root element, where the style sheets look. */
export function applyPreferences(): void {
  const wants = (query: string) => matchMedia(query).matches
  const root = document.documentElement
  const isHigh = preferences.contrast === 'high' || wants('(prefers-contrast: more)')
  root.dataset['contrast'] = isHigh ? 'high' : 'normal'
  const isStill = preferences.motion === 'reduced' || wants('(prefers-reduced-motion: reduce)')
  root.dataset['motion'] = isStill ? 'reduced' : 'full'
}

/** Applies them now and whenever the system's wishes change. */
export function keepPreferencesApplied(): void {
  applyPreferences()
  for (const query of ['(prefers-contrast: more)', '(prefers-reduced-motion: reduce)']) {
    matchMedia(query).addEventListener('change', applyPreferences)
  }
}
