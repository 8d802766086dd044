/**
 * `protocol` and `session`, and how a custom scheme looks to a stock Chromium.
 *
 * Chromium cannot be taught a scheme from outside, so `app://bundle/x` is loaded as
 * `https://bundle.app.electron-double.test/x`, answered by the app's own handler, and named `app://` again wherever
 * the app can see it.
 */
import { EventEmitter } from 'node:events'
import { control, needReady, strict } from './control.ts'

const standInHost = 'electron-double.test'

type SchemeHandler = (request: Request) => Response | Promise<Response>

class ProtocolModule {
  private readonly handlers = new Map<string, SchemeHandler>()

  registerSchemesAsPrivileged(): void {
    if (control.ready) {
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
    }
  }
  handle(scheme: string, handler: SchemeHandler): void {
    needReady('call protocol.handle')
    if (this.handlers.has(scheme)) throw new Error(`The scheme ${scheme} has been intercepted`)
    this.handlers.set(scheme, handler)
  }
  unhandle(scheme: string): void {
    this.handlers.delete(scheme)
  }
  isProtocolHandled(scheme: string): boolean {
    return this.handlers.has(scheme)
  }
  /** Not Electron's: for the stand-in's pages. */
  handlerOf(url: string): SchemeHandler | undefined {
    return this.handlers.get(schemeOf(url))
  }
}

export const protocol = strict('protocol', new ProtocolModule())

type PermissionHandler = ((...args: readonly never[]) => unknown) | null

/** The permission handlers are kept where a test can call them. */
class Session extends EventEmitter {
  readonly protocol = protocol
  permissionRequest: PermissionHandler = null
  permissionCheck: PermissionHandler = null
  devicePermission: PermissionHandler = null
  setPermissionRequestHandler(handler: PermissionHandler): void {
    this.permissionRequest = handler
  }
  setPermissionCheckHandler(handler: PermissionHandler): void {
    this.permissionCheck = handler
  }
  setDevicePermissionHandler(handler: PermissionHandler): void {
    this.devicePermission = handler
  }
}

const defaultSession = new Session()

export const session = strict('session', {
  get defaultSession() {
    needReady('use session.defaultSession')
    return defaultSession
  },
})

export function schemeOf(url: string): string {
  return /^([a-z][a-z0-9.+-]*):/i.exec(url)?.[1] ?? ''
}

/** The URL that Chromium loads for the app's `url`. */
export function toPageUrl(url: string): string {
  const [, scheme, host, rest] = /^([a-z][a-z0-9.+-]*):\/\/([^/?#]*)(.*)$/i.exec(url) ?? []
  return scheme !== undefined && protocol.isProtocolHandled(scheme)
    ? `https://${host}.${scheme}.${standInHost}${rest}`
    : url
}

/** The URL that the app knows for the one that Chromium loads. */
export function toAppUrl(url: string): string {
  const pattern = new RegExp(`^https://([^/]*)\\.([a-z0-9+-]+)\\.${standInHost.replaceAll('.', '\\.')}(.*)$`, 'i')
  const [, host, scheme, rest] = pattern.exec(url) ?? []
  return scheme === undefined ? url : `${scheme}://${host}${rest}`
}

/** A policy that names the scheme as a source means the pages of the scheme. */
export function toPageHeader(name: string, value: string, scheme: string): string {
  if (name !== 'content-security-policy') return value
  return value.replace(new RegExp(`\\b${scheme}:(?=[\\s;]|$)`, 'g'), `https://*.${scheme}.${standInHost}`)
}
