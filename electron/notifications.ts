/**
 * Alerts on the desktop. Most go through node-notifier; one that leads to a session goes through Electron, whose
 * clicks come back, and through node-notifier where Electron cannot show it.
 */
import { Notification } from 'electron'
import type { AlertNotice } from '../shared/core/alerts.ts'
import type { AlertChannel } from '../shared/engine/alert-watch.ts'
import { type DesktopNotifier, plainNotification, type Shown } from '../shared/engine/desktop-notifier.ts'

export interface DesktopChannelParts {
  readonly notifier: DesktopNotifier
  readonly platform: NodeJS.Platform
  readonly onClick: (notice: AlertNotice) => void
}

/** One that nobody closes is never told of; so many are kept, or a click on them would go nowhere. */
const mostKept = 20
/** Systems that report a failure do so within this time. Ms. */
const failureMs = 1_000

export function desktopChannel({ notifier, platform, onClick }: DesktopChannelParts): AlertChannel {
  /** A notification that nothing refers to is collected, and its click is lost. */
  const kept = new Set<Notification>()

  async function show(notice: AlertNotice): Promise<Shown> {
    if (notice.sessionId === null || !Notification.isSupported()) return notifier.show(notice, 'trouble')
    const shown = await showByElectron(notice)
    return shown.ok ? shown : notifier.show(notice, 'trouble')
  }

  function showByElectron(notice: AlertNotice): Promise<Shown> {
    const text = plainNotification(notice, { platform, notifySend: false })
    return new Promise(resolve => {
      const made = new Notification({ ...text, silent: true })
      const forget = () => void kept.delete(made)
      keep(kept, made)
      made.once('click', () => {
        forget()
        onClick(notice)
      })
      made.once('close', forget)
      made.once('failed', (_event, message) => {
        forget()
        resolve({ ok: false, message })
      })
      made.once('show', () => resolve({ ok: true }))
      setTimeout(() => resolve({ ok: true }), failureMs)
      made.show()
    })
  }

  return { name: 'desktop', show }
}

function keep(kept: Set<Notification>, made: Notification): void {
  kept.add(made)
  const [oldest] = kept
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest)
}
