/** One session: why it is as it is, how it went, its checkpoints, and what can be done with it. */
import { Button } from '@mantine/core'
import type { SessionView } from '../shared/core/monitor-state.ts'
import type { SessionId } from '../shared/core/session.ts'
import { CheckpointCompare } from './checkpoint-compare.tsx'
import { HostActions } from './host-actions.tsx'
import { LineIcon } from './icons.tsx'
import { useIsOpen, useIsRunning, useMonitor, useMonitorState, useNowMs, useStore } from './page-context.tsx'
import { RestoreWizard } from './restore-wizard.tsx'
import { ResumeCommand } from './resume-command.tsx'
import { SessionHistoryCharts } from './session-charts.tsx'
import { SessionCheckpoints } from './session-checkpoints.tsx'
import { SessionFacts } from './session-facts.tsx'
import { MuteButton } from './session-mute.tsx'
import { SessionWhy } from './session-why.tsx'
import { Empty, ProtectionMark } from './ui.tsx'
import { open, sessionsView, type View } from './view-state.ts'
import { useWords } from './words.ts'

export function SessionDetailView({ view }: { readonly view: Extract<View, { kind: 'session' }> }) {
  const { t } = useWords()
  const session = useSession(view.sessionId)
  const isKnown = useMonitor(({ state }) => state !== null)
  if (view.tab === 'restore') return <RestoreWizard sessionId={view.sessionId} session={session} seq={view.seq} />
  if (view.tab === 'checkpoint' && view.seq !== null) {
    return <CheckpointCompare sessionId={view.sessionId} seq={view.seq} />
  }
  if (session !== null) return <Details session={session} />
  return isKnown ? <Gone sessionId={view.sessionId} /> : <Empty icon="refresh" title={t('session.loading')} />
}

/** Its row of the newest state; null if there is none. */
function useSession(sessionId: SessionId): SessionView | null {
  return useMonitorState(({ sessions }) => sessions.find(each => each.sessionId === sessionId) ?? null, null)
}

/** Its transcript is gone; what was saved of it is not. */
function Gone({ sessionId }: { readonly sessionId: SessionId }) {
  const { t } = useWords()
  return (
    <>
      <Empty icon="search" title={t('session.gone')}>
        <p>{t('session.goneText')}</p>
        <div className="actions">
          <Button onClick={() => open(sessionsView([]))}>{t('app.sessions')}</Button>
        </div>
      </Empty>
      <SessionCheckpoints sessionId={sessionId} freshness="" />
    </>
  )
}

function Details({ session }: { readonly session: SessionView }) {
  const nowMs = useNowMs()
  const saved = session.lastCheckpoint?.seq ?? 0
  return (
    <div className="session">
      <Head session={session} />
      <div className="session-main">
        <SessionWhy session={session} nowMs={nowMs} />
        <SessionHistoryCharts session={session} nowMs={nowMs} />
      </div>
      <div className="session-side">
        <SessionCheckpoints sessionId={session.sessionId} freshness={saved} />
        <SessionFacts session={session} nowMs={nowMs} />
      </div>
    </div>
  )
}

function Head({ session }: { readonly session: SessionView }) {
  const { t, name } = useWords()
  const store = useStore()
  const isOpen = useIsOpen()
  const isRunning = useIsRunning(session.sessionId)
  const { sessionId } = session
  return (
    <div className="session-head">
      <Button
        className="back"
        variant="subtle"
        size="compact-sm"
        leftSection={<LineIcon name="left" />}
        onClick={() => open(sessionsView([]))}
      >
        {t('app.sessions')}
      </Button>
      <div className="session-title">
        <ProtectionMark protection={session.protection} />
        <h2 tabIndex={-1} data-view-title dir="auto">
          {name(session.title) || t('list.untitled')}
        </h2>
      </div>
      <div className="session-actions">
        <Button
          variant="filled"
          disabled={!isOpen || isRunning}
          leftSection={<LineIcon name="save" />}
          onClick={() => void store.checkpointSession(sessionId)}
        >
          {isRunning ? t('actions.saving') : t('session.actions.checkpoint')}
        </Button>
        <Button
          disabled={session.lastCheckpoint === null}
          leftSection={<LineIcon name="restore" />}
          onClick={() => open({ kind: 'session', sessionId, tab: 'restore', seq: null })}
        >
          {t('session.actions.restore')}
        </Button>
        <ResumeCommand session={session} />
        <HostActions sessionId={sessionId} />
        <MuteButton sessionId={sessionId} />
      </div>
    </div>
  )
}
