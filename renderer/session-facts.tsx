/** What is known of a session. */
import type { ReactNode } from 'react'
import type { SessionView } from '../shared/core/monitor-state.ts'
import { StateWord, unsavedWords } from './session-row.tsx'
import { NoticeBox } from './ui.tsx'
import { useWords, type Words } from './words.ts'

interface FactsProps {
  readonly session: SessionView
  readonly nowMs: number
}

export function SessionFacts({ session, nowMs }: FactsProps) {
  const words = useWords()
  const { t, name } = words
  const ago = (atMs: number | null) => (atMs === null ? t('app.unknown') : words.ago(atMs, nowMs))
  const text = (value: string | null) => (value === null || value === '' ? t('app.unknown') : name(value, 400))
  return (
    <section className="card" aria-labelledby="facts-title">
      <h3 id="facts-title">{t('session.facts')}</h3>
      {session.problems.length > 0 && (
        <NoticeBox level="warn" title={t('session.problems')}>
          {session.problems.map(problem => name(problem, 500)).join(' ')}
        </NoticeBox>
      )}
      <dl className="facts">
        <Fact label={t('session.state')}>
          <StateWord view={session} />
          {session.live.note !== null && (
            <span className="quiet">{t('session.note', { note: name(session.live.note, 300) })}</span>
          )}
        </Fact>
        <Fact label={t('session.context')}>{contextWords(words, session)}</Fact>
        <Fact label={t('session.unsaved')}>{unsavedWords(words, session)}</Fact>
        <Fact label={t('session.project')}>
          <bdi>{text(session.project?.root ?? session.cwd)}</bdi>
        </Fact>
        <Fact label={t('session.branch')}>
          <bdi>{text(session.branch)}</bdi>
        </Fact>
        <Fact label={t('session.model')}>{text(session.model)}</Fact>
        <Fact label={t('session.messages')}>{words.number(session.counts.messages)}</Fact>
        <Fact label={t('session.transcript')}>{words.bytes(session.transcriptBytes)}</Fact>
        <Fact label={t('session.active')}>{ago(session.lastActivityMs)}</Fact>
        <Fact label={t('session.started')}>{ago(session.firstActivityMs)}</Fact>
        <Fact label={t('session.version')}>{text(session.version)}</Fact>
        <Fact label={t('session.id')}>
          <span className="mono">{session.sessionId}</span>
        </Fact>
      </dl>
    </section>
  )
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function contextWords(words: Words, { contextTokens, contextWindowTokens, contextPercent, compaction }: SessionView) {
  const { t } = words
  if (contextTokens === null || contextWindowTokens === null) return t('session.contextUnknown')
  const fill = t('session.contextOf', {
    tokens: words.tokens(contextTokens),
    window: words.tokens(contextWindowTokens),
    percent: words.percent(contextPercent ?? 0),
  })
  if (compaction === null) return fill
  const outlook =
    compaction.turnsLeft === null
      ? t('session.compactionLeft', { tokens: words.tokens(compaction.leftTokens) })
      : t('session.compactionIn', { count: Math.round(compaction.turnsLeft) })
  return `${fill}, ${outlook}`
}
