/** What stands between the page and the monitor: nothing while all is well. */
import { Button } from '@mantine/core'
import { useMonitor, useNowMs, useStore } from './page-context.tsx'
import { NoticeBox } from './ui.tsx'
import { useWords } from './words.ts'

/** Beyond its interval a monitor is silent after this time. Ms. */
const silenceMs = 150_000

export function ConnectionBanner() {
  const connection = useMonitor(snapshot => snapshot.connection)
  if (connection.kind === 'lost') return <Lost reason={connection.reason} retryAtMs={connection.retryAtMs} />
  return connection.kind === 'open' ? <Silence /> : null
}

function Lost({ reason, retryAtMs }: { readonly reason: string; readonly retryAtMs: number }) {
  const { t, ago, name } = useWords()
  const store = useStore()
  const hasState = useMonitor(({ state }) => state !== null)
  const nowMs = useNowMs(5_000)
  const when =
    retryAtMs - nowMs < 10_000 ? t('connection.retryingNow') : t('connection.retrying', { when: ago(retryAtMs, nowMs) })
  return (
    <NoticeBox
      level="error"
      alert
      title={t('connection.lost')}
      action={<Button onClick={store.reconnect}>{t('app.retry')}</Button>}
    >
      {name(reason, 500)} {hasState && t('connection.stale')} {when}
    </NoticeBox>
  )
}

/** The wire stands and nothing comes: what is shown may be old. */
function Silence() {
  const { t, duration } = useWords()
  const store = useStore()
  const heardMs = useMonitor(snapshot => snapshot.heardMs)
  const intervalMs = useMonitor(({ state }) => (state?.settings.intervalMinutes ?? 5) * 60_000)
  const isStopped = useMonitor(({ state }) => state?.phase === 'stopped')
  const nowMs = useNowMs()
  if (isStopped || heardMs === 0 || nowMs - heardMs < intervalMs + silenceMs) return null
  return (
    <NoticeBox
      level="warn"
      title={t('connection.quiet', { time: duration(nowMs - heardMs) })}
      action={<Button onClick={store.reconnect}>{t('app.retry')}</Button>}
    >
      {t('connection.stale')}
    </NoticeBox>
  )
}
