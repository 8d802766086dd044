/**
 * `session-monitor service install|uninstall|start|stop|status`: lets the system keep the monitor running, from
 * login on. Only for this user, never with an administrator's rights.
 */
import { realpathSync } from 'node:fs'
import os from 'node:os'
import { formatAge, oneLine } from '../../shared/core/format.ts'
import { dataFolder } from '../../shared/engine/data-folder.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { bare, type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type SettingFlags, settingFlags, settingValuesOf } from '../flags.ts'
import { connectRunning, ownUid } from '../running-monitor.ts'
import { createServiceManager, type ServiceManager, type ServiceStep } from '../service/service-manager.ts'
import { keptEnvironment, type ServicePlan, unwritable } from '../service/service-plan.ts'
import { safeJson } from '../terminal.ts'

export interface ServiceOptions extends SettingFlags {
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function serviceInstall(context: CommandContext, options: ServiceOptions): Promise<ExitCode> {
  const values = settingValuesOf(options)
  if (!values.ok) return fail(context, values.problem)
  const plan = planOf(context, options)
  const bad = unwritable(plan)
  if (bad !== null) {
    const what = `a path that holds a control character cannot be in a service: ${oneLine(bad, 200)}`
    return fail(context, { what, remedy: 'rename that folder', exitCode: exitCodes.failed })
  }
  const manager = managerOf(context)
  const { file } = await manager.status()
  return report(context, options, await manager.install(plan), [
    `Installed and started: ${manager.name} keeps the monitor running from login on.`,
    `  ${oneLine(file, 2_000)}`,
    ...lingerHint(context, manager),
  ])
}

export async function serviceUninstall(context: CommandContext, options: ServiceOptions): Promise<ExitCode> {
  const manager = managerOf(context)
  const { installed } = await manager.status()
  const done = installed ? 'Stopped and removed. What is saved stays.' : 'There is no service; nothing to remove.'
  return report(context, options, await manager.uninstall(), [done])
}

export async function serviceStart(context: CommandContext, options: ServiceOptions): Promise<ExitCode> {
  return whenInstalled(context, options, manager => manager.start(), 'Started.')
}

export async function serviceStop(context: CommandContext, options: ServiceOptions): Promise<ExitCode> {
  return whenInstalled(
    context,
    options,
    manager => manager.stop(),
    'Stopped, until the next login or "session-monitor start".',
  )
}

async function whenInstalled(
  context: CommandContext,
  options: ServiceOptions,
  step: (manager: ServiceManager) => Promise<ServiceStep>,
  done: string,
): Promise<ExitCode> {
  const manager = managerOf(context)
  const { installed } = await manager.status()
  if (installed) return report(context, options, await step(manager), [done])
  const remedy = '"session-monitor service install" makes it; "session-monitor run" runs without one'
  return report(context, options, { ok: false, message: 'There is no service', remedy }, [])
}

/** Exit code 1 unless it is installed and runs, or at least a monitor does. */
export async function serviceStatus(context: CommandContext, options: ServiceOptions): Promise<ExitCode> {
  const manager = managerOf(context)
  const [status, running] = [await manager.status(), await connectRunning(context)]
  const identity = running.kind === 'connected' ? running.identity : null
  if (running.kind === 'connected') running.close()
  if (options.json) context.terminal.print(safeJson({ v: 1, manager: manager.name, ...status, running: identity }))
  else if (!options.quiet) {
    const installed = status.installed
      ? `installed with ${manager.name}: ${oneLine(status.file, 2_000)}`
      : 'not installed'
    const active = status.active === null ? '' : status.active ? ', active' : ', not active'
    context.terminal.print(`service  ${installed}${status.installed ? active : ''}`)
    const since = identity === null ? '' : formatAge(identity.startedMs, context.nowMs())
    const words = identity && `${identity.name}, process ${identity.pid}, version ${identity.version}, started ${since}`
    context.terminal.print(`monitor  ${words === null ? 'none runs' : oneLine(words, 400)}`)
  }
  return identity !== null || status.active === true ? exitCodes.fine : exitCodes.failed
}

export function managerOf({ environment, log }: CommandContext): ServiceManager {
  const { env, home, platform } = environment
  const { username } = os.userInfo()
  const domain = env['USERDOMAIN']
  return createServiceManager({
    ports: nodePorts(log),
    env,
    home,
    platform,
    dataFolder: dataFolder(environment),
    uid: ownUid(),
    user: domain ? `${domain}\\${username}` : username,
  })
}

function planOf({ environment }: CommandContext, options: ServiceOptions): ServicePlan {
  const flags = settingFlags.flatMap(({ flag, name }) => {
    const value = options[name]
    return value === undefined ? [] : [flag, value]
  })
  return {
    node: process.execPath,
    script: realpathSync(process.argv[1] ?? ''),
    args: ['run', '--quiet', '--wait', ...flags],
    env: keptEnvironment(environment.env),
  }
}

/** On a server the user's systemd ends with the last login. */
function lingerHint({ environment }: CommandContext, { name }: ServiceManager): readonly string[] {
  if (name !== 'systemd' || !environment.env['SSH_CONNECTION']) return []
  return ['To keep it running when you are not logged in: loginctl enable-linger']
}

function report(
  context: CommandContext,
  { json, quiet }: ServiceOptions,
  step: ServiceStep,
  lines: readonly string[],
): ExitCode {
  if (json) context.terminal.print(safeJson({ v: 1, ...step }))
  if (!step.ok) {
    return fail(context, { what: bare(step.message), remedy: bare(step.remedy), exitCode: exitCodes.failed })
  }
  if (!json && !quiet) for (const line of lines) context.terminal.print(line)
  return exitCodes.fine
}
