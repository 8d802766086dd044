/** What only the program around this page can do for a session: nothing where it offers nothing. */
import { Button } from '@mantine/core'
import type { SessionId } from '../shared/core/session.ts'
import { LineIcon, type LineName } from './icons.tsx'
import { useMonitor, useStore } from './page-context.tsx'
import { useWords } from './words.ts'

const places: readonly ('folder' | 'terminal' | 'editor')[] = ['folder', 'terminal', 'editor']
const nothing: readonly string[] = []

export function HostActions({ sessionId }: { readonly sessionId: SessionId }) {
  const { t, name } = useWords()
  const store = useStore()
  const can = useMonitor<readonly string[]>(({ host }) => host?.can ?? nothing)
  const openPlace = async (what: 'folder' | 'terminal' | 'editor') => {
    const answer = await store.askHost('open', { what, sessionId })
    if (!answer.ok) return store.announce(answer.result)
    if (answer.value.ok) return store.announce({ kind: 'said', text: t('session.actions.opened') })
    const { message, remedy } = answer.value
    const text = t('session.actions.openFailed', { message: name(message, 400), remedy: name(remedy, 400) })
    store.announce({ kind: 'said', isError: true, text })
  }
  return places
    .filter(place => can.includes(place))
    .map(place => (
      <Button
        key={place}
        leftSection={<LineIcon name={place satisfies LineName} />}
        onClick={() => void openPlace(place)}
      >
        {t(`session.actions.${place}`)}
      </Button>
    ))
}
