/** What failed and what to do about it, which sessions may need their user, and what the monitor did. */
import { Button, Chip } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { ActivityEntry, SessionView } from '../shared/core/monitor-state.ts'
import { ActivityRescue } from './activity-rescue.tsx'
import { ActivityRestores } from './activity-restores.tsx'
import { LevelIcon } from './icons.tsx'
import { useIsOpen, useIsRunning, useMonitorState, useNowMs, useStore } from './page-context.tsx'
import { outcomeWords } from './result-words.ts'
import { nextDue } from './sessions-query.ts'
import { NoticeBox } from './ui.tsx'
import { hashOf, open, sessionView } from './view-state.ts'
import { useWords } from './words.ts'

const nothing: readonly never[] = []

export function ActivityView() {
  const { t } = useWords()
  return (
    <>
      <h2 className="view-title" tabIndex={-1} data-view-title>
        {t('activity.title')}
      </h2>
      <div className="activity">
        <div className="activity-main">
          <Failures />
          <Log />
        </div>
        <div className="activity-side">
          <ActivityRescue />
          <ActivityRestores />
        </div>
      </div>
    </>
  )
}

function Failures() {
  const { t, name } = useWords()
  const store = useStore()
  const isOpen = useIsOpen()
  const isRunning = useIsRunning('bulk')
  const sessions = useMonitorState<readonly SessionView[]>(state => state.sessions, nothing)
  const notices = useMonitorState(state => state.notices, nothing)
  const failing = useMemo(() => sessions.filter(({ protection }) => protection === 'failing'), [sessions])
  return (
    <section className="card" aria-labelledby="failures-title">
      <div className="card-head">
        <h3 id="failures-title">{t('activity.failures')}</h3>
        {failing.length > 1 && (
          <Button
            size="xs"
            disabled={!isOpen || isRunning}
            onClick={() => void store.checkpointSessions(failing.map(({ sessionId }) => sessionId))}
          >
            {t('activity.retryAll')}
          </Button>
        )}
      </div>
      {failing.length + notices.length === 0 && <p className="quiet">{t('activity.noFailures')}</p>}
      <ul className="problems">
        {notices.map(({ id, level, message, remedy }) => (
          <li key={id}>
            <NoticeBox level={level} title={name(message, 500)}>
              {name(remedy, 500)}
            </NoticeBox>
          </li>
        ))}
        {failing.slice(0, 50).map(session => (
          <li key={session.sessionId}>
            <Failure session={session} />
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Why it failed, when it is tried again, and the way to do so now. */
function Failure({ session }: { readonly session: SessionView }) {
  const words = useWords()
  const { t, name } = words
  const store = useStore()
  const nowMs = useNowMs()
  const isOpen = useIsOpen()
  const isRunning = useIsRunning(session.sessionId)
  const title = name(session.title) || t('list.untitled')
  const { lastOutcome } = session
  const due = nextDue(session)
  return (
    <NoticeBox
      level="error"
      title={title}
      action={
        <span className="notice-actions">
          <Button size="xs" onClick={() => open(sessionView(session.sessionId))}>
            {t('activity.open')}
          </Button>
          <Button
            size="xs"
            variant="filled"
            disabled={!isOpen || isRunning}
            aria-label={t('activity.retryOf', { title })}
            onClick={() => void store.checkpointSession(session.sessionId)}
          >
            {isRunning ? t('actions.saving') : t('activity.retry')}
          </Button>
        </span>
      }
    >
      {lastOutcome === null ? name(session.why, 500) : outcomeWords(words, lastOutcome, nowMs)}{' '}
      {due.kind === 'at' && t('activity.nextTry', { when: words.ago(Math.max(due.atMs, nowMs), nowMs) })}
    </NoticeBox>
  )
}

function Log() {
  const words = useWords()
  const { t } = words
  const [onlyProblems, setOnlyProblems] = useState(false)
  const activity = useMonitorState<readonly ActivityEntry[]>(state => state.activity, nothing)
  const sessions = useMonitorState<readonly SessionView[]>(state => state.sessions, nothing)
  const titles = useMemo(() => new Map(sessions.map(each => [each.sessionId, each.title])), [sessions])
  const shown = activity.filter(({ level }) => !onlyProblems || level !== 'info').toReversed()
  return (
    <section className="card" aria-labelledby="log-title">
      <div className="card-head">
        <h3 id="log-title">{t('activity.log')}</h3>
        <Chip size="xs" variant="outline" checked={onlyProblems} onChange={setOnlyProblems}>
          {t('activity.onlyProblems')}
        </Chip>
      </div>
      <LastCycle />
      {shown.length === 0 ? (
        <p className="quiet">{t('activity.logEmpty')}</p>
      ) : (
        <ol className="log">
          {shown.map(entry => (
            <LogLine
              key={`${entry.atMs} ${entry.sessionId} ${entry.message}`}
              entry={entry}
              title={titles.get(entry.sessionId ?? '')}
            />
          ))}
        </ol>
      )}
    </section>
  )
}

function LastCycle() {
  const words = useWords()
  const { t, number } = words
  const cycle = useMonitorState(state => state.lastCycle, null)
  if (cycle === null) return <p className="quiet">{t('activity.cycleNone')}</p>
  return (
    <p className="quiet">
      {t('activity.lastCycle')}, {words.dateTime(cycle.startedMs)}:{' '}
      {t('activity.cycle', {
        found: number(cycle.found),
        due: number(cycle.due),
        created: number(cycle.created),
        failed: number(cycle.failed),
        time: words.duration(Math.max(1_000, cycle.tookMs)),
      })}
    </p>
  )
}

function LogLine({ entry, title }: { readonly entry: ActivityEntry; readonly title: string | undefined }) {
  const { t, name, time, dateTime } = useWords()
  const { atMs, level, sessionId, message } = entry
  return (
    <li data-level={level}>
      <time title={dateTime(atMs)}>{time(atMs)}</time>
      <span className="log-level">
        {level !== 'info' && <LevelIcon level={level} />}
        <span className="hidden">{t(`activity.level.${level}`)}</span>
      </span>
      <span className="log-text">
        {sessionId !== null && title !== undefined && (
          <a href={hashOf(sessionView(sessionId))} dir="auto">
            {name(title, 120) || t('list.untitled')}
          </a>
        )}{' '}
        {name(sessionId === null ? message : message.replaceAll(`${sessionId}/`, ''), 1_000)}
      </span>
    </li>
  )
}
