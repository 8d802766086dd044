/** One line of the list: a session, or a project above its sessions. */
import { memo } from 'react'
import type { SessionView } from '../shared/core/monitor-state.ts'
import { factorNames } from '../shared/core/scoring.ts'
import { Cell, Line } from './grid-parts.tsx'
import { LineIcon, ProtectionIcon } from './icons.tsx'
import { useIsOpen, useIsRunning, useStore } from './page-context.tsx'
import { type GroupRow, hasUnsavedWork, nextDue } from './sessions-query.ts'
import { useSessionsUi } from './sessions-ui.tsx'
import { Bar, CheckBox, FactorMeter, ProtectionMark } from './ui.tsx'
import { hashOf, sessionView } from './view-state.ts'
import { useWords, type Words } from './words.ts'

/** Where a row stands in the list. Pixels. */
export interface Place {
  readonly index: number
  readonly top: number
  readonly height: number
}

interface LineProps {
  readonly place: Place
  /** Whether Tab leads to it. */
  readonly isActive: boolean
  readonly onFocus: (index: number) => void
}

interface SessionLineProps extends LineProps {
  readonly view: SessionView
  readonly nowMs: number
}

const isSame = (a: SessionLineProps, b: SessionLineProps) =>
  a.view === b.view &&
  a.nowMs === b.nowMs &&
  a.isActive === b.isActive &&
  a.place.index === b.place.index &&
  a.place.top === b.place.top &&
  a.place.height === b.place.height

/** Drawn again only when its session, its place or the time has changed. */
export const SessionRowLine = memo(SessionLine, isSame)

function SessionLine({ view, place, isActive, nowMs, onFocus }: SessionLineProps) {
  const words = useWords()
  const titleId = `title-${view.sessionId}`
  const title = words.name(view.title) || words.t('list.untitled')
  const isQuiet = view.protection === 'protected' || view.protection === 'excluded'
  const { query, selection } = useSessionsUi()
  const isSelected = selection.has(view.sessionId)
  return (
    <Line
      className="session-line"
      rowIndex={place.index + 2}
      labelledBy={titleId}
      selected={isSelected}
      {...(query.grouped ? { level: 2 } : {})}
      data={{ 'data-index': place.index, 'data-protection': view.protection, 'data-due': nextDue(view).kind }}
      tabIndex={isActive ? 0 : -1}
      style={{ transform: `translateY(${place.top}px)`, height: place.height }}
      onFocus={() => onFocus(place.index)}
    >
      <SelectCell sessionId={view.sessionId} title={title} isActive={isActive} />
      <Cell name="protection">
        <ProtectionMark protection={view.protection} />
      </Cell>
      <TitleCell view={view} title={title} titleId={titleId} isActive={isActive} />
      <Cell name="state">
        <StateWord view={view} />
      </Cell>
      {factorNames.map(name => (
        <Cell key={name} name={name}>
          <FactorMeter name={name} factor={view.score.factors[name]} quiet={isQuiet} />
        </Cell>
      ))}
      <TotalCell total={view.score.total} quiet={isQuiet} />
      <Cell name="unsaved" clip label={words.t('list.columns.unsaved')}>
        {unsavedWords(words, view)}
      </Cell>
      <Cell name="last" clip label={words.t('list.columns.last')}>
        {view.lastCheckpoint === null ? words.t('list.neverSaved') : words.shortAgo(view.lastCheckpoint.atMs, nowMs)}
      </Cell>
      <Cell name="next" clip label={words.t('list.columns.next')}>
        {nextWords(words, view, nowMs)}
      </Cell>
      <ActionCell view={view} title={title} isActive={isActive} />
    </Line>
  )
}

interface PartProps {
  readonly title: string
  readonly isActive: boolean
}

function SelectCell({ sessionId, title, isActive }: PartProps & { readonly sessionId: string }) {
  const { t } = useWords()
  const { selection, setSelection } = useSessionsUi()
  const toggle = () => {
    const next = new Set(selection)
    if (!next.delete(sessionId)) next.add(sessionId)
    setSelection(next)
  }
  return (
    <Cell name="select">
      <CheckBox
        tabIndex={isActive ? 0 : -1}
        label={t('list.select', { title })}
        checked={selection.has(sessionId)}
        onChange={toggle}
      />
    </Cell>
  )
}

