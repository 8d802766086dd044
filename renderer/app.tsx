/** The page: the frame, and in it the view that the address names. */
import { MantineProvider } from '@mantine/core'
import type { i18n } from 'i18next'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { I18nextProvider, useTranslation } from 'react-i18next'
import { ActivityView } from './activity-view.tsx'
import { Announcer } from './announcer.tsx'
import { ConnectionBanner } from './connection-banner.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { chooseLanguage } from './i18n.ts'
import type { MonitorStore } from './monitor-store.ts'
import { MonitorProvider, useMonitor, useMonitorState, useStore } from './page-context.tsx'
import { SessionDetailView } from './session-view.tsx'
import { SessionsUiProvider } from './sessions-ui.tsx'
import { SessionsView } from './sessions-view.tsx'
import { SettingsDraftProvider } from './settings-draft.tsx'
import { SettingsView } from './settings-view.tsx'
import { Header } from './shell.tsx'
import { ShortcutsSheet, useShortcuts } from './shortcuts.tsx'
import { colourVariables, theme } from './theme.ts'
import { hashOf, open, useView, type View, viewOf } from './view-state.ts'
import { WelcomeView } from './welcome-view.tsx'
import { useMakeWords, WordsContext } from './words.ts'

interface AppProps {
  readonly store: MonitorStore
  readonly i18n: i18n
  /** For the styles that are made while the page runs: its policy allows no others. */
  readonly nonce?: string
}

export function App({ store, i18n, nonce }: AppProps) {
  return (
    <I18nextProvider i18n={i18n}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={colourVariables}
        defaultColorScheme="auto"
        {...(nonce === undefined ? {} : { getStyleNonce: () => nonce })}
      >
        <WordsProvider>
          <MonitorProvider store={store}>
            <SessionsUiProvider>
              <SettingsDraftProvider>
                <Page />
              </SettingsDraftProvider>
            </SessionsUiProvider>
          </MonitorProvider>
        </WordsProvider>
      </MantineProvider>
    </I18nextProvider>
  )
}

function WordsProvider({ children }: { readonly children: ReactNode }) {
  return <WordsContext value={useMakeWords()}>{children}</WordsContext>
}

function Page() {
  const { t, i18n } = useTranslation()
  const store = useStore()
  const view = useView()
  const [isSheetOpen, setSheetOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  const isStale = useMonitor(({ connection, state }) => connection.kind === 'lost' && state !== null)
  useShortcuts({ store, showSheet: () => setSheetOpen(true) })
  useFocusOnView(main, view)
  useEffect(
    () =>
      store.onNavigate(target => {
        const wanted = viewOf(target)
        if (wanted !== undefined) open(wanted)
      }),
    [store],
  )
  useLanguage(i18n)
  return (
    <div className="app" data-scroll>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {t('app.skip')}
      </button>
      <Header onShowShortcuts={() => setSheetOpen(true)} />
      <ErrorBoundary resetKey="banner">
        <ConnectionBanner />
      </ErrorBoundary>
      <main ref={main} id="main" tabIndex={-1} data-stale={isStale || undefined}>
        <ErrorBoundary resetKey={hashOf(view)}>
          <ViewOf view={view} />
        </ErrorBoundary>
      </main>
      <Announcer />
      <ShortcutsSheet opened={isSheetOpen} onClose={() => setSheetOpen(false)} />
    </div>
  )
}

function ViewOf({ view }: { readonly view: View }) {
  switch (view.kind) {
    case 'sessions':
      return <SessionsView />
    case 'session':
      return <SessionDetailView view={view} />
    case 'activity':
      return <ActivityView />
    case 'settings':
      return <SettingsView section={view.section} />
    case 'welcome':
      return <WelcomeView />
  }
}

/** The language of the settings, or the system's: at once for every open page. */
function useLanguage(i18n: i18n): void {
  const chosen = useMonitorState(state => state.settings.language, null)
  useEffect(() => {
    if (chosen === null) return
    const wanted = chooseLanguage(chosen === 'system' ? navigator.languages : [chosen])
    if (wanted !== i18n.language) void i18n.changeLanguage(wanted)
  }, [chosen, i18n])
  useEffect(() => {
    document.documentElement.lang = i18n.language
  }, [i18n.language])
}

/** A new view takes the focus with its heading and begins at its top; filters of the same view do not. */
function useFocusOnView(main: React.RefObject<HTMLElement | null>, view: View): void {
  const place = view.kind === 'session' ? `${view.kind}/${view.sessionId}/${view.tab}` : view.kind
  const shown = useRef(place)
  useEffect(() => {
    if (shown.current === place) return
    shown.current = place
    main.current?.closest('[data-scroll]')?.scrollTo(0, 0)
    main.current?.querySelector<HTMLElement>('[data-view-title]')?.focus({ preventScroll: true })
  }, [main, place])
}
