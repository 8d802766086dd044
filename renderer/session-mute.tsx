/** Whether anything pops up about one session. Saved at once: it is no matter of trying values. */
import { Button } from '@mantine/core'
import type { SessionId } from '../shared/core/session.ts'
import { useIsOpen, useIsRunning, useMonitorState, useStore } from './page-context.tsx'
import { useWords } from './words.ts'

const noSessions: readonly SessionId[] = []

export function MuteButton({ sessionId }: { readonly sessionId: SessionId }) {
  const { t } = useWords()
  const store = useStore()
  const isOpen = useIsOpen()
  const isSaving = useIsRunning('mute')
  const muted = useMonitorState(state => state.settings.notifications.mutedSessions, noSessions)
  const isMuted = muted.includes(sessionId)
  const toggle = () => {
    const next = isMuted ? muted.filter(id => id !== sessionId) : [...muted, sessionId]
    void store.act('mute', async api => {
      const result = await api.changeSettings({ changes: { 'notifications.mutedSessions': next } })
      if (!result.ok) return { kind: 'said', isError: true, text: result.problems.map(one => one.message).join('; ') }
      return { kind: 'said', text: t(isMuted ? 'session.actions.unmuted' : 'session.actions.muted') }
    })
  }
  return (
    <Button variant="subtle" color="gray" aria-pressed={isMuted} disabled={!isOpen || isSaving} onClick={toggle}>
      {t(isMuted ? 'session.actions.unmute' : 'session.actions.mute')}
    </Button>
  )
}
