/** What the monitor did, what failed, and what to do about it. */
import { useWords } from './words.ts'

export function ActivityView() {
  const { t } = useWords()
  return (
    <section className="card">
      <h2 tabIndex={-1} data-view-title>
        {t('activity.title')}
      </h2>
      <p>{t('activity.placeholder')}</p>
    </section>
  )
}
