/** The first run: what was found, what will be protected and where. */
import { useWords } from './words.ts'

export function WelcomeView() {
  const { t } = useWords()
  return (
    <section className="card">
      <h2 tabIndex={-1} data-view-title>
        {t('welcome.title')}
      </h2>
    </section>
  )
}
