/** Every setting, with what it would change now. */
import { useWords } from './words.ts'

/** @param section The group to scroll to, or null. */
export function SettingsView({ section }: { readonly section: string | null }) {
  const { t } = useWords()
  return (
    <section className="card" data-section={section ?? undefined}>
      <h2 tabIndex={-1} data-view-title>
        {t('settings.title')}
      </h2>
      <p>{t('settings.placeholder')}</p>
    </section>
  )
}
