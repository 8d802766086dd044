/** The answer to a call that a view shows: asked when the view appears, when the request changes, and when told to. */
import { useCallback, useEffect, useState } from 'react'
import type { CallName, MonitorCalls } from '../shared/core/monitor-api.ts'
import type { ActionResult } from './monitor-store.ts'
import { useIsOpen, useStore } from './page-context.tsx'

export type Asked<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly result: ActionResult }

type ValueOf<K extends CallName> = Awaited<ReturnType<MonitorCalls[K]>>

/**
 * @param request Null asks nothing. Compared by its JSON.
 * @param freshness Asked again when this changes; what was there stays until the new answer has come.
 */
export function useAnswer<K extends CallName>(
  call: K,
  request: Parameters<MonitorCalls[K]>[0] | null,
  freshness: string | number = '',
): readonly [Asked<ValueOf<K>>, () => void] {
  const store = useStore()
  const isOpen = useIsOpen()
  const [turn, setTurn] = useState(0)
  const key = JSON.stringify(request)
  const [asked, setAsked] = useState<{ readonly key: string; readonly answer: Asked<ValueOf<K>> }>({
    key: '',
    answer: loading,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` and `freshness` are what makes it ask again
  useEffect(() => {
    if (request === null || !isOpen) return
    let isCurrent = true
    void store.ask(call, JSON.parse(key)).then(answer => {
      if (!isCurrent) return
      const { ok } = answer
      setAsked({ key, answer: ok ? { kind: 'ready', value: answer.value } : { kind: 'failed', result: answer.result } })
    })
    return () => {
      isCurrent = false
    }
  }, [store, call, key, turn, freshness, isOpen])
  const again = useCallback(() => setTurn(n => n + 1), [])
  return [asked.key === key ? asked.answer : loading, again]
}

const loading = { kind: 'loading' } as const
