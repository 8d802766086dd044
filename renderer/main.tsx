/** Starts the page: opens the wire that this window has, and renders. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { createMonitorStore } from './monitor-store.ts'
import { electronWire } from './wires.ts'
import './styles.css'

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no #root')
const bridge = window.monitorBridge
if (bridge === undefined) throw new Error('the window offers no way to the monitor')

const store = createMonitorStore(() => electronWire(bridge), Date.now)
createRoot(root).render(
  <StrictMode>
    <App store={store} />
  </StrictMode>,
)
