/**
 * The contracts of monitor and host over Electron's IPC: one wire per trusted page.
 *
 * Invariants: (1) only the main frame of a page that we made and serve is listened to; what anyone else says is
 * refused and reported; (2) a page that loads again starts with a wire of its own, the old one is dropped.
 */
import { ipcMain, type WebContents } from 'electron'
import type { HostApi } from '../shared/core/host-api.ts'
import type { MonitorApi } from '../shared/core/monitor-api.ts'
import { serveHost } from '../shared/core/serve-host.ts'
import { serveMonitor } from '../shared/core/serve-monitor.ts'
import { isMessage, type Wire } from '../shared/core/wire.ts'
import { statePace } from '../shared/engine/state-pace.ts'
import { isPageUrl } from './app-protocol.ts'
import { monitorChannel } from './channel.ts'

/** What a sender must show. A part of Electron's `IpcMainEvent`. */
export interface Sender {
  readonly sender: object
  /** Null when the frame is gone. */
  readonly senderFrame: { readonly url: string; readonly parent: unknown } | null
}

/** What pages get: the monitor, or word that there is none. What they ask while it starts is answered when it has. */
export type Served =
  | { readonly kind: 'starting' }
  | { readonly kind: 'open'; readonly api: MonitorApi }
  | { readonly kind: 'closed'; readonly reason: string }

export interface PageServer {
  /** Serves the pages of `contents` until it is destroyed. */
  trust(contents: WebContents): void
  /** What every page gets from now on; those that are open are told if it is closed. */
  serve(served: Served): void
}

/** Why a message is refused, or null. */
export function whyRefused({ sender, senderFrame }: Sender, isTrusted: (sender: object) => boolean): string | null {
  if (!isTrusted(sender)) return 'its sender is no window of ours'
  if (senderFrame === null) return 'its frame is gone'
  if (senderFrame.parent !== null) return `it comes from a frame inside the page (${senderFrame.url})`
  return isPageUrl(senderFrame.url) ? null : `it comes from ${senderFrame.url}`
}

/** A page asks for a handful of things when it loads. */
const mostHeld = 100
/** No request is nearly as long. UTF-16 units. */
const longestMessage = 1_048_576

interface TrustedPage {
  receive(message: unknown): void
  /** The page has loaded anew: everything begins again. */
  restart(served: Served): void
  /** Another monitor, or none. */
  serve(served: Served): void
  stop(): void
}

/** @param onRefused Told of each refusal, in words. */
export function servePagesOverIpc(first: Served, host: HostApi, onRefused: (message: string) => void): PageServer {
  const pages = new Map<object, TrustedPage>()
  let served = first
  ipcMain.on(monitorChannel, (event, text: unknown) => {
    const refused = whyRefused(event, sender => pages.has(sender))
    if (refused !== null) return onRefused(`A message to the monitor was refused: ${refused}.`)
    const message = parseMessage(text)
    if (message === undefined)
      return onRefused('A message to the monitor was refused: it is no JSON text, or too long.')
    pages.get(event.sender)?.receive(message)
  })
  return {
    trust(contents) {
      const page = createPage(contents, host, onRefused)
      page.restart(served)
      pages.set(contents, page)
      contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
        if (isMainFrame && !isSameDocument) page.restart(served)
      })
      contents.once('destroyed', () => {
        page.stop()
        pages.delete(contents)
      })
    },
    serve(next) {
      served = next
      for (const page of pages.values()) page.serve(served)
    },
  }
}

function createPage(contents: WebContents, host: HostApi, onRefused: (message: string) => void): TrustedPage {
  const listeners = new Set<(message: unknown) => void>()
  const wire: Wire = {
    send: message => sendTo(contents, message),
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  let stopMonitor = () => {}
  let stopHost = () => {}
  let held: unknown[] | null = null
  const tell = (message: unknown) => {
    for (const listener of listeners) listener(message)
  }
  const serve = (served: Served) => {
    stopMonitor()
    stopMonitor = () => {}
    if (served.kind === 'starting') {
      held ??= []
      return
    }
    stopMonitor =
      served.kind === 'open' ? serveMonitor(served.api, wire, { onRefused, pace: statePace }) : sayClosed(wire, served)
    const early = held ?? []
    held = null
    for (const message of early) tell(message)
  }
  return {
    receive(message) {
      const isForHost = isMessage(message) && message['kind'] === 'host-call'
      if (held === null || isForHost) tell(message)
      else if (held.length < mostHeld) held.push(message)
    },
    restart(served) {
      held = null
      stopHost()
      stopHost = serveHost(host, wire, { onRefused })
      serve(served)
    },
    serve,
    stop() {
      stopMonitor()
      stopHost()
    },
  }
}

/** Says so now, and again to whoever asks: a page that has just loaded did not hear it. */
function sayClosed(wire: Wire, closed: Served & { readonly kind: 'closed' }): () => void {
  wire.send(closed)
  return wire.onMessage(message => {
    if (isMessage(message) && message['kind'] !== 'host-call') wire.send(closed)
  })
}

function sendTo(contents: WebContents, message: unknown): void {
  if (!contents.isDestroyed()) contents.send(monitorChannel, JSON.stringify(message))
}

function parseMessage(text: unknown): unknown {
  try {
    return typeof text === 'string' && text.length <= longestMessage ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
