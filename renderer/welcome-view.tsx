/** The first run: what was found, what will be saved, where and when, and one button. */
import { Button } from '@mantine/core'
import type { SessionView } from '../shared/core/monitor-state.ts'
import { isLive } from '../shared/core/session.ts'
import { defaultSettings } from '../shared/core/settings.ts'
import { useIsOpen, useIsRunning, useMonitorState, useStore } from './page-context.tsx'
import { setPreferences, usePreferences } from './preferences.ts'
import { hashOf, open, sessionsView } from './view-state.ts'
import { useWords } from './words.ts'

const noSessions: readonly SessionView[] = []
const noRoots: readonly string[] = []

export function WelcomeView() {
  const words = useWords()
  const { t } = words
  const settings = useMonitorState(state => state.settings, defaultSettings)
  const storeFolder = useMonitorState(state => state.storeFolder, '')
  return (
    <section className="card welcome">
      <h2 tabIndex={-1} data-view-title>
        {t('welcome.title')}
      </h2>
      <dl>
        <dt>{t('welcome.found')}</dt>
        <dd>
          <Found />
        </dd>
        <dt>{t('welcome.saved')}</dt>
        <dd>{t('welcome.savedText')}</dd>
        <dt>{t('welcome.where')}</dt>
        <dd>
          {t('welcome.whereText', {
            folder: words.name(storeFolder, 300),
            budget: words.number(settings.storeBudgetGigabytes),
          })}
        </dd>
        <dt>{t('welcome.when')}</dt>
        <dd>
          {t('welcome.whenText', {
            interval: words.number(settings.intervalMinutes),
            hours: words.number(settings.thresholds.timeHours),
            files: words.number(settings.thresholds.activityFiles),
            fill: words.number(settings.thresholds.contextPercent),
            idle: words.number(settings.thresholds.idleMinutes),
          })}
        </dd>
      </dl>
      <p className="quiet">{t('welcome.harmless')}</p>
      <Start />
    </section>
  )
}

function Found() {
  const words = useWords()
  const { t } = words
  const sessions = useMonitorState(state => state.sessions, noSessions)
  const roots = useMonitorState(state => state.roots, noRoots)
  const projects = new Set(sessions.flatMap(({ project }) => (project === null ? [] : project.root))).size
  const live = sessions.filter(session => isLive(session.live)).length
  const counted = (key: 'foundSessions' | 'foundProjects' | 'foundLive', count: number) =>
    t(`welcome.${key}`, { count, n: words.number(count, 0) })
  const found = [counted('foundSessions', sessions.length), counted('foundProjects', projects)].join(' ')
  return (
    <>
      <p>{sessions.length === 0 ? t('welcome.foundNone') : [found, counted('foundLive', live)].join('; ')}</p>
      <p className="quiet">{t('welcome.searched', { roots: words.list(roots.map(root => words.name(root, 200))) })}</p>
    </>
  )
}

function Start() {
  const { t } = useWords()
  const store = useStore()
  const isOpen = useIsOpen()
  const isSaving = useIsRunning('changed')
  const leave = () => {
    setPreferences({ isWelcomed: true })
    open(sessionsView([]))
  }
  return (
    <div className="actions">
      <Button
        variant="filled"
        disabled={!isOpen || isSaving}
        onClick={() => void store.checkpointAll('changed').then(leave)}
      >
        {t(isSaving ? 'welcome.starting' : 'welcome.start')}
      </Button>
      <Button onClick={leave}>{t('welcome.done')}</Button>
      <Button component="a" variant="subtle" href={hashOf({ kind: 'settings', section: 'policy' })}>
        {t('welcome.adjust')}
      </Button>
    </div>
  )
}

/** Above the list until somebody has read it once. */
export function WelcomeBanner() {
  const words = useWords()
  const { isWelcomed } = usePreferences()
  const isOpen = useIsOpen()
  const sessions = useMonitorState(state => state.sessions, noSessions)
  if (isWelcomed || !isOpen || sessions.length === 0) return null
  const { length } = sessions
  return (
    <aside className="welcome-banner" aria-label={words.t('welcome.title')}>
      <p>
        <strong>{words.t('welcome.title')}.</strong>{' '}
        {words.t('welcome.short', { count: length, n: words.number(length, 0) })}
      </p>
      <span className="banner-actions">
        <Button component="a" size="compact-sm" href={hashOf({ kind: 'welcome' })}>
          {words.t('welcome.more')}
        </Button>
        <Button size="compact-sm" variant="subtle" onClick={() => setPreferences({ isWelcomed: true })}>
          {words.t('welcome.dismiss')}
        </Button>
      </span>
    </aside>
  )
}
