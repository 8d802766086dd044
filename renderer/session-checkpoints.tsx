/** The checkpoints of a session, newest first: when, why, how much, and what can be done with each. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { CheckpointSummary } from '../shared/core/checkpoint.ts'
import type { SessionId } from '../shared/core/session.ts'
import { ProtectionIcon } from './icons.tsx'
import { useMonitorState, useNowMs } from './page-context.tsx'
import { resultWords } from './result-words.ts'
import { Empty, NoticeBox } from './ui.tsx'
import { useAnswer } from './use-answer.ts'
import { open } from './view-state.ts'
import { useWords } from './words.ts'

interface CheckpointsProps {
  readonly sessionId: SessionId
  /** The list is asked for again when this changes. */
  readonly freshness: string | number
}

const firstShown = 20
const noFailures: readonly { readonly id: string }[] = []

export function SessionCheckpoints({ sessionId, freshness }: CheckpointsProps) {
  const words = useWords()
  const { t } = words
  const [shown, setShown] = useState(firstShown)
  const [asked, again] = useAnswer('listCheckpoints', { sessionId }, freshness)
  const list = asked.kind === 'ready' ? asked.value : []
  return (
    <section className="card" aria-labelledby="checkpoints-title">
      <h3 id="checkpoints-title">
        {t('session.checkpoints.title')} {list.length > 0 && <span className="quiet">{words.number(list.length)}</span>}
      </h3>
      {asked.kind === 'loading' && <p className="quiet">{t('session.loading')}</p>}
      {asked.kind === 'failed' && (
        <NoticeBox
          level="error"
          title={t('session.checkpoints.failed')}
          action={<Button onClick={again}>{t('app.retry')}</Button>}
        >
          {resultWords(words, asked.result, Date.now())}
        </NoticeBox>
      )}
      {asked.kind === 'ready' && list.length === 0 && (
        <Empty icon="history" title={t('session.checkpoints.none')}>
          <p>{t('session.checkpoints.noneText')}</p>
        </Empty>
      )}
      {list.length > 0 && (
        <ol className="timeline" aria-label={t('session.checkpoints.list')}>
          {list.slice(0, shown).map(checkpoint => (
            <Entry key={checkpoint.seq} sessionId={sessionId} checkpoint={checkpoint} />
          ))}
        </ol>
      )}
      {list.length > shown && (
        <Button size="xs" onClick={() => setShown(shown + 50)}>
          {t('session.checkpoints.showMore', { n: words.number(Math.min(50, list.length - shown)) })}
        </Button>
      )}
    </section>
  )
}

function Entry({ sessionId, checkpoint }: { readonly sessionId: SessionId; readonly checkpoint: CheckpointSummary }) {
  const words = useWords()
  const { t, number } = words
  const nowMs = useNowMs(60_000)
  const failures = useMonitorState(state => state.lastProof?.failures ?? noFailures, noFailures)
  const isDamaged = failures.some(({ id }) => id === checkpoint.id)
  const { seq, atMs, treeError, treeSkipped } = checkpoint
  const parts = [
    t('session.checkpoints.messages', { count: checkpoint.messages, n: number(checkpoint.messages) }),
    words.bytes(checkpoint.transcriptBytes),
    t('session.checkpoints.files', { count: checkpoint.treeFiles, n: number(checkpoint.treeFiles) }),
    ...(treeSkipped === 0 ? [] : [t('session.checkpoints.skipped', { count: treeSkipped, n: number(treeSkipped) })]),
  ]
  const titleId = `checkpoint-${seq}`
  return (
    <li data-cause={checkpoint.causeKind}>
      <p className="timeline-head">
        <strong id={titleId}>{t('session.checkpoints.number', { seq: number(seq) })}</strong>
        <time dateTime={isoOf(atMs)} title={words.dateTime(atMs)}>
          {words.ago(atMs, nowMs)}
        </time>
        <span className="tag">{t(`session.checkpoints.cause.${checkpoint.causeKind}`)}</span>
        <span
          className="protection"
          data-protection={isDamaged ? 'failing' : 'protected'}
          title={isDamaged ? undefined : t('session.checkpoints.verifiedLong')}
        >
          <ProtectionIcon protection={isDamaged ? 'failing' : 'protected'} />
          {t(isDamaged ? 'session.checkpoints.damaged' : 'session.checkpoints.verified')}
        </span>
      </p>
      <p className="timeline-why">{words.name(checkpoint.why, 500)}</p>
      <p className="quiet">{parts.join(' · ')}</p>
      {treeError !== null && (
        <p className="timeline-error">{t('session.checkpoints.treeError', { message: words.name(treeError, 300) })}</p>
      )}
      <p className="timeline-actions">
        <Button
          size="compact-xs"
          aria-describedby={titleId}
          onClick={() => open({ kind: 'session', sessionId, tab: 'checkpoint', seq })}
        >
          {t('session.checkpoints.changes')}
        </Button>
        <Button
          size="compact-xs"
          aria-describedby={titleId}
          onClick={() => open({ kind: 'session', sessionId, tab: 'restore', seq })}
        >
          {t('session.checkpoints.restore')}
        </Button>
      </p>
    </li>
  )
}

/** Empty for what is no instant: a record may hold anything. */
function isoOf(atMs: number): string {
  return Number.isFinite(atMs) && Math.abs(atMs) <= 8.64e15 ? new Date(atMs).toISOString() : ''
}
