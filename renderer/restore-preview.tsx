/** The second step of a restore: every file with what would happen to it, and what should be known before. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import {
  type RestoreAction,
  type RestoreEntry,
  type RestoreLeftOut,
  type RestorePlan,
  restoreActions,
} from '../shared/core/restore.ts'
import { FileLines } from './diff-lines.tsx'
import { useStore } from './page-context.tsx'
import { NoticeBox, ScrollRegion } from './ui.tsx'
import { useWords } from './words.ts'

interface PreviewProps {
  readonly plan: RestorePlan
  readonly onBack: () => void
  readonly onApply: () => void
}

export function RestorePreview({ plan, onBack, onApply }: PreviewProps) {
  const words = useWords()
  const { t, name, number, bytes } = words
  const { writes, keeps, transcript } = plan
  const isNothing = writes.files === 0 && (transcript === null || transcript.action === 'same')
  const isInPlace = plan.request.target.kind === 'in-place'
  return (
    <>
      <h3 tabIndex={-1} data-step-title>
        {t('restore.preview.heading')}
      </h3>
      {isNothing ? (
        <p>{t('restore.preview.nothing')}</p>
      ) : (
        <p>
          {t('restore.preview.writes', { count: writes.files, n: number(writes.files), size: bytes(writes.bytes) })}{' '}
          {keeps.files > 0 &&
            t('restore.preview.keeps', { count: keeps.files, n: number(keeps.files), size: bytes(keeps.bytes) })}
        </p>
      )}
      {plan.root !== null && (
        <p className="quiet path">
          <bdi>{t('restore.preview.into', { folder: name(plan.root, 400) })}</bdi>
        </p>
      )}
      <Warnings plan={plan} />
      <Counts plan={plan} />
      <Entries plan={plan} />
      {transcript !== null && (
        <section className="plan-part">
          <h4>{t('restore.preview.transcript')}</h4>
          <p>{name(transcript.why, 500)}</p>
        </section>
      )}
      <LeftOut left={plan.leftOut} more={plan.leftOutMore} title={t('restore.preview.leftOut')} />
      {isInPlace && !isNothing && <p className="quiet">{t('restore.preview.safety')}</p>}
      <div className="wizard-actions">
        <Button onClick={onBack}>{t('restore.back')}</Button>
        <Button variant="filled" disabled={isNothing} onClick={onApply}>
          {t(isNothing ? 'restore.preview.applyNothing' : 'restore.preview.apply')}
        </Button>
      </div>
    </>
  )
}

function Warnings({ plan }: { readonly plan: RestorePlan }) {
  const { t, name, list } = useWords()
  const { conflict } = plan.counts
  const kept = plan.request.rules.conflicts === 'keep'
  return (
    <>
      {conflict > 0 && (
        <NoticeBox level="warn" title={t('restore.preview.conflictsWarn', { count: conflict })}>
          {t(kept ? 'restore.preview.conflictsKept' : 'restore.preview.conflictsReplaced')}
        </NoticeBox>
      )}
      {plan.atWork.length > 0 && (
        <NoticeBox
          level="warn"
          title={t('restore.preview.atWork', { titles: list(plan.atWork.map(({ title }) => name(title, 80))) })}
        />
      )}
      {plan.warnings.map(warning => (
        <NoticeBox key={warning} level="warn" title={name(warning, 500)} />
      ))}
    </>
  )
}

function Counts({ plan }: { readonly plan: RestorePlan }) {
  const { t, number } = useWords()
  return (
    <ul className="plan-counts" aria-label={t('restore.preview.counts')}>
      {restoreActions
        .filter(action => plan.counts[action] > 0)
        .map(action => (
          <li key={action} data-action={action} title={t(`restore.preview.explain.${action}`)}>
            <strong>{number(plan.counts[action])}</strong> {t(`restore.preview.actions.${action}`)}
          </li>
        ))}
    </ul>
  )
}

/** What changes something comes first; what stays the same is only counted. */
const shownActions: readonly RestoreAction[] = ['conflict', 'overwrite', 'create', 'blocked']

function Entries({ plan }: { readonly plan: RestorePlan }) {
  const words = useWords()
  const { t, name, bytes } = words
  const store = useStore()
  const [more, setMore] = useState<readonly RestoreEntry[]>([])
  const [compared, setCompared] = useState<string | null>(null)
  const entries = [...plan.entries.items, ...more].filter(({ action }) => shownActions.includes(action))
  const total = shownActions.reduce((sum, action) => sum + plan.counts[action], 0)
  const loadMore = async () => {
    const request = { planId: plan.planId, actions: shownActions, offset: entries.length, limit: 500 }
    const answer = await store.ask('planEntries', request)
    if (answer.ok) setMore([...more, ...answer.value.items])
    else store.announce(answer.result)
  }
  if (total === 0) return null
  const size = (value: number | null) => (value === null ? '–' : bytes(value))
  return (
    <ScrollRegion className="table-scroll" label={t('restore.preview.entries')}>
      <table className="numbers plan">
        <thead>
          <tr>
            <th scope="col">{t('restore.preview.path')}</th>
            <th scope="col">{t('restore.preview.action')}</th>
            <th scope="col">{t('restore.preview.now')}</th>
            <th scope="col">{t('restore.preview.size')}</th>
            <th scope="col">
              <span className="hidden">{t('list.columns.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map(entry => (
            <tr key={entry.path} data-action={entry.action}>
              <th scope="row" className="path">
                <bdi className="mono">{name(entry.path, 400)}</bdi>
                {entry.note !== null && <span className="quiet note">{name(entry.note, 300)}</span>}
              </th>
              <td>
                <span className="tag" data-action={entry.action} title={t(`restore.preview.explain.${entry.action}`)}>
                  {t(`restore.preview.actions.${entry.action}`)}
                </span>
                {!entry.willWrite && <span className="quiet note">{t('restore.preview.kept')}</span>}
              </td>
              <td className="number">{size(entry.currentBytes)}</td>
              <td className="number">{size(entry.bytes)}</td>
              <td>
                {(entry.action === 'conflict' || entry.action === 'overwrite') && (
                  <Button
                    size="compact-xs"
                    aria-expanded={compared === entry.path}
                    onClick={() => setCompared(compared === entry.path ? null : entry.path)}
                  >
                    {t('restore.preview.difference')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {entries.length < total && (
        <Button size="xs" onClick={() => void loadMore()}>
          {t('restore.preview.more')}
        </Button>
      )}
      {compared !== null && (
        <div className="plan-part">
          <FileLines key={compared} from={plan.request.checkpoint} to="now" path={compared} />
        </div>
      )}
    </ScrollRegion>
  )
}

interface LeftOutProps {
  readonly left: readonly RestoreLeftOut[]
  readonly more: number
  readonly title: string
}

export function LeftOut({ left, more, title }: LeftOutProps) {
  const { t, name, number } = useWords()
  if (left.length === 0) return null
  return (
    <section className="plan-part">
      <h4>{title}</h4>
      <ul>
        {left.map(({ path, reason }) => (
          <li key={path}>
            <bdi className="mono">{name(path, 400)}</bdi> <span className="quiet">{name(reason, 300)}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="quiet">{t('restore.preview.leftOutMore', { n: number(more) })}</p>}
    </section>
  )
}
