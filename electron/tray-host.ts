/**
 * Who shows tray icons on Linux: nobody tells an app, so the session bus is asked. Elsewhere there always is one.
 *
 * A desktop shell that restarts forgets the icons that it showed: its name on the bus has a new owner then, and the
 * icon is made anew.
 */
import type { Clock, CommandRunner } from '../shared/engine/ports.ts'

/** `owner` is another one after a restart of the shell. `unknown`: the bus cannot be asked. */
export type TrayHost =
  | { readonly kind: 'there'; readonly owner: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }

export interface TrayHostParts {
  readonly platform: NodeJS.Platform
  readonly commands: CommandRunner
  readonly env: Readonly<Record<string, string | undefined>>
}

const watcher = 'org.kde.StatusNotifierWatcher'
const bus = 'org.freedesktop.DBus'
const askEveryMs = 60_000
const answerMs = 2_000

/** Programs that can ask the bus; the first one that is there is used. */
const askers: Readonly<Record<string, readonly string[]>> = {
  'dbus-send': ['--session', '--print-reply', `--dest=${bus}`, '/', `${bus}.GetNameOwner`, `string:${watcher}`],
  gdbus: ['call', '--session', '--dest', bus, '--object-path', '/', '--method', `${bus}.GetNameOwner`, watcher],
}

export async function findTrayHost({ platform, commands, env }: TrayHostParts): Promise<TrayHost> {
  if (platform !== 'linux') return { kind: 'there', owner: platform }
  const address = env['DBUS_SESSION_BUS_ADDRESS'] ?? ''
  const runtime = env['XDG_RUNTIME_DIR'] ?? ''
  for (const [name, args] of Object.entries(askers)) {
    const file = commands.which(name)
    if (file === null) continue
    const variables = { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime, LC_ALL: 'C' }
    const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''))
    return answered(await commands.run(file, args, { cwd: '/', env: set, timeoutMs: answerMs }))
  }
  return { kind: 'unknown' }
}

function answered({ code, stdout, stderr }: { code: number | null; stdout: Buffer; stderr: string }): TrayHost {
  const owner = /:[0-9]+\.[0-9]+/.exec(stdout.toString('utf8'))?.[0]
  if (code === 0 && owner !== undefined) return { kind: 'there', owner }
  return /NameHasNoOwner/.test(stderr) ? { kind: 'none' } : { kind: 'unknown' }
}

/** Calls `onOther` when another one shows icons than before. Returns the way to stop. */
export function watchTrayHost(
  parts: TrayHostParts & { readonly clock: Clock },
  first: TrayHost,
  onOther: (host: TrayHost) => void,
): () => void {
  const ended = new AbortController()
  const run = async () => {
    let known = first
    while (!ended.signal.aborted) {
      await parts.clock.sleep(askEveryMs, ended.signal)
      if (ended.signal.aborted) return
      const now = await findTrayHost(parts)
      if (JSON.stringify(now) === JSON.stringify(known)) continue
      known = now
      onOther(now)
    }
  }
  if (parts.platform === 'linux') void run()
  return () => ended.abort()
}