function TitleCell({
  view,
  title,
  titleId,
  isActive,
}: PartProps & { readonly view: SessionView; readonly titleId: string }) {
  const { t, name } = useWords()
  const { project, cwd, branch } = view
  return (
    <Cell name="title">
      <a
        id={titleId}
        className="title clip"
        href={hashOf(sessionView(view.sessionId))}
        tabIndex={isActive ? 0 : -1}
        dir="auto"
        title={title}
      >
        {title}
      </a>
      <span className="where clip">
        <bdi>{name(project?.name ?? cwd ?? t('list.noProject'), 120)}</bdi>
        {branch !== null && branch !== '' && (
          <>
            <span aria-hidden="true"> · </span>
            <bdi className="quiet">{name(branch, 120)}</bdi>
          </>
        )}
        {view.partial === true && <span className="partial">{t('list.partial')}</span>}
      </span>
    </Cell>
  )
}

export function StateWord({ view }: { readonly view: SessionView }) {
  const { t, name } = useWords()
  const { status, waitingFor } = view.live
  const text = waitingFor === null ? t(`live.${status}`) : t('live.waitingFor', { what: name(waitingFor, 80) })
  return (
    <span className="state clip" data-status={status} title={text}>
      {text}
    </span>
  )
}

function TotalCell({ total, quiet }: { readonly total: number; readonly quiet: boolean }) {
  const { t, number } = useWords()
  // Rounding must not claim the 1 that was not reached.
  const text = number(total < 1 ? Math.min(total, 0.99) : total)
  return (
    <Cell name="total">
      <span className="factor" data-label={t('list.columns.total')}>
        <strong className="factor-value" aria-hidden="true">
          {text}
          {total >= 1 && !quiet && <span className="over">!</span>}
        </strong>
        <Bar
          label={t('list.columns.total')}
          score={total}
          valueText={t(total >= 1 ? 'factor.overLimit' : 'factor.ofLimit', { value: text, limit: '1' })}
          quiet={quiet}
        />
      </span>
    </Cell>
  )
}

export function unsavedWords({ t, number }: Words, view: SessionView): string {
  if (!hasUnsavedWork(view)) return t('list.nothingNew')
  const { messages, files } = view.unsaved
  const parts = [
    ...(messages === 0 ? [] : [t('list.messages', { count: messages, n: number(messages) })]),
    ...(files === 0 ? [] : [t('list.files', { count: files, n: number(files) })]),
  ]
  return parts.length === 0 ? t('list.someRecords') : parts.join(', ')
}

export function nextWords(words: Words, view: SessionView, nowMs: number): string {
  const due = nextDue(view)
  if (due.kind !== 'at') return words.t(`list.due.${due.kind}`)
  return due.atMs <= nowMs ? words.t('list.due.now') : words.shortAgo(due.atMs, nowMs)
}

function ActionCell({ view, title, isActive }: PartProps & { readonly view: SessionView }) {
  const { t } = useWords()
  const store = useStore()
  const isOpen = useIsOpen()
  const isRunning = useIsRunning(view.sessionId)
  return (
    <Cell name="actions">
      <button
        type="button"
        className="icon-button"
        tabIndex={isActive ? 0 : -1}
        disabled={!isOpen || isRunning}
        aria-busy={isRunning}
        aria-label={t('list.checkpoint', { title })}
        title={t('actions.checkpointNow')}
        onClick={() => void store.checkpointSession(view.sessionId)}
      >
        <LineIcon name={isRunning ? 'refresh' : 'save'} />
      </button>
    </Cell>
  )
}

export function GroupRowLine({ row, place, isActive, onFocus }: LineProps & { readonly row: GroupRow }) {
  const { t, name, number } = useWords()
  const { query, setQuery } = useSessionsUi()
  const toggle = () => {
    const folded = new Set(query.folded)
    if (!folded.delete(row.key)) folded.add(row.key)
    setQuery({ folded })
  }
  return (
    <Line
      className="group-line"
      rowIndex={place.index + 2}
      expanded={!row.folded}
      level={1}
      data={{ 'data-index': place.index, 'data-protection': row.worst }}
      tabIndex={isActive ? 0 : -1}
      style={{ transform: `translateY(${place.top}px)`, height: place.height }}
      onFocus={() => onFocus(place.index)}
      onClick={toggle}
    >
      <Cell name="group" span={13}>
        <LineIcon name={row.folded ? 'right' : 'down'} />
        <span className="tone">
          <ProtectionIcon protection={row.worst} />
        </span>
        <strong className="clip">
          <bdi>{row.name === null ? t('list.noProject') : name(row.name, 120)}</bdi>
        </strong>
        <span className="quiet clip" dir="auto">
          {name(row.key, 300)}
        </span>
        <span className="quiet">{t('list.groupSummary', { count: row.sessions, n: number(row.sessions) })}</span>
      </Cell>
    </Line>
  )
}
