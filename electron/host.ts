/** What this host can do for its page beside the monitor: open a project, start at login, show a place. */
import { app } from 'electron'
import type { HostAnswer, HostApi, HostInfo, PageTarget } from '../shared/core/host-api.ts'
import type { MonitorState } from '../shared/core/monitor-state.ts'
import type { DesktopNotifier } from '../shared/engine/desktop-notifier.ts'
import type { Autostart } from './autostart.ts'
import { openIn } from './open-in.ts'

export interface HostParts {
  readonly autostart: Autostart
  readonly notifier: DesktopNotifier
  readonly platform: NodeJS.Platform
  readonly which: (name: string) => string | null
  /** The last one seen; null while there is none. */
  readonly state: () => MonitorState | null
  /** What went wrong, in words. */
  readonly onTrouble: (message: string) => void
}

export interface DesktopHost {
  readonly api: HostApi
  /** The page shows `target` now, or as soon as it listens. */
  navigate(target: PageTarget): void
}

export function createDesktopHost(parts: HostParts): DesktopHost {
  const listeners = new Set<(target: PageTarget) => void>()
  /** The page has asked for `describe` since it was loaded: by then it listens. */
  let isReady = false
  let pending: PageTarget | null = null

  const info = (): HostInfo => ({
    kind: 'desktop',
    can: ['folder', 'terminal', 'editor', 'start-at-login', 'notify', 'quit'],
    platform: parts.platform,
    version: app.getVersion(),
    startsAtLogin: startsAtLogin(parts),
  })
  const deliver = () => {
    if (pending === null || !isReady) return
    for (const listener of listeners) listener(pending)
    pending = null
  }
  return {
    api: {
      async describe() {
        isReady = true
        setImmediate(deliver)
        return info()
      },
      async open({ what, sessionId }) {
        const session = parts.state()?.sessions.find(one => one.sessionId === sessionId)
        const folder = session?.project?.root ?? session?.cwd ?? null
        if (folder === null) return noFolder
        return openIn(what, folder, parts.platform, parts.which)
      },
      async setStartAtLogin({ enabled }) {
        parts.autostart.set(enabled)
        return info()
      },
      async testNotification() {
        const text = { title: 'Active Session Monitor', body: 'Notifications arrive like this one.' }
        const shown = await parts.notifier.show(text, 'info')
        const remedy = 'Allow notifications for this app in the system settings.'
        return shown.ok ? { ok: true } : { ...shown, remedy }
      },
      async quit() {
        setImmediate(() => app.quit())
      },
      onNavigate(listener) {
        isReady = false
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    navigate(target) {
      pending = target
      deliver()
    },
  }
}

const noFolder: HostAnswer = {
  ok: false,
  message: 'This session has no folder',
  remedy: 'It names none in its transcript.',
}

function startsAtLogin({ autostart, onTrouble }: HostParts): boolean | null {
  try {
    return autostart.isOn()
  } catch (error) {
    onTrouble(`Whether the app starts at login cannot be told: ${error}`)
    return null
  }
}
