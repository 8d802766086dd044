/** What the list of sessions remembers while other views are shown: query, selection, the row that has the focus. */
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import type { SessionId } from '../shared/core/session.ts'
import { initialQuery, type SessionsQuery } from './sessions-query.ts'
import { useView } from './view-state.ts'

export interface SessionsUi {
  readonly query: SessionsQuery
  readonly setQuery: (change: Partial<SessionsQuery>) => void
  readonly selection: ReadonlySet<SessionId>
  readonly setSelection: (selection: ReadonlySet<SessionId>) => void
  /** Key of the row that Tab leads to: a session's id or a group's key; null for the first. */
  readonly activeKey: string | null
  readonly setActiveKey: (key: string | null) => void
}

const SessionsUiContext = createContext<SessionsUi | null>(null)

export function SessionsUiProvider({ children }: { readonly children: ReactNode }) {
  const [query, setWholeQuery] = useState(initialQuery)
  const [selection, setSelection] = useState<ReadonlySet<SessionId>>(() => new Set())
  const [activeKey, setActiveKey] = useState<string | null>(null)
  const ui = useMemo(
    (): SessionsUi => ({
      query,
      setQuery: change => setWholeQuery(now => ({ ...now, ...change })),
      selection,
      setSelection,
      activeKey,
      setActiveKey,
    }),
    [query, selection, activeKey],
  )
  return <SessionsUiContext value={ui}>{children}</SessionsUiContext>
}

/** @throws {Error} outside of a `SessionsUiProvider`. */
export function useSessionsUi(): SessionsUi {
  const ui = useContext(SessionsUiContext)
  if (ui === null) throw new Error('there is no SessionsUiProvider around this view')
  return ui
}

/** The query with the protections that the address names. */
export function useQuery(): SessionsQuery {
  const { query } = useSessionsUi()
  const view = useView()
  return useMemo(() => ({ ...query, protections: view.kind === 'sessions' ? view.show : [] }), [query, view])
}
