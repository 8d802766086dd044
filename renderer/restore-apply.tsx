/** The last steps of a restore: its progress, and what came of it with the way back. */
import { Button, Progress } from '@mantine/core'
import { useState } from 'react'
import type { RestoreDone, RestoreOutcome } from '../shared/core/restore.ts'
import type { SessionId } from '../shared/core/session.ts'
import { LevelIcon, ProtectionIcon } from './icons.tsx'
import type { ActionResult } from './monitor-store.ts'
import { useMonitorState } from './page-context.tsx'
import { Trouble } from './restore-chooser.tsx'
import { LeftOut } from './restore-preview.tsx'
import { CopyButton } from './resume-command.tsx'
import { open, sessionView } from './view-state.ts'
import { useWords } from './words.ts'

export function RestoreApplying() {
  const { t, number, name } = useWords()
  const progress = useMonitorState(state => state.progress, null)
  return (
    <div role="status">
      <h3 tabIndex={-1} data-step-title>
        {t('restore.apply.heading')}
      </h3>
      <p>{t('restore.apply.text')}</p>
      <Progress.Root size="md">
        <Progress.Section
          value={progress === null ? 100 : (100 * progress.done) / Math.max(1, progress.total)}
          animated={progress === null}
          aria-label={t('restore.apply.progress')}
        />
      </Progress.Root>
      {progress !== null && (
        <p className="quiet">
          {name(progress.task, 120)}{' '}
          {t('phase.progress', { done: number(progress.done), total: number(progress.total) })}
        </p>
      )}
    </div>
  )
}

interface ResultProps {
  readonly sessionId: SessionId
  readonly outcome: RestoreOutcome | ActionResult
  readonly undone: boolean
  readonly onAgain: () => void
  readonly onFinish: (call: 'undoRestore' | 'resumeRestore', restoreId: string) => Promise<void>
}

export function RestoreResult({ sessionId, outcome, undone, onAgain, onFinish }: ResultProps) {
  const { t } = useWords()
  const isDone = isRestored(outcome)
  const title = isDone ? t(undone ? 'restore.done.undone' : `restore.done.${outcome.kind}`) : t('restore.done.failed')
  const isGood = isDone && outcome.kind === 'complete'
  return (
    <>
      <h3 tabIndex={-1} data-step-title className="result-title" data-protection={isGood ? 'protected' : 'failing'}>
        {isGood ? <ProtectionIcon protection="protected" /> : <LevelIcon level="warn" />}
        {title}
      </h3>
      {isDone ? <Done outcome={outcome} undone={undone} onFinish={onFinish} /> : <Trouble trouble={outcome} />}
      <div className="wizard-actions">
        <Button variant={isDone ? 'filled' : 'default'} onClick={() => open(sessionView(sessionId))}>
          {t('restore.done.close')}
        </Button>
        <Button variant={isDone ? 'default' : 'filled'} onClick={onAgain}>
          {t(isDone ? 'restore.done.again' : 'restore.preview.again')}
        </Button>
      </div>
    </>
  )
}

function isRestored(outcome: RestoreOutcome | ActionResult): outcome is RestoreDone {
  return 'ok' in outcome && outcome.ok
}

interface DoneProps extends Pick<ResultProps, 'undone' | 'onFinish'> {
  readonly outcome: RestoreDone
}

function Done({ outcome, undone, onFinish }: DoneProps) {
  const { t, number, bytes, name } = useWords()
  const [busy, setBusy] = useState(false)
  const { restoreId, written, kept, failures } = outcome
  const finish = async (call: 'undoRestore' | 'resumeRestore') => {
    if (restoreId === null) return
    setBusy(true)
    await onFinish(call, restoreId)
    setBusy(false)
  }
  return (
    <>
      <ul className="done-facts">
        <li>
          {t('restore.done.written', { count: written.files, n: number(written.files), size: bytes(written.bytes) })}
        </li>
        {kept > 0 && <li>{t('restore.done.kept', { count: kept, n: number(kept) })}</li>}
        {outcome.folder !== null && (
          <li className="path">
            <bdi>{t('restore.done.folder', { folder: name(outcome.folder, 400) })}</bdi>
          </li>
        )}
        {outcome.safety !== null && <li>{t('restore.done.safety', { id: outcome.safety.split('/').at(-1) ?? '' })}</li>}
      </ul>
      <LeftOut left={failures} more={outcome.failuresMore} title={t('restore.done.failures')} />
      {restoreId !== null && !undone && (
        <div className="wizard-actions">
          {outcome.kind === 'incomplete' && (
            <Button disabled={busy} onClick={() => void finish('resumeRestore')}>
              {t('restore.done.resume')}
            </Button>
          )}
          <Button disabled={busy} onClick={() => void finish('undoRestore')}>
            {t(busy ? 'restore.done.undoing' : 'restore.done.undo')}
          </Button>
        </div>
      )}
      {outcome.next.length > 0 && (
        <section className="plan-part">
          <h4>{t('restore.done.next')}</h4>
          <ul className="next-steps">
            {outcome.next.map(({ command, words }) => (
              <li key={command}>
                <p>{name(words, 300)}</p>
                <div className="command">
                  <code className="mono">{name(command, 600)}</code>
                  <CopyButton text={command} label={t('restore.done.copy')} size="xs" />
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
