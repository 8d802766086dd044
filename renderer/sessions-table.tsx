/**
 * The list of sessions as a grid of which only what is in sight is drawn. One row has the focus; the keys move it
 * (see `shortcuts.tsx`), and Tab goes on from it to its own controls.
 */
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { SessionView } from '../shared/core/monitor-state.ts'
import { Grid, HeadCell, Line, RowGroup } from './grid-parts.tsx'
import { LineIcon } from './icons.tsx'
import { useNowMs, useStore } from './page-context.tsx'
import { GroupRowLine, SessionRowLine } from './session-row.tsx'
import type { Row, SessionsQuery, SortKey } from './sessions-query.ts'
import { useSessionsUi } from './sessions-ui.tsx'
import { CheckBox } from './ui.tsx'
import { open, sessionView } from './view-state.ts'
import { useWords } from './words.ts'

interface TableProps {
  readonly rows: readonly Row[]
  readonly shown: readonly SessionView[]
  readonly sort: SessionsQuery
}

/** How the rows are laid out, by the width there is; the style sheet has the same limits. */
type Layout = 'cards' | 'two-lines' | 'wide'
/** Heights in rem. */
const rowRem: Readonly<Record<Layout, number>> = { cards: 11.5, 'two-lines': 4, wide: 3.5 }
const groupRem = 2.5

/** Drawn again only when its rows have changed. */
export const SessionsTable = memo(Table)

function Table({ rows, shown, sort }: TableProps) {
  const { t } = useWords()
  const nowMs = useNowMs()
  const list = useRef<HTMLDivElement>(null)
  const { layout, rem, margin } = useLayout(list)
  const height = (row: Row | undefined) => (row?.kind === 'group' ? groupRem : rowRem[layout]) * rem
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scrollElement(list.current),
    estimateSize: index => height(rows[index]),
    scrollMargin: margin,
    scrollPaddingStart: 7 * rem,
    scrollPaddingEnd: 2 * rem,
    overscan: 4,
    // Rows may come one frame late; a wheel that turns fast must not be held up.
    useFlushSync: false,
  })
  // The heights follow the layout, and in groups the rows; without groups all are of one height and nothing moves.
  const shape = sort.grouped ? rows : null
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, layout, rem, shape])
  const keys = useGridKeys(rows, virtualizer, list)
  return (
    <Grid
      label={t('list.label')}
      isTree={sort.grouped}
      rows={rows.length + 1}
      columns={13}
      layout={layout}
      onKeyDown={keys.onKeyDown}
    >
      <Head shown={shown} sort={sort} />
      <RowGroup className="grid-body" ref={list} style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(item => {
          const row = rows[item.index]
          if (row === undefined) return null
          const key = keyOf(row)
          const place = { index: item.index, top: item.start - margin, height: item.size }
          const isActive = item.index === keys.activeIndex
          return row.kind === 'group' ? (
            <GroupRowLine key={key} row={row} place={place} isActive={isActive} onFocus={keys.onFocus} />
          ) : (
            <SessionRowLine
              key={key}
              view={row.view}
              place={place}
              isActive={isActive}
              nowMs={nowMs}
              onFocus={keys.onFocus}
            />
          )
        })}
      </RowGroup>
    </Grid>
  )
}

function keyOf(row: Row | undefined): string | null {
  if (row === undefined) return null
  return row.kind === 'group' ? `group:${row.key}` : row.view.sessionId
}

function scrollElement(inner: HTMLElement | null): HTMLElement | null {
  return inner?.closest<HTMLElement>('[data-scroll]') ?? null
}

/** The layout for the present width, and where the list begins in what scrolls. Pixels. */
function useLayout(list: React.RefObject<HTMLDivElement | null>) {
  const [measured, setMeasured] = useState({ layout: 'wide' as Layout, rem: 16, margin: 0 })
  useLayoutEffect(() => {
    const inner = list.current
    const outer = scrollElement(inner)
    if (inner === null || outer === null) return
    const measure = () => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16
      const width = inner.clientWidth / rem
      const layout = width < 56 ? 'cards' : width < 84 ? 'two-lines' : 'wide'
      const margin = Math.round(inner.getBoundingClientRect().top - outer.getBoundingClientRect().top + outer.scrollTop)
      setMeasured(was =>
        was.layout === layout && was.rem === rem && was.margin === margin ? was : { layout, rem, margin },
      )
    }
    measure()
    // What stands above the list may grow or go: then the list begins elsewhere, and all of the view has another height.
    const observer = new ResizeObserver(measure)
    const view = inner.closest('main')
    for (const element of [outer, inner, ...(view === null ? [] : [view])]) observer.observe(element)
    return () => observer.disconnect()
  }, [list])
  return measured
}

