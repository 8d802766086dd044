/** The risk of the whole machine in one look: a sentence, a bar of all sessions by protection, and the figures. */
import type { ReactNode } from 'react'
import { countByProtection, type MonitorState, type Protection, protections } from '../shared/core/monitor-state.ts'
import { ProtectionIcon } from './icons.tsx'
import { useMonitor, useNowMs } from './page-context.tsx'
import { hasUnsavedWork } from './sessions-query.ts'
import { Bar } from './ui.tsx'
import { open, sessionsView, useView } from './view-state.ts'
import { useWords, type Words } from './words.ts'

export function SummaryStrip() {
  const words = useWords()
  const state = useMonitor(snapshot => snapshot.state)
  const nowMs = useNowMs()
  if (state === null) return null
  const by = countByProtection(state.sessions)
  const { tone, text } = headline(words, state, by)
  return (
    <section className="summary" aria-label={words.t('summary.label')} data-protection={tone}>
      <div className="summary-risk">
        <h2>
          {tone !== null && <ProtectionIcon protection={tone} />}
          {text}
        </h2>
        {tone !== null && <ProtectionBar by={by} total={state.sessions.length} />}
      </div>
      <dl className="figures">
        <Figure label={words.t('summary.oldest')}>{oldestWords(words, state, nowMs)}</Figure>
        <Figure label={words.t('summary.store')}>
          <StoreUseFigure state={state} />
        </Figure>
        <Figure label={words.t('summary.lastCycle')}>{lastCycleWords(words, state, nowMs)}</Figure>
        <Figure label={words.t('summary.nextCycle')}>{nextCycleWords(words, state, nowMs)}</Figure>
        {state.lastProof !== null && (
          <Figure label={words.t('summary.proof')}>{proofWords(words, state.lastProof, nowMs)}</Figure>
        )}
      </dl>
    </section>
  )
}

type Counts = Readonly<Record<Protection, number>>

/** The worst that is true of any session, and how many it is true of. */
function headline(
  words: Words,
  state: MonitorState,
  by: Counts,
): { readonly tone: Protection | null; readonly text: string } {
  const { t } = words
  const total = state.sessions.length
  const isReading = state.phase === 'starting' || state.phase === 'scanning'
  if (total === 0) return { tone: null, text: t(isReading ? 'summary.headline.reading' : 'summary.headline.none') }
  // What is only half known must not look safe.
  const isPartial = isReading && state.lastCycle === null && by.failing === 0
  if (isPartial) return { tone: null, text: t('summary.headline.found', { count: total }) }
  if (by.failing > 0) return { tone: 'failing', text: t('summary.headline.failing', { count: by.failing }) }
  if (by['at-risk'] > 0) return { tone: 'at-risk', text: t('summary.headline.atRisk', { count: by['at-risk'] }) }
  if (by.changed > 0) return { tone: 'changed', text: t('summary.headline.changed', { count: by.changed }) }
  if (by.protected > 0) return { tone: 'protected', text: t('summary.headline.protected', { count: by.protected }) }
  return { tone: 'excluded', text: t('summary.headline.excluded') }
}

/** Each part is as wide as its share, and shows only its sessions when pressed. */
function ProtectionBar({ by, total }: { readonly by: Counts; readonly total: number }) {
  const { t, number } = useWords()
  const view = useView()
  const shown = view.kind === 'sessions' ? view.show : []
  const toggle = (protection: Protection) =>
    open(sessionsView(shown.length === 1 && shown[0] === protection ? [] : [protection]))
  const present = protections.filter(protection => by[protection] > 0)
  return (
    <>
      <div className="shares" aria-hidden="true">
        {present.map(protection => (
          <span
            key={protection}
            data-protection={protection}
            style={{ flexGrow: Math.max(by[protection], total / 50) }}
          />
        ))}
      </div>
      <ul className="counts" aria-label={t('summary.byProtection')}>
        {present.map(protection => (
          <li key={protection}>
            <button
              type="button"
              data-protection={protection}
              aria-pressed={shown.includes(protection)}
              title={`${t('summary.showOnly', { what: t(`protection.${protection}`) })}. ${t(`protection.explain.${protection}`)}`}
              onClick={() => toggle(protection)}
            >
              <ProtectionIcon protection={protection} />
              <strong>{number(by[protection])}</strong> {t(`protection.${protection}`)}
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}

function Figure({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function StoreUseFigure({ state }: { readonly state: MonitorState }) {
  const words = useWords()
  const { storeUse } = state
  if (storeUse === null) return words.t('summary.storeUnknown')
  const text = words.t('summary.storeOf', {
    used: words.bytes(storeUse.bytes),
    budget: words.bytes(storeUse.budgetBytes),
  })
  const score = storeUse.bytes / Math.max(1, storeUse.budgetBytes)
  return (
    <>
      {text}
      <Bar label={words.t('summary.storeUse')} score={score} valueText={text} quiet={score < 1} />
    </>
  )
}

/** How long the oldest work that no checkpoint holds has been waiting, and for how much it may still wait. */
function oldestWords(words: Words, { sessions }: MonitorState, nowMs: number): string {
  const ages = sessions
    .filter(view => view.protection !== 'excluded' && view.protection !== 'protected' && hasUnsavedWork(view))
    .map(view => view.lastCheckpoint?.atMs ?? view.firstActivityMs ?? nowMs)
  return ages.length === 0
    ? words.t('summary.oldestNone')
    : words.duration(nowMs - ages.reduce((oldest, atMs) => Math.min(oldest, atMs)))
}

function lastCycleWords(words: Words, { lastCycle }: MonitorState, nowMs: number): string {
  if (lastCycle === null) return words.t('phase.never')
  const parts = [
    words.ago(lastCycle.startedMs, nowMs),
    words.t('summary.lastCycleSaved', { count: lastCycle.created }),
    ...(lastCycle.failed === 0 ? [] : [words.t('summary.lastCycleFailed', { count: lastCycle.failed })]),
  ]
  return parts.join(', ')
}

function nextCycleWords(words: Words, state: MonitorState, nowMs: number): string {
  if (state.paused !== null) return words.t('summary.nextPaused')
  if (state.nextCycleAtMs === null) return words.t('summary.nextNone')
  return state.nextCycleAtMs <= nowMs ? words.t('summary.nextNow') : words.ago(state.nextCycleAtMs, nowMs)
}

function proofWords(words: Words, proof: NonNullable<MonitorState['lastProof']>, nowMs: number): string {
  const result =
    proof.failures.length === 0
      ? words.t('summary.proofGood')
      : words.t('summary.proofBad', { count: proof.failures.length })
  return `${words.ago(proof.atMs, nowMs)}, ${result}`
}
