/**
 * `session-monitor serve`: the page in a browser, for the monitor that runs; where none does, this is it.
 *
 * Runs until Ctrl-C. When the monitor that it showed has gone, it goes on with the next one, or takes its place.
 */

import { rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import about from '../../package.json' with { type: 'json' }
import type { MonitorApi } from '../../shared/core/monitor-api.ts'
import type { LocalMonitor } from '../../shared/engine/local-client.ts'
import { nodeClock } from '../../shared/engine/node-ports.ts'
import { type CommandContext, fail } from '../context.ts'
import { ended, withDaemon } from '../daemon.ts'
import { createAdmission } from '../dashboard/admission.ts'
import { dashboardCalls } from '../dashboard/dashboard-calls.ts'
import { createDashboardHost } from '../dashboard/dashboard-host.ts'
import { type Dashboard, startDashboard } from '../dashboard/dashboard-server.ts'
import { openInBrowser } from '../dashboard/open-browser.ts'
import { readPageFiles } from '../dashboard/page-files.ts'
import { type Either, type ExitCode, exitCodes, fine, type Problem, stop, usageProblem } from '../exit-codes.ts'
import { placeOf } from '../place.ts'
import { connectRunning } from '../running-monitor.ts'
import { timeStamp } from '../session-words.ts'
import { safeJson } from '../terminal.ts'

export interface ServeOptions {
  readonly port?: string
  /** False with `--no-open`. */
  readonly open?: boolean
  readonly allowChanges?: boolean
  readonly json?: boolean
}

/** Taken where no port is asked for and this one is free, so that a tunnel can be kept. */
export const usualPort = 8737
/** A monitor that is started again, by its service say, is back within this. */
const comebackMs = 5_000
const lookEveryMs = 500

export async function serve(context: CommandContext, options: ServeOptions): Promise<ExitCode> {
  const opened = await openDashboard(context, options)
  if (!opened.ok) return fail(context, opened.problem)
  const { dashboard, linkFile } = opened.value
  const over = AbortSignal.any([context.interrupted, context.terminal.gone])
  try {
    return await serveWhile(context, dashboard, over)
  } finally {
    await dashboard.close()
    rmSync(linkFile, { force: true })
  }
}

/** One monitor after the other. */
async function serveWhile(context: CommandContext, dashboard: Dashboard, over: AbortSignal): Promise<ExitCode> {
  let waitedMs = Number.POSITIVE_INFINITY
  while (!over.aborted) {
    const attempt = await connectRunning(context)
    if (attempt.kind === 'connected') {
      context.terminal.note(`${timeStamp(context.nowMs())}  Shows the monitor that runs: ${attempt.identity.name}.`)
      await serveRunning(attempt, dashboard, over)
      waitedMs = 0
    } else if (waitedMs < comebackMs) {
      await nodeClock.sleep(lookEveryMs, over)
      waitedMs += lookEveryMs
    } else {
      const code = await serveOwn(context, dashboard)
      // Somebody was quicker; then it is theirs that is shown.
      if (code !== exitCodes.locked) return code
      waitedMs = 0
    }
  }
  return exitCodes.fine
}

async function serveRunning(running: LocalMonitor, dashboard: Dashboard, over: AbortSignal): Promise<void> {
  const gone = new AbortController()
  running.onClosed(() => gone.abort())
  dashboard.serve(running.monitor)
  await ended(AbortSignal.any([gone.signal, over]))
  dashboard.serve(null)
  running.close()
}

function serveOwn(context: CommandContext, dashboard: Dashboard): Promise<ExitCode> {
  const needs = { name: '"session-monitor serve"', quiet: true }
  return withDaemon(context, needs, async (monitor: MonitorApi, over) => {
    dashboard.serve(monitor)
    await ended(over)
    dashboard.serve(null)
    return exitCodes.fine
  })
}

interface OpenedDashboard {
  readonly dashboard: Dashboard
  /** What the browser was given to open. */
  readonly linkFile: string
}

async function openDashboard(context: CommandContext, options: ServeOptions): Promise<Either<OpenedDashboard>> {
  const port = portOf(options.port)
  if (!port.ok) return port
  const files = readPageFiles(pageFolder())
  if (files === null) return stop(notBuilt)
  const { json = false } = options
  const admission = createAdmission()
  const linkFile = path.join(placeOf(context).folder, 'dashboard.html')
  const linkTo = (at: number) => `http://127.0.0.1:${at}/#token=${admission.newToken()}`
  const start = (at: number): Promise<Dashboard> =>
    startDashboard({
      files,
      admission,
      host: createDashboardHost(process.platform, about.version),
      allowed: dashboardCalls(options.allowChanges ?? false),
      port: at,
      log: (level, message, fields) => {
        if (level === 'warn' || level === 'error')
          context.terminal.note(`${timeStamp(context.nowMs())}  ${message} ${JSON.stringify(fields ?? {})}`)
      },
      nowMs: () => nodeClock.monotonicMs(),
      onOpened: () => {
        rmSync(linkFile, { force: true })
        const next = linkTo(shownPort)
        const words = `${timeStamp(context.nowMs())}  Opened. For another page: ${next}`
        context.terminal.print(json ? linkJson(context, shownPort, next) : words)
      },
    })
  let shownPort = port.value ?? usualPort
  try {
    const dashboard = await startAt(start, port.value)
    shownPort = dashboard.port
    const link = linkTo(shownPort)
    for (const line of invitation(context, shownPort, link, json)) context.terminal.print(line)
    if (options.open !== false && openInBrowser(context.environment, linkFile, link) && !json) {
      context.terminal.print('Opening it in your browser.')
    }
    return fine({ dashboard, linkFile })
  } catch (error) {
    return stop(portProblem(error as NodeJS.ErrnoException, port.value ?? usualPort))
  }
}

/** At the port that was asked for; else at the usual one, or any that is free. */
async function startAt(start: (port: number) => Promise<Dashboard>, wanted: number | null): Promise<Dashboard> {
  if (wanted !== null) return start(wanted)
  try {
    return await start(usualPort)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return start(0)
  }
}

type World = Pick<CommandContext, 'environment'>

/** Where to look, also from another machine. */
export function invitation(context: World, port: number, link: string, json = false): readonly string[] {
  if (json) return [linkJson(context, port, link)]
  const tunnel = tunnelTo(context, port)
  return [
    'The dashboard, for one page (the link works once):',
    `  ${link}`,
    ...(tunnel === null
      ? []
      : ['From another machine, first run this there, then open the link there:', `  ${tunnel}`]),
    'Ctrl-C stops.',
  ]
}

function linkJson(context: World, port: number, link: string): string {
  return safeJson({ v: 1, port, link, tunnel: tunnelTo(context, port) }, 0)
}

/** The command that brings the port to where there is a screen; null where this machine has one. */
function tunnelTo({ environment: { env, platform } }: World, port: number): string | null {
  const hasScreen = platform !== 'linux' || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'])
  if (hasScreen && !env['SSH_CONNECTION']) return null
  const host = env['SSH_CONNECTION']?.split(' ')[2] ?? os.hostname()
  return `ssh -N -L ${port}:127.0.0.1:${port} ${os.userInfo().username}@${host}`
}

/** The built page, beside the built program or below the checkout. */
function pageFolder(): string {
  const here = import.meta.dirname
  return import.meta.filename.endsWith('.ts') ? path.join(here, '../../dist/renderer') : path.join(here, '../renderer')
}

const notBuilt: Problem = {
  what: 'the page is not built',
  remedy: 'run "npm run build" in the checkout',
  exitCode: exitCodes.failed,
}

/** Null where none was asked for. */
function portOf(text: string | undefined): Either<number | null> {
  if (text === undefined) return fine(null)
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return fine(port)
  return stop(usageProblem('--port must be a whole number from 1 to 65535', `for instance --port ${usualPort}`))
}

function portProblem({ code, message }: NodeJS.ErrnoException, port: number): Problem {
  const what = code === 'EADDRINUSE' ? `port ${port} is in use` : `the dashboard cannot be served: ${message}`
  return { what, remedy: 'give another one with --port', exitCode: exitCodes.failed }
}
