/**
 * Giving something back, in steps: choose, preview the plan, restore, see what came of it and undo it. Nothing is written
 * before the plan was shown; the plan that was shown is the one that is applied.
 */
import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import type { SessionView } from '../shared/core/monitor-state.ts'
import type { RestoreOutcome, RestorePlan, RestoreRefusal, RestoreRequest } from '../shared/core/restore.ts'
import type { SessionId } from '../shared/core/session.ts'
import { LineIcon } from './icons.tsx'
import type { ActionResult } from './monitor-store.ts'
import { useStore } from './page-context.tsx'
import { RestoreApplying, RestoreResult } from './restore-apply.tsx'
import { initialChoice, type RestoreChoice, RestoreChooser, requestOf } from './restore-chooser.tsx'
import { RestorePreview } from './restore-preview.tsx'
import { resultWords } from './result-words.ts'
import { Empty, NoticeBox } from './ui.tsx'
import { useAnswer } from './use-answer.ts'
import { open, sessionView } from './view-state.ts'
import { useWords } from './words.ts'

type Step =
  | { readonly kind: 'choose'; readonly trouble: RestoreRefusal | ActionResult | null; readonly planning: boolean }
  | { readonly kind: 'preview'; readonly plan: RestorePlan }
  | { readonly kind: 'apply'; readonly plan: RestorePlan }
  | { readonly kind: 'done'; readonly outcome: RestoreOutcome | ActionResult; readonly undone: boolean }

interface WizardProps {
  readonly sessionId: SessionId
  /** Null when the session itself is gone; what was saved of it can still be given back. */
  readonly session: SessionView | null
  /** The checkpoint to begin with; null for the newest. */
  readonly seq: number | null
}

export function RestoreWizard({ sessionId, session, seq }: WizardProps) {
  const words = useWords()
  const { t } = words
  const [asked, again] = useAnswer('listCheckpoints', { sessionId })
  const title = words.name(session?.title ?? '', 120) || t('list.untitled')
  return (
    <section className="wizard" aria-labelledby="wizard-title">
      <div className="session-head">
        <Button
          className="back"
          variant="subtle"
          size="compact-sm"
          leftSection={<LineIcon name="left" />}
          onClick={() => open(sessionView(sessionId))}
        >
          {t('session.diff.back')}
        </Button>
        <h2 id="wizard-title" tabIndex={-1} data-view-title dir="auto">
          {t('restore.title', { title })}
        </h2>
      </div>
      {asked.kind === 'loading' && <p role="status">{t('session.loading')}</p>}
      {asked.kind === 'failed' && (
        <NoticeBox
          level="error"
          title={t('session.checkpoints.failed')}
          action={<Button onClick={again}>{t('app.retry')}</Button>}
        >
          {resultWords(words, asked.result, Date.now())}
        </NoticeBox>
      )}
      {asked.kind === 'ready' && asked.value.length === 0 && <Empty icon="restore" title={t('restore.noCheckpoint')} />}
      {asked.kind === 'ready' && asked.value.length > 0 && (
        <Steps sessionId={sessionId} checkpoints={asked.value} first={initialChoice(asked.value, seq)} />
      )}
    </section>
  )
}

interface StepsProps {
  readonly sessionId: SessionId
  readonly checkpoints: Parameters<typeof initialChoice>[0]
  readonly first: RestoreChoice
}

const chooseAgain: Step = { kind: 'choose', trouble: null, planning: false }

function Steps({ sessionId, checkpoints, first }: StepsProps) {
  const store = useStore()
  const [choice, setChoice] = useState(first)
  const [step, setStep] = useState<Step>(chooseAgain)
  const heading = useStepFocus(step.kind)

  const plan = async () => {
    setStep({ kind: 'choose', trouble: null, planning: true })
    const answer = await store.ask('planRestore', requestOf(choice))
    if (!answer.ok) return setStep({ kind: 'choose', trouble: answer.result, planning: false })
    if (!answer.value.ok) return setStep({ kind: 'choose', trouble: answer.value, planning: false })
    setStep({ kind: 'preview', plan: answer.value.plan })
  }
  const apply = async (agreed: RestorePlan) => {
    setStep({ kind: 'apply', plan: agreed })
    const request: RestoreRequest = agreed.request
    const answer = await store.ask('applyRestore', { ...request, planId: agreed.planId })
    setStep({ kind: 'done', outcome: answer.ok ? answer.value : answer.result, undone: false })
  }
  const finish = async (call: 'undoRestore' | 'resumeRestore', restoreId: string) => {
    const answer =
      call === 'undoRestore'
        ? await store.ask(call, { restoreId, conflicts: 'keep' })
        : await store.ask(call, { restoreId })
    setStep({
      kind: 'done',
      outcome: answer.ok ? answer.value : answer.result,
      undone: call === 'undoRestore' && answer.ok && answer.value.ok,
    })
  }
  return (
    <>
      <StepList current={step.kind} />
      <div ref={heading} className="card wizard-step">
        {step.kind === 'choose' && (
          <RestoreChooser
            checkpoints={checkpoints}
            choice={choice}
            onChange={change => setChoice({ ...choice, ...change })}
            trouble={step.trouble}
            planning={step.planning}
            onNext={() => void plan()}
          />
        )}
        {step.kind === 'preview' && (
          <RestorePreview plan={step.plan} onBack={() => setStep(chooseAgain)} onApply={() => void apply(step.plan)} />
        )}
        {step.kind === 'apply' && <RestoreApplying />}
        {step.kind === 'done' && (
          <RestoreResult
            sessionId={sessionId}
            outcome={step.outcome}
            undone={step.undone}
            onAgain={() => setStep(chooseAgain)}
            onFinish={finish}
          />
        )}
      </div>
    </>
  )
}

const stepKinds = ['choose', 'preview', 'apply', 'done'] as const

function StepList({ current }: { readonly current: Step['kind'] }) {
  const { t } = useWords()
  const at = stepKinds.indexOf(current)
  return (
    <ol className="steps" aria-label={t('restore.steps')}>
      {stepKinds.map((kind, index) => (
        <li
          key={kind}
          aria-current={kind === current ? 'step' : undefined}
          data-state={index < at ? 'past' : index === at ? 'now' : 'next'}
        >
          <span className="step-number" aria-hidden="true">
            {index < at ? '✓' : index + 1}
          </span>
          {t(`restore.step.${kind}`)}
        </li>
      ))}
    </ol>
  )
}

/** A new step takes the focus with its heading; the first one leaves it to the view. */
function useStepFocus(kind: Step['kind']) {
  const place = useRef<HTMLDivElement>(null)
  const shown = useRef(kind)
  useEffect(() => {
    if (shown.current === kind) return
    shown.current = kind
    place.current?.querySelector<HTMLElement>('[data-step-title]')?.focus()
  }, [kind])
  return place
}
