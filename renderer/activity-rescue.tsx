/** Sessions that died, stalled, were lost or forgotten, each with the way back. */
import { Button } from '@mantine/core'
import type { RescueCase } from '../shared/core/rescue.ts'
import { useNowMs } from './page-context.tsx'
import { resultWords } from './result-words.ts'
import { NoticeBox } from './ui.tsx'
import { useAnswer } from './use-answer.ts'
import { open, sessionView } from './view-state.ts'
import { useWords } from './words.ts'

export function ActivityRescue() {
  const words = useWords()
  const { t } = words
  const [asked, again] = useAnswer('listRescue', {})
  return (
    <section className="card" aria-labelledby="rescue-title">
      <h3 id="rescue-title">{t('activity.rescue')}</h3>
      {asked.kind === 'loading' && <p role="status">{t('activity.rescueLoading')}</p>}
      {asked.kind === 'failed' && (
        <NoticeBox
          level="warn"
          title={t('activity.rescueFailed')}
          action={<Button onClick={again}>{t('app.retry')}</Button>}
        >
          {resultWords(words, asked.result, Date.now())}
        </NoticeBox>
      )}
      {asked.kind === 'ready' && asked.value.cases.length === 0 && <p className="quiet">{t('activity.rescueNone')}</p>}
      {asked.kind === 'ready' && (
        <ul className="rescue">
          {asked.value.cases.map(each => (
            <li key={each.sessionId}>
              <Case rescue={each} />
            </li>
          ))}
        </ul>
      )}
      {asked.kind === 'ready' && asked.value.more > 0 && (
        <p className="quiet">{t('activity.rescueMore', { n: words.number(asked.value.more) })}</p>
      )}
    </section>
  )
}

function Case({ rescue }: { readonly rescue: RescueCase }) {
  const words = useWords()
  const { t, name, number } = words
  const nowMs = useNowMs(60_000)
  const titleId = `rescue-${rescue.sessionId}`
  const saved = rescue.checkpoint === null ? null : seqOf(rescue.checkpoint)
  const parts = [
    ...(rescue.lastActivityMs === null ? [] : [words.ago(rescue.lastActivityMs, nowMs)]),
    ...(rescue.openTodos.length === 0 ? [] : [t('activity.openTodos', { count: rescue.openTodos.length })]),
    ...(rescue.uncommitted.files === 0
      ? []
      : [t('activity.uncommitted', { count: rescue.uncommitted.files, n: number(rescue.uncommitted.files) })]),
    ...(rescue.unsaved.files === 0
      ? []
      : [t('activity.unsaved', { count: rescue.unsaved.files, n: number(rescue.unsaved.files) })]),
  ]
  return (
    <article aria-labelledby={titleId}>
      <p className="rescue-head">
        <span className="tag" data-kind={rescue.kind}>
          {t(`activity.kind.${rescue.kind}`)}
        </span>
        <strong id={titleId} dir="auto">
          {name(rescue.title) || t('list.untitled')}
        </strong>
      </p>
      <p>{name(rescue.why, 400)}</p>
      {rescue.lastPrompt !== null && (
        <p className="quiet">{t('activity.lastPrompt', { text: name(rescue.lastPrompt, 200) })}</p>
      )}
      <p className="quiet">{parts.join(' · ')}</p>
      <p className="timeline-actions">
        <Button size="compact-xs" aria-describedby={titleId} onClick={() => open(sessionView(rescue.sessionId))}>
          {t('activity.open')}
        </Button>
        {saved !== null && (
          <Button
            size="compact-xs"
            aria-describedby={titleId}
            onClick={() => open({ kind: 'session', sessionId: rescue.sessionId, tab: 'restore', seq: saved })}
          >
            {t('activity.restore')}
          </Button>
        )}
      </p>
    </article>
  )
}

/** The number at the end of a checkpoint's id; null if it has none. */
function seqOf(checkpoint: string): number | null {
  const seq = Number(checkpoint.split('/').at(-1))
  return Number.isSafeInteger(seq) && seq > 0 ? seq : null
}
