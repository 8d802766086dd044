/** Search, filters and order of the list, and what can be done to the sessions that are selected. */
import { Button, Chip, CloseButton, Select, TextInput } from '@mantine/core'
import { memo } from 'react'
import { LineIcon } from './icons.tsx'
import { useIsOpen, useIsRunning, useStore } from './page-context.tsx'
import { isFiltered, type SortKey, sortKeys } from './sessions-query.ts'
import { useQuery, useSessionsUi } from './sessions-ui.tsx'
import { searchFieldId } from './shortcuts.tsx'
import { open, sessionsView } from './view-state.ts'
import { useWords } from './words.ts'

interface ToolbarProps {
  readonly shown: number
  readonly total: number
}

/** Drawn again only when what it counts has changed. */
export const SessionsToolbar = memo(Toolbar)

function Toolbar({ shown, total }: ToolbarProps) {
  const { selection } = useSessionsUi()
  return (
    <div className="toolbar">
      <Search />
      <Filters />
      <Order />
      <Shown shown={shown} total={total} />
      {selection.size > 0 ? <SelectionActions /> : <BulkActions />}
    </div>
  )
}

function Search() {
  const { t } = useWords()
  const { query, setQuery } = useSessionsUi()
  return (
    <TextInput
      className="search"
      id={searchFieldId}
      type="search"
      aria-label={t('list.search')}
      placeholder={t('list.searchPlaceholder')}
      autoComplete="off"
      spellCheck={false}
      maxLength={200}
      value={query.search}
      leftSection={<LineIcon name="search" />}
      rightSection={
        query.search === '' ? null : (
          <CloseButton size="sm" aria-label={t('list.clearSearch')} onClick={() => setQuery({ search: '' })} />
        )
      }
      onChange={event => setQuery({ search: event.currentTarget.value })}
      onKeyDown={event => {
        if (event.key === 'Escape' && query.search !== '') {
          event.stopPropagation()
          setQuery({ search: '' })
        }
      }}
    />
  )
}

function Filters() {
  const { t } = useWords()
  const { query, setQuery } = useSessionsUi()
  const chip = (label: string, checked: boolean, onChange: () => void) => (
    <Chip key={label} size="xs" variant="outline" checked={checked} onChange={onChange}>
      {label}
    </Chip>
  )
  return (
    <fieldset className="filters">
      <legend className="hidden">{t('list.filters')}</legend>
      {chip(t('list.live'), query.live === 'live', () => setQuery({ live: query.live === 'live' ? 'all' : 'live' }))}
      {chip(t('list.ended'), query.live === 'ended', () =>
        setQuery({ live: query.live === 'ended' ? 'all' : 'ended' }),
      )}
      {chip(t('list.unsaved'), query.unsavedOnly, () => setQuery({ unsavedOnly: !query.unsavedOnly }))}
      {chip(t('list.group'), query.grouped, () => setQuery({ grouped: !query.grouped }))}
    </fieldset>
  )
}

/** The order, for where there are no column heads to press. */
function Order() {
  const { t } = useWords()
  const { query, setQuery } = useSessionsUi()
  return (
    <div className="order">
      <Select
        aria-label={t('list.sort')}
        size="xs"
        allowDeselect={false}
        value={query.sort}
        data={sortKeys.map(key => ({ value: key, label: t(`list.columns.${key}`) }))}
        onChange={value => setQuery({ sort: (value ?? 'urgency') as SortKey })}
      />
      <Button
        size="xs"
        aria-label={t(query.descending ? 'list.sortDescending' : 'list.sortAscending')}
        onClick={() => setQuery({ descending: !query.descending })}
      >
        <LineIcon name={query.descending ? 'down' : 'up'} />
      </Button>
    </div>
  )
}

function Shown({ shown, total }: { readonly shown: number; readonly total: number }) {
  const { t, number } = useWords()
  const showAll = useShowAll()
  const filtered = isFiltered(useQuery())
  return (
    <div className="shown">
      <p className="quiet" aria-live="polite">
        {filtered
          ? t('list.shown', { shown: number(shown), total: number(total) })
          : t('list.all', { count: total, total: number(total) })}
      </p>
      {filtered && (
        <Button size="compact-sm" variant="subtle" onClick={showAll}>
          {t('list.reset')}
        </Button>
      )}
    </div>
  )
}

/** Takes back the search and every filter. */
export function useShowAll(): () => void {
  const { setQuery } = useSessionsUi()
  return () => {
    setQuery({ search: '', live: 'all', unsavedOnly: false })
    open(sessionsView([]))
  }
}

function BulkActions() {
  const { t } = useWords()
  const store = useStore()
  const isOpen = useIsOpen()
  const isRunning = useIsRunning('changed')
  return (
    <Button
      className="bulk"
      variant="filled"
      disabled={!isOpen || isRunning}
      leftSection={<LineIcon name="save" />}
      onClick={() => void store.checkpointAll('changed')}
    >
      {isRunning ? t('actions.saving') : t('actions.checkpointChanged')}
    </Button>
  )
}

function SelectionActions() {
  const { t } = useWords()
  const store = useStore()
  const isOpen = useIsOpen()
  const isRunning = useIsRunning('bulk')
  const { selection, setSelection } = useSessionsUi()
  return (
    <fieldset className="bulk selection">
      <legend className="hidden">{t('list.selection')}</legend>
      <span aria-live="polite">{t('list.selected', { count: selection.size })}</span>
      <Button onClick={() => setSelection(new Set())}>{t('list.clearSelection')}</Button>
      <Button
        variant="filled"
        disabled={!isOpen || isRunning}
        leftSection={<LineIcon name="save" />}
        onClick={() => void store.checkpointSessions([...selection].slice(0, 10_000))}
      >
        {isRunning ? t('actions.saving') : t('list.checkpointSelected')}
      </Button>
    </fieldset>
  )
}
