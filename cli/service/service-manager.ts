/**
 * The system's own keeper of services, for this user alone and without an administrator: systemd, launchd or the task
 * scheduler. Writes one file of its own (and on Windows the variables beside it), and takes exactly that away again.
 */
import path from 'node:path'
import { errorCode, replaceFile } from '../../shared/engine/durable-file.ts'
import type { CommandResult, Ports } from '../../shared/engine/ports.ts'
import { launchdAgent } from './launchd-agent.ts'
import { envFileText, scheduledTask } from './scheduled-task.ts'
import { type ServicePlan, serviceName, serviceTitle } from './service-plan.ts'
import { systemdUnit } from './systemd-unit.ts'

/** What a step came to: nothing more to say, or why not and what to do. */
export type ServiceStep =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly remedy: string }

export interface ServiceStatus {
  readonly installed: boolean
  /** As the system says; null if it does not say. */
  readonly active: boolean | null
  /** Where its own description lies. */
  readonly file: string
}

export interface ServiceManager {
  /** Such as "systemd". */
  readonly name: string
  /** Writes it, lets the system know, and starts it. One that is there is replaced. */
  install(plan: ServicePlan): Promise<ServiceStep>
  /** Stops it and takes it away. Fine if it is not there. */
  uninstall(): Promise<ServiceStep>
  start(): Promise<ServiceStep>
  stop(): Promise<ServiceStep>
  status(): Promise<ServiceStatus>
}

export interface ServiceWorld {
  readonly ports: Pick<Ports, 'clock' | 'files' | 'processes' | 'commands'>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly platform: NodeJS.Platform
  /** For what the system cannot hold itself. */
  readonly dataFolder: string
  readonly uid: number | null
  readonly user: string
}

const fine: ServiceStep = { ok: true }
const timeoutMs = 30_000

export function createServiceManager(world: ServiceWorld): ServiceManager {
  if (world.platform === 'darwin') return launchd(world)
  return world.platform === 'win32' ? taskScheduler(world) : systemd(world)
}

function systemd(world: ServiceWorld): ServiceManager {
  const config = world.env['XDG_CONFIG_HOME']
  const base = config && path.isAbsolute(config) ? config : path.join(world.home, '.config')
  const unit = `${serviceName}.service`
  const file = path.join(base, 'systemd', 'user', unit)
  const control = (...args: readonly string[]) => run(world, 'systemctl', ['--user', ...args])
  const need = (...args: readonly string[]) => needed(world, 'systemctl', ['--user', ...args], noSystemd)
  return {
    name: 'systemd',
    install: plan =>
      steps(
        () => write(world, file, systemdUnit(plan)),
        () => need('daemon-reload'),
        () => need('enable', unit),
        () => need('restart', unit),
      ),
    async uninstall() {
      if (!exists(world, file)) return fine
      await control('disable', '--now', unit)
      return steps(
        () => remove(world, file),
        () => need('daemon-reload'),
      )
    },
    start: () => need('start', unit),
    stop: () => need('stop', unit),
    async status() {
      const result = await control('is-active', unit)
      const word = result.stdout.toString('utf8').trim()
      return {
        installed: exists(world, file),
        active: word === '' ? null : word === 'active' || word === 'activating',
        file,
      }
    },
  }
}

const noSystemd = 'It needs a systemd of the user: without one, keep "session-monitor run" running in another way.'

function launchd(world: ServiceWorld): ServiceManager {
  const file = path.join(world.home, 'Library', 'LaunchAgents', `${serviceName}.plist`)
  const domain = `gui/${world.uid ?? 0}`
  const target = `${domain}/${serviceName}`
  const control = (...args: readonly string[]) => run(world, 'launchctl', args)
  const need = (...args: readonly string[]) =>
    needed(world, 'launchctl', args, 'Log in at the screen once, then try again.')
  return {
    name: 'launchd',
    async install(plan) {
      await control('bootout', target)
      return steps(
        () => write(world, file, launchdAgent(plan)),
        () => need('enable', target),
        () => need('bootstrap', domain, file),
      )
    },
    async uninstall() {
      await control('bootout', target)
      return exists(world, file) ? remove(world, file) : fine
    },
    async start() {
      const loaded = await control('print', target)
      return loaded.code === 0 ? need('kickstart', target) : need('bootstrap', domain, file)
    },
    stop: () => need('bootout', target),
    async status() {
      const { code, stdout } = await control('print', target)
      return {
        installed: exists(world, file),
        active: code === 0 && /state = running/.test(stdout.toString('utf8')),
        file,
      }
    },
  }
}

