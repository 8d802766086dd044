/**
 * Where a monitor without a window tells its alerts: always in its log, and on the desktop where there is one, unless the
 * tray app shows this monitor: then it tells them, and a click on one leads somewhere.
 */
import { defaultSettings } from '../shared/core/settings.ts'
import { type AlertChannel, type AlertWatch, localMinuteOfDay, watchAlerts } from '../shared/engine/alert-watch.ts'
import type { HostEnvironment } from '../shared/engine/data-folder.ts'
import { createDesktopNotifier } from '../shared/engine/desktop-notifier.ts'
import { nodeClock } from '../shared/engine/node-ports.ts'
import type { Log } from '../shared/engine/ports.ts'

/** Must be stopped: it keeps its process alive. @param areTold Whether another program tells alerts on the desktop just now. */
export function watchDaemonAlerts(environment: HostEnvironment, log: Log, areTold: () => boolean): AlertWatch {
  return watchAlerts({
    clock: nodeClock,
    minuteOfDay: localMinuteOfDay,
    policy: settings => (settings ?? defaultSettings).notifications,
    channels: alertChannels(environment, log, areTold),
    log,
  })
}

export function alertChannels(environment: HostEnvironment, log: Log, areTold: () => boolean): readonly AlertChannel[] {
  if (!hasDesktop(environment)) return [logChannel(log)]
  return [logChannel(log), unlessTold(desktopChannel(environment.platform), areTold)]
}

export function unlessTold(channel: AlertChannel, areTold: () => boolean): AlertChannel {
  return { ...channel, show: async notice => (areTold() ? { ok: true } : channel.show(notice)) }
}

/** A session over SSH sees no notification, even if the machine has a screen. */
export function hasDesktop({ env, platform }: Pick<HostEnvironment, 'env' | 'platform'>): boolean {
  if (platform === 'linux') return Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'])
  return !env['SSH_CONNECTION']
}

function logChannel(log: Log): AlertChannel {
  return {
    name: 'log',
    show: async ({ title, body }) => {
      log('warn', `Alert: ${title}: ${body}`)
      return { ok: true }
    },
  }
}

function desktopChannel(platform: NodeJS.Platform): AlertChannel {
  const notifier = createDesktopNotifier({
    platform,
    appName: 'Active Session Monitor',
    appId: 'active-session-monitor',
    iconOf: () => null,
  })
  return { name: 'desktop', show: notice => notifier.show(notice, 'trouble') }
}
