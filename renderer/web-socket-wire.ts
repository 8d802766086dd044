/**
 * The wire of a page in a browser: a WebSocket to the dashboard that served it.
 *
 * The link that opened the page holds a token that works once. It is exchanged for a key that this tab keeps for
 * itself, so that a reload works and no other page, also none on another port of this machine, is ever sent it.
 */
import type { PageWire } from './wires.ts'

/** What of a window is used here. */
export interface DashboardWindow {
  readonly location: { readonly host: string; readonly hash: string; readonly pathname: string }
  readonly history: { replaceState(data: unknown, unused: string, url: string): void }
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  fetch(url: string, init: RequestInit): Promise<Response>
  readonly WebSocket: new (url: string, protocols: string[]) => WebSocket
}

const keyName = 'session-monitor-key'
const noKey = 'This page needs the link that "session-monitor serve" prints. Each link opens one page.'
const unreachable = 'The dashboard does not answer. If it was started again, open the new link that it printed.'

/** How this page opens its wires: each new one ends the one before. */
export function webSocketWires(page: DashboardWindow): () => PageWire {
  let leave = () => {}
  return () => {
    leave()
    const { wire, close } = openWire(page)
    leave = close
    return wire
  }
}

function openWire(page: DashboardWindow) {
  const listeners = new Set<(message: unknown) => void>()
  const closedListeners = new Set<(reason: string) => void>()
  let waiting: string[] = []
  let socket: WebSocket | null = null
  let closed: string | null = null
  const close = (reason: string) => {
    if (closed !== null) return
    closed = reason
    waiting = []
    socket?.close()
    for (const listener of closedListeners) listener(reason)
  }
  const open = async () => {
    const key = await keyOf(page)
    if (closed !== null) return
    if (key === null) return close(noKey)
    socket = connect(page, key, {
      onOpen: () => {
        for (const text of waiting.splice(0)) socket?.send(text)
      },
      onText: text => {
        const message: unknown = JSON.parse(text)
        for (const listener of listeners) listener(message)
      },
      onClose: close,
    })
  }
  // In a later turn, so that whoever opens it can listen first.
  void Promise.resolve()
    .then(open)
    .catch(() => close(unreachable))
  const wire: PageWire = {
    send(message) {
      const text = JSON.stringify(message)
      if (socket?.readyState === 1) socket.send(text)
      else if (closed === null) waiting.push(text)
    },
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onClosed(listener) {
      closedListeners.add(listener)
      return () => closedListeners.delete(listener)
    },
  }
  return { wire, close: () => close('a new connection was begun') }
}

interface SocketEvents {
  onOpen(): void
  onText(text: string): void
  onClose(reason: string): void
}

function connect({ location, WebSocket }: DashboardWindow, key: string, on: SocketEvents): WebSocket {
  const socket = new WebSocket(`ws://${location.host}/monitor`, ['session-monitor', `key.${key}`])
  socket.onopen = () => on.onOpen()
  socket.onmessage = ({ data }) => on.onText(String(data))
  // Before it was open a browser does not say why; a refused key and a stopped server look the same.
  socket.onclose = ({ reason }) => on.onClose(reason || unreachable)
  return socket
}

/** The key of this tab: from the link's token if there is one, else the one it has. */
async function keyOf(page: DashboardWindow): Promise<string | null> {
  const { hash, pathname } = page.location
  const token = new URLSearchParams(hash.slice(1)).get('token')
  if (token === null) return page.sessionStorage.getItem(keyName)
  page.history.replaceState(null, '', pathname)
  const headers = { 'content-type': 'application/json' }
  const answer = await page.fetch('/session', { method: 'POST', headers, body: JSON.stringify({ token }) })
  if (!answer.ok) return page.sessionStorage.getItem(keyName)
  const { key } = (await answer.json()) as { readonly key: string }
  page.sessionStorage.setItem(keyName, key)
  return key
}
