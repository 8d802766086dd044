/** Says quietly which sessions died, above the list: what can be done stands in the activity view. */
import { Button } from '@mantine/core'
import { useIsOpen, useMonitorState } from './page-context.tsx'
import { setPreferences, usePreferences } from './preferences.ts'
import { hashOf } from './view-state.ts'
import { useWords } from './words.ts'

export function RescueBanner() {
  const { t, name, number, list } = useWords()
  const isOpen = useIsOpen()
  const { rescueSeen } = usePreferences()
  const rescue = useMonitorState(state => state.rescue ?? null, null)
  const count = rescue?.counts.died ?? 0
  if (!isOpen || rescue === null || count === 0) return null
  const died = rescue.newest.filter(({ kind }) => kind === 'died')
  // Dismissed for these: another one that dies is told again.
  const which = died.map(({ sessionId }) => sessionId).join(' ')
  if (rescueSeen === which) return null
  const titles = died.slice(0, 3).map(({ title }) => name(title, 60) || t('list.untitled'))
  return (
    <aside className="welcome-banner" aria-label={t('rescue.label')}>
      <p>
        <strong>{t('rescue.died', { count, n: number(count) })}</strong>{' '}
        {titles.length > 0 && (
          <bdi className="quiet">
            {list(titles)}
            {count > titles.length && ` ${t('rescue.more', { n: number(count - titles.length) })}`}
          </bdi>
        )}
      </p>
      <span className="banner-actions">
        <Button component="a" size="compact-sm" href={hashOf({ kind: 'activity' })}>
          {t('rescue.review')}
        </Button>
        <Button size="compact-sm" variant="subtle" onClick={() => setPreferences({ rescueSeen: which })}>
          {t('rescue.dismiss')}
        </Button>
      </span>
    </aside>
  )
}