/** The keys of the grid and the row that has the focus. */
function useGridKeys(
  rows: readonly Row[],
  virtualizer: Virtualizer<HTMLElement, Element>,
  list: React.RefObject<HTMLDivElement | null>,
) {
  const store = useStore()
  const { activeKey, setActiveKey, selection, setSelection, query, setQuery } = useSessionsUi()
  const index = useMemo(() => rows.findIndex(row => keyOf(row) === activeKey), [rows, activeKey])
  const activeIndex = Math.max(0, index)
  const focusRow = (wanted: number) => {
    const target = Math.max(0, Math.min(rows.length - 1, wanted))
    setActiveKey(keyOf(rows[target]))
    virtualizer.scrollToIndex(target)
    // Drawn one frame later when it was out of sight.
    requestAnimationFrame(() => {
      list.current?.querySelector<HTMLElement>(`[data-index="${target}"]`)?.focus({ preventScroll: true })
    })
  }
  const toggle = (id: string) => {
    const next = new Set(selection)
    if (!next.delete(id)) next.add(id)
    setSelection(next)
  }
  const fold = (key: string) => {
    const folded = new Set(query.folded)
    if (!folded.delete(key)) folded.add(key)
    setQuery({ folded })
  }
  const page = Math.max(1, Math.floor((scrollElement(list.current)?.clientHeight ?? 600) / 64) - 3)
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: activeIndex + 1,
    ArrowUp: activeIndex - 1,
    PageDown: activeIndex + page,
    PageUp: activeIndex - page,
    Home: 0,
    End: rows.length - 1,
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const isRow = event.target instanceof HTMLElement && event.target.dataset['index'] !== undefined
    const to = moves[event.key]
    if (to !== undefined) {
      event.preventDefault()
      return focusRow(to)
    }
    const row = rows[activeIndex]
    if (!isRow || row === undefined) return
    if (row.kind === 'group') {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      return fold(row.key)
    }
    const id = row.view.sessionId
    const acts: Readonly<Record<string, () => void>> = {
      Enter: () => open(sessionView(id)),
      ' ': () => toggle(id),
      c: () => void store.checkpointSession(id),
    }
    const act = acts[event.key]
    if (act === undefined) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }
  return { activeIndex, onKeyDown, onFocus: (at: number) => setActiveKey(keyOf(rows[at])) }
}

/** Column → what it sorts by; in the order of the cells of a row. */
const columns: readonly { readonly name: string; readonly key: SortKey }[] = [
  { name: 'protection', key: 'protection' },
  { name: 'title', key: 'title' },
  { name: 'state', key: 'state' },
  { name: 'time', key: 'time' },
  { name: 'activity', key: 'activity' },
  { name: 'context', key: 'context' },
  { name: 'idle', key: 'idle' },
  { name: 'total', key: 'total' },
  { name: 'unsaved', key: 'unsaved' },
  { name: 'last', key: 'last' },
  { name: 'next', key: 'next' },
]
/** What is most worth seeing first when a column is pressed for the first time. */
const largestFirst: readonly SortKey[] = ['time', 'activity', 'context', 'idle', 'total', 'unsaved']

function Head({ shown, sort }: { readonly shown: readonly SessionView[]; readonly sort: SessionsQuery }) {
  const { t } = useWords()
  const { selection, setSelection, setQuery } = useSessionsUi()
  const selected = selection.size === 0 ? 0 : shown.filter(view => selection.has(view.sessionId)).length
  const press = (key: SortKey) => {
    if (sort.sort !== key) return setQuery({ sort: key, descending: largestFirst.includes(key) })
    // The third press gives back the monitor's own order.
    const isSecond = sort.descending === largestFirst.includes(key)
    setQuery(isSecond ? { descending: !sort.descending } : { sort: 'urgency', descending: false })
  }
  return (
    <RowGroup className="grid-head">
      <Line className="head-line" rowIndex={1}>
        <HeadCell name="select">
          <CheckBox
            label={t('list.selectAll')}
            checked={selected > 0 && selected === shown.length}
            isMixed={selected > 0 && selected < shown.length}
            onChange={() => setSelection(new Set(selected === 0 ? shown.map(view => view.sessionId) : []))}
          />
        </HeadCell>
        {columns.map(({ name, key }) => (
          <HeadCell
            key={key}
            name={name}
            sorted={sort.sort === key ? (sort.descending ? 'descending' : 'ascending') : 'none'}
          >
            <button type="button" onClick={() => press(key)}>
              {t(`list.columns.${key}`)}
              {sort.sort === key && <LineIcon name={sort.descending ? 'down' : 'up'} />}
            </button>
          </HeadCell>
        ))}
        <HeadCell name="actions">
          <span className="hidden">{t('list.columns.actions')}</span>
        </HeadCell>
      </Line>
    </RowGroup>
  )
}
