/** Starts the page: opens the wire that this window has, and renders. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { chooseLanguage, createI18n } from './i18n.ts'
import { createMonitorStore } from './monitor-store.ts'
import { keepPreferencesApplied } from './preferences.ts'
import { webSocketWires } from './web-socket-wire.ts'
import { electronWire } from './wires.ts'
import '@fontsource-variable/inter/wght.css'
import '@mantine/core/styles.layer.css'
import 'uplot/dist/uPlot.min.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/sessions.css'
import './styles/settings.css'
import './styles/details.css'

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no #root')
const bridge = window.monitorBridge
const openWire = bridge === undefined ? webSocketWires(window) : () => electronWire(bridge)

keepPreferencesApplied()
const i18n = createI18n(chooseLanguage(navigator.languages))
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content
const store = createMonitorStore(openWire)
createRoot(root).render(
  <StrictMode>
    <App store={store} i18n={i18n} {...(nonce === undefined ? {} : { nonce })} />
  </StrictMode>,
)
