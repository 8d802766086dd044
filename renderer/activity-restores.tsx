/** Restores in place that can still be undone or finished. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { RestoreJournalInfo, RestoreOutcome } from '../shared/core/restore.ts'
import type { ActionResult } from './monitor-store.ts'
import { useIsOpen, useNowMs, useStore } from './page-context.tsx'
import { useAnswer } from './use-answer.ts'
import { useWords } from './words.ts'

export function ActivityRestores() {
  const { t } = useWords()
  const [asked, again] = useAnswer('listRestores', {})
  if (asked.kind !== 'ready' || asked.value.length === 0) return null
  return (
    <section className="card" aria-labelledby="restores-title">
      <h3 id="restores-title">{t('activity.restores')}</h3>
      <ul className="rescue">
        {asked.value.map(journal => (
          <li key={journal.restoreId}>
            <Journal journal={journal} onDone={again} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Journal({ journal, onDone }: { readonly journal: RestoreJournalInfo; readonly onDone: () => void }) {
  const words = useWords()
  const { t, name, number } = words
  const store = useStore()
  const isOpen = useIsOpen()
  const nowMs = useNowMs(60_000)
  const [busy, setBusy] = useState(false)
  const { restoreId, title, written, keptUntilMs } = journal
  const shownTitle = name(title, 120) || t('list.untitled')
  const run = async (call: 'undoRestore' | 'resumeRestore') => {
    setBusy(true)
    const answer =
      call === 'undoRestore'
        ? await store.ask(call, { restoreId, conflicts: 'keep' })
        : await store.ask(call, { restoreId })
    setBusy(false)
    store.announce(answer.ok ? said(call, answer.value) : answer.result)
    onDone()
  }
  const said = (call: 'undoRestore' | 'resumeRestore', outcome: RestoreOutcome): ActionResult => {
    if (!outcome.ok) return { kind: 'said', isError: true, text: name(`${outcome.message} ${outcome.remedy}`, 500) }
    const whole = outcome.kind === 'complete'
    const key = !whole ? 'activity.undonePart' : call === 'undoRestore' ? 'activity.undone' : 'activity.finished'
    return { kind: 'said', isError: !whole, text: t(key) }
  }
  return (
    <article>
      <p className="rescue-head">
        <span className="tag">{t(`activity.restoreKind.${journal.kind}`)}</span>
        <strong dir="auto">{shownTitle}</strong>
        <span className="quiet">{t(`activity.restoreState.${journal.state}`)}</span>
      </p>
      <p className="quiet">
        {[
          words.ago(journal.startedAtMs, nowMs),
          t('activity.restoreFiles', { count: written.files, n: number(written.files) }),
          ...(keptUntilMs === null || !journal.canUndo
            ? []
            : [t('activity.keptUntil', { when: words.dateTime(keptUntilMs) })]),
        ].join(' · ')}
      </p>
      <p className="timeline-actions">
        {journal.canResume && (
          <Button
            size="compact-xs"
            disabled={busy || !isOpen}
            aria-label={t('activity.resumeOf', { title: shownTitle })}
            onClick={() => void run('resumeRestore')}
          >
            {t('activity.resume')}
          </Button>
        )}
        {journal.canUndo && (
          <Button
            size="compact-xs"
            disabled={busy || !isOpen}
            aria-label={t('activity.undoOf', { title: shownTitle })}
            onClick={() => void run('undoRestore')}
          >
            {t('activity.undo')}
          </Button>
        )}
      </p>
    </article>
  )
}
