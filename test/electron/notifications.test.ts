import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { desktopChannel } from '../../electron/notifications.ts'
import type { AlertNotice } from '../../shared/core/alerts.ts'
import type { NotificationText, Shown } from '../../shared/engine/desktop-notifier.ts'
import { control } from '../electron-double/control.ts'
import { idOf } from '../support/core-values.ts'

const aboutSession: AlertNotice = { title: 'Checkpoint failed', body: 'a <b>', sessionId: idOf(1), alerts: [] }
const aboutMany: AlertNotice = { ...aboutSession, sessionId: null }

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  control.notifications.length = 0
  control.supportsNotifications = false
})

function newChannel(answer: Shown = { ok: true }) {
  const viaNotifier: NotificationText[] = []
  const clicked: AlertNotice[] = []
  const notifier = {
    show: async (text: NotificationText) => {
      viaNotifier.push(text)
      return answer
    },
  }
  const channel = desktopChannel({ notifier, platform: 'linux', onClick: notice => clicked.push(notice) })
  return { channel, viaNotifier, clicked }
}

describe('an alert on the desktop', () => {
  it('opens its session by a click, where Electron can show it', async () => {
    control.supportsNotifications = true
    const { channel, viaNotifier, clicked } = newChannel()
    const shown = channel.show(aboutSession)
    const [made] = control.notifications
    made?.emit('show')
    made?.emit('click')
    expect([await shown, made?.body, viaNotifier, clicked]).toEqual([{ ok: true }, 'a &lt;b&gt;', [], [aboutSession]])
  })
  it('goes through node-notifier when a click would open nothing of its own', async () => {
    control.supportsNotifications = true
    const { channel, viaNotifier } = newChannel()
    expect([await channel.show(aboutMany), viaNotifier, control.notifications]).toEqual([{ ok: true }, [aboutMany], []])
  })
  it('goes through node-notifier where Electron shows none', async () => {
    const { channel, viaNotifier } = newChannel()
    expect([await channel.show(aboutSession), viaNotifier]).toEqual([{ ok: true }, [aboutSession]])
  })
  it('goes through node-notifier when the system refuses Electron', async () => {
    control.supportsNotifications = true
    const { channel, viaNotifier } = newChannel({ ok: false, message: 'no bus' })
    const shown = channel.show(aboutSession)
    control.notifications[0]?.emit('failed', {}, 'not allowed')
    expect([await shown, viaNotifier]).toEqual([{ ok: false, message: 'no bus' }, [aboutSession]])
  })
  it('counts as shown where the system says nothing', async () => {
    control.supportsNotifications = true
    const shown = newChannel().channel.show(aboutSession)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await shown).toEqual({ ok: true })
  })
})
