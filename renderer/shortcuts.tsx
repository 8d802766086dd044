/** The keys that work anywhere, and the sheet that lists all keys. Single keys can be turned off. */
import { Kbd, Modal, Switch } from '@mantine/core'
import { useEffect } from 'react'
import type { MonitorStore } from './monitor-store.ts'
import { setPreferences, usePreferences } from './preferences.ts'
import { open, sessionsView } from './view-state.ts'
import { useWords } from './words.ts'

export const searchFieldId = 'session-search'

interface KeyActions {
  readonly store: MonitorStore
  readonly showSheet: () => void
}

/** Listens for the keys that work anywhere, while nothing is typed and no dialog is open. */
export function useShortcuts({ store, showSheet }: KeyActions): void {
  const { singleKeys } = usePreferences()
  useEffect(() => {
    const actions: Readonly<Record<string, () => void>> = {
      '?': showSheet,
      '1': () => open(sessionsView([])),
      '2': () => open({ kind: 'activity' }),
      '3': () => open({ kind: 'settings', section: null }),
      '/': focusSearch,
      r: () => void store.checkNow(),
      C: () => void store.checkpointAll('changed'),
    }
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isBusyElsewhere(event)) return
      if (event.key === 'Escape') return goBack()
      const action = singleKeys && Object.hasOwn(actions, event.key) ? actions[event.key] : undefined
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [store, showSheet, singleKeys])
}

/** Something is typed into, or a dialog or menu is open. */
function isBusyElsewhere({ target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false
  const isText = target.matches('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]')
  return isText || document.querySelector('[role="dialog"], [role="menu"]') !== null
}

function goBack(): void {
  if (!/^#?\/?(sessions)?($|\?)/.test(location.hash)) open(sessionsView([]))
}

/** The search field is there one paint after its view is. */
export function focusSearch(): void {
  if (document.getElementById(searchFieldId) === null) open(sessionsView([]))
  setTimeout(() => document.getElementById(searchFieldId)?.focus(), 50)
}

const anywhere = [
  ['help', ['?']],
  ['sessions', ['1']],
  ['activity', ['2']],
  ['settings', ['3']],
  ['search', ['/']],
  ['check', ['R']],
  ['changed', ['Shift', 'C']],
  ['back', ['Esc']],
] as const
const inList = [
  ['move', ['↓', '↑']],
  ['page', ['PgDn', 'PgUp']],
  ['ends', ['Home', 'End']],
  ['open', ['Enter']],
  ['select', ['Space']],
  ['checkpoint', ['C']],
] as const

export function ShortcutsSheet({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const { t } = useWords()
  const { singleKeys } = usePreferences()
  const rows = (keys: typeof anywhere | typeof inList) => (
    <dl className="keys">
      {keys.map(([name, combination]) => (
        <div key={name}>
          <dt>{t(`shortcuts.${name}`)}</dt>
          <dd>
            {combination.map(key => (
              <Kbd key={key}>{key}</Kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  )
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('shortcuts.title')}
      size="lg"
      // A dialog's header is none of the page.
      attributes={{ header: { role: 'none' } }}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <div className="key-groups">
        <section>
          <h3>{t('shortcuts.anywhere')}</h3>
          {rows(anywhere)}
        </section>
        <section>
          <h3>{t('shortcuts.inList')}</h3>
          {rows(inList)}
        </section>
      </div>
      <Switch
        mt="md"
        label={t('shortcuts.singleKeys')}
        checked={singleKeys}
        onChange={event => setPreferences({ singleKeys: event.currentTarget.checked })}
      />
    </Modal>
  )
}
