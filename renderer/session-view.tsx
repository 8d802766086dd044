/** One session: why it is as it is, and its checkpoints. */
import type { SessionId } from '../shared/core/session.ts'
import { useMonitorState } from './page-context.tsx'
import { Empty } from './ui.tsx'
import { useWords } from './words.ts'

export function SessionDetailView({ sessionId }: { readonly sessionId: SessionId }) {
  const { t, name } = useWords()
  const view = useMonitorState(({ sessions }) => sessions.find(each => each.sessionId === sessionId) ?? null, null)
  if (view === null) {
    return (
      <Empty icon="search" title={t('session.gone')}>
        <p>{t('session.goneText')}</p>
      </Empty>
    )
  }
  return (
    <section className="card">
      <h2 tabIndex={-1} data-view-title dir="auto">
        {name(view.title) || t('list.untitled')}
      </h2>
      <p>{view.why}</p>
    </section>
  )
}