function taskScheduler(world: ServiceWorld): ServiceManager {
  const folder = path.win32.join(world.dataFolder, 'service')
  const file = path.win32.join(folder, 'task.xml')
  const envFile = path.win32.join(folder, 'service.env')
  const name = ['/TN', serviceTitle] as const
  const control = (...args: readonly string[]) => run(world, 'schtasks', args)
  const need = (...args: readonly string[]) => needed(world, 'schtasks', args, 'Look at it in the Task Scheduler.')
  const systemRoot = world.env['SystemRoot'] ?? 'C:\\Windows'
  return {
    name: 'the task scheduler',
    install: plan =>
      steps(
        () => write(world, envFile, envFileText(plan.env)),
        // The byte order mark says that it is UTF-16, as the task scheduler wants it.
        () =>
          write(
            world,
            file,
            Buffer.from(`\ufeff${scheduledTask(plan, { user: world.user, systemRoot, envFile })}`, 'utf16le'),
          ),
        () => need('/Create', ...name, '/XML', file, '/F'),
        () => need('/Run', ...name),
      ),
    async uninstall() {
      if ((await control('/Query', ...name)).code !== 0) return fine
      await control('/End', ...name)
      const deleted = await need('/Delete', ...name, '/F')
      return deleted.ok
        ? steps(
            () => remove(world, file),
            () => remove(world, envFile),
          )
        : deleted
    },
    start: () => need('/Run', ...name),
    stop: () => need('/End', ...name),
    async status() {
      // Its words are in the language of the system: only whether it is there can be told.
      return { installed: (await control('/Query', ...name)).code === 0, active: null, file }
    },
  }
}

/** One after the other, until one fails. */
async function steps(...all: readonly (() => Promise<ServiceStep> | ServiceStep)[]): Promise<ServiceStep> {
  for (const step of all) {
    const done = await step()
    if (!done.ok) return done
  }
  return fine
}

function write({ ports }: ServiceWorld, file: string, content: string | Buffer): ServiceStep {
  try {
    ports.files.makeFolder(path.dirname(file))
    replaceFile(ports, file, Buffer.from(content as string))
    return fine
  } catch (error) {
    return failed(`${file} cannot be written: ${(error as Error).message}`, 'Make its folder writable for you.')
  }
}

function remove({ ports }: ServiceWorld, file: string): ServiceStep {
  try {
    ports.files.unlink(file)
    return fine
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return fine
    return failed(`${file} cannot be removed: ${(error as Error).message}`, 'Remove it by hand.')
  }
}

function exists({ ports }: ServiceWorld, file: string): boolean {
  try {
    ports.files.lstat(file)
    return true
  } catch {
    return false
  }
}

async function run({ ports, env, home }: ServiceWorld, name: string, args: readonly string[]): Promise<CommandResult> {
  const program = ports.commands.which(name)
  if (program === null) return { code: null, stdout: Buffer.alloc(0), stderr: '', failure: 'ENOENT' }
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return ports.commands.run(program, args, { cwd: home, env: Object.fromEntries(given), timeoutMs })
}

async function needed(
  world: ServiceWorld,
  name: string,
  args: readonly string[],
  remedy: string,
): Promise<ServiceStep> {
  const { code, stdout, stderr, failure } = await run(world, name, args)
  if (code === 0) return fine
  if (failure === 'ENOENT') return failed(`${name} was not found`, remedy)
  const said = `${stderr.trim()} ${stdout.toString('utf8').trim()}`.trim()
  return failed(`${name} ${args.join(' ')} failed: ${said || failure || `exit code ${code}`}`, remedy)
}

function failed(message: string, remedy: string): ServiceStep {
  return { ok: false, message, remedy }
}
