/**
 * Which view is shown, kept in the address after the `#`: a host opens a view, and a link names one, by the address
 * alone. What does not parse is the list of sessions.
 *
 *   #/sessions?show=at-risk,failing   #/session/<id>   #/session/<id>/checkpoint/<seq>   #/session/<id>/restore/<seq>
 *   #/activity   #/settings/<section>   #/welcome
 */
import { useSyncExternalStore } from 'react'
import type { PageTarget } from '../shared/core/host-api.ts'
import { type Protection, protections } from '../shared/core/monitor-state.ts'
import { parseSessionId, type SessionId } from '../shared/core/session.ts'

export type View =
  | { readonly kind: 'sessions'; readonly show: readonly Protection[] }
  /** `seq`: the checkpoint that is looked at; null for none. */
  | {
      readonly kind: 'session'
      readonly sessionId: SessionId
      readonly tab: 'overview' | 'checkpoint' | 'restore'
      readonly seq: number | null
    }
  | { readonly kind: 'activity' }
  /** `section`: the id of a group of settings, or null. */
  | { readonly kind: 'settings'; readonly section: string | null }
  | { readonly kind: 'welcome' }

/** @param hash With or without its `#`. */
export function parseView(hash: string): View {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?')
  const [, kind = '', id = '', tab = '', seq = ''] = path.split('/')
  if (kind === 'session') return parseSessionView(id, tab, seq) ?? sessionsView([])
  if (kind === 'activity') return { kind }
  if (kind === 'settings') return { kind, section: /^[a-z-]{1,40}$/.test(id) ? id : null }
  if (kind === 'welcome') return { kind }
  const shown = new URLSearchParams(query).get('show')?.split(',') ?? []
  return sessionsView(protections.filter(protection => shown.includes(protection)))
}

function parseSessionView(id: string, tab: string, seq: string): View | null {
  const sessionId = parseSessionId(id)
  if (sessionId === null) return null
  const number = /^[1-9][0-9]{0,7}$/.test(seq) ? Number(seq) : null
  if (tab === 'restore' || (tab === 'checkpoint' && number !== null)) {
    return { kind: 'session', sessionId, tab, seq: number }
  }
  return { kind: 'session', sessionId, tab: 'overview', seq: null }
}

export function hashOf(view: View): string {
  switch (view.kind) {
    case 'sessions':
      return view.show.length === 0 ? '#/sessions' : `#/sessions?show=${view.show.join(',')}`
    case 'session': {
      const tab = view.tab === 'overview' ? '' : `/${view.tab}${view.seq === null ? '' : `/${view.seq}`}`
      return `#/session/${view.sessionId}${tab}`
    }
    case 'settings':
      return view.section === null ? '#/settings' : `#/settings/${view.section}`
    default:
      return `#/${view.kind}`
  }
}

export function sessionsView(show: readonly Protection[]): View {
  return { kind: 'sessions', show }
}

export function sessionView(sessionId: SessionId): View {
  return { kind: 'session', sessionId, tab: 'overview', seq: null }
}

/** The view that a host means. Undefined for a place that this page does not have. */
export function viewOf(target: PageTarget): View | undefined {
  const sessionId = 'sessionId' in target ? parseSessionId(target.sessionId) : null
  switch (target.view) {
    case 'sessions':
      return sessionsView([])
    case 'activity':
    case 'rescue':
      return { kind: 'activity' }
    case 'settings':
      return { kind: 'settings', section: null }
    case 'session':
      return sessionId === null ? undefined : sessionView(sessionId)
    case 'restore':
      return sessionId === null ? undefined : { kind: 'session', sessionId, tab: 'restore', seq: null }
    default:
      return undefined
  }
}

/** Shows `view`; the way back leads to what was shown before. */
export function open(view: View): void {
  location.hash = hashOf(view)
}

/** Shows `view` in place of the present one. */
export function replaceView(view: View): void {
  history.replaceState(null, '', hashOf(view))
  dispatchEvent(new HashChangeEvent('hashchange'))
}

let cached: { readonly hash: string; readonly view: View } | null = null

function currentView(): View {
  const { hash } = location
  if (cached?.hash !== hash) cached = { hash, view: parseView(hash) }
  return cached.view
}

function onViewChange(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

/** The view that the address names. */
export function useView(): View {
  return useSyncExternalStore(onViewChange, currentView)
}
