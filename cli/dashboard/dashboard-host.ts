/** What a page in a browser may have its host do: nothing, which it is told, so that it offers nothing of it. */
import type { HostAnswer, HostApi, HostInfo } from '../../shared/core/host-api.ts'

export function createDashboardHost(platform: string, version: string): HostApi {
  const info: HostInfo = { kind: 'dashboard', can: [], platform, version, startsAtLogin: null }
  const cannot: HostAnswer = {
    ok: false,
    message: 'A page in a browser cannot do this.',
    remedy: 'Use the desktop app, or the command line on that machine.',
  }
  return {
    describe: async () => info,
    open: async () => cannot,
    setStartAtLogin: async () => info,
    testNotification: async () => cannot,
    quit: async () => {},
    onNavigate: () => () => {},
  }
}
