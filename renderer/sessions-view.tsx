/** Every session at a glance: the summary, what to show and in which order, and the list. */
import { Button } from '@mantine/core'
import { useDeferredValue, useMemo } from 'react'
import type { SessionView } from '../shared/core/monitor-state.ts'
import { useIsOpen, useMonitor, useMonitorState } from './page-context.tsx'
import { RescueBanner } from './rescue-banner.tsx'
import { type Row, rowsOf, sessionsFor } from './sessions-query.ts'
import { SessionsTable } from './sessions-table.tsx'
import { SessionsToolbar, useShowAll } from './sessions-toolbar.tsx'
import { useQuery, useSessionsUi } from './sessions-ui.tsx'
import { SummaryStrip } from './summary-strip.tsx'
import { Empty, NoticeBox } from './ui.tsx'
import { open } from './view-state.ts'
import { WelcomeBanner } from './welcome-view.tsx'
import { useWords } from './words.ts'

const noSessions: readonly SessionView[] = []

export function SessionsView() {
  const { t } = useWords()
  const hasState = useMonitor(({ state }) => state !== null)
  const isEmpty = useMonitorState(({ sessions }) => sessions.length === 0, true)
  if (!hasState) return <Waiting />
  return (
    <>
      <h2 className="hidden" tabIndex={-1} data-view-title>
        {t('list.label')}
      </h2>
      <WelcomeBanner />
      <RescueBanner />
      <Notices />
      {isEmpty ? (
        <NoSessions />
      ) : (
        <>
          <SummaryStrip />
          <SessionList />
        </>
      )}
    </>
  )
}

function Waiting() {
  const { t } = useWords()
  const isLost = useMonitor(({ connection }) => connection.kind === 'lost')
  if (isLost) return <Empty icon="refresh" title={t('connection.offline')} />
  return (
    <div role="status">
      <Empty icon="refresh" title={t('connection.connecting')}>
        <p>{t('connection.connectingHint')}</p>
      </Empty>
    </div>
  )
}

function SessionList() {
  const { language } = useWords()
  const sessions = useMonitorState(state => state.sessions, noSessions)
  const { rows, shown } = useRows(useDeferredValue(sessions), language)
  const { query } = useSessionsUi()
  return (
    <>
      <SessionsToolbar shown={shown.length} total={sessions.length} />
      {shown.length === 0 ? <NothingMatches /> : <SessionsTable rows={rows} shown={shown} sort={query} />}
    </>
  )
}

function useRows(sessions: readonly SessionView[], language: string) {
  const query = useDeferredValue(useQuery())
  const shown = useMemo(() => sessionsFor(sessions, query, language), [sessions, query, language])
  const rows: readonly Row[] = useMemo(() => rowsOf(shown, query), [shown, query])
  return { rows, shown }
}

function NothingMatches() {
  const { t } = useWords()
  const showAll = useShowAll()
  return (
    <Empty icon="search" title={t('list.empty.filtered')}>
      <p>{t('list.empty.filteredText')}</p>
      <div className="actions">
        <Button onClick={showAll}>{t('list.reset')}</Button>
      </div>
    </Empty>
  )
}

function NoSessions() {
  const { t, name } = useWords()
  const phase = useMonitorState(state => state.phase, 'starting')
  const folders = useMonitorState<readonly string[]>(state => state.roots, nothing)
  const isReading = phase === 'starting' || phase === 'scanning'
  const roots = folders.length === 0 ? t('list.empty.noRoots') : folders.map(root => name(root, 300)).join(', ')
  return (
    <Empty icon={isReading ? 'refresh' : 'folder'} title={t(isReading ? 'list.empty.reading' : 'list.empty.title')}>
      <p>{t(isReading ? 'list.empty.readingText' : 'list.empty.text')}</p>
      <p>{t('list.empty.roots', { roots })}</p>
    </Empty>
  )
}

const nothing: readonly never[] = []

/** What lasts and what the user should know of, with the remedy. */
function Notices() {
  const { t, name } = useWords()
  const isOpen = useIsOpen()
  const notices = useMonitorState(state => state.notices, nothing)
  const problems = useMonitorState(state => state.settingsProblems, nothing)
  if (notices.length + problems.length === 0) return null
  return (
    <section className="notices" aria-label={t('notices.label')}>
      {notices.map(({ id, level, message, remedy }) => (
        <NoticeBox key={id} level={level} title={name(message, 500)}>
          {name(remedy, 500)}
        </NoticeBox>
      ))}
      {problems.map(({ key, message }) => (
        <NoticeBox
          key={key}
          level="warn"
          title={t('notices.setting')}
          action={
            <Button disabled={!isOpen} onClick={() => open({ kind: 'settings', section: null })}>
              {t('app.settings')}
            </Button>
          }
        >
          {name(message, 500)}
        </NoticeBox>
      ))}
    </section>
  )
}
