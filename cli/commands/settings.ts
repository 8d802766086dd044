/**
 * `session-monitor settings`: what is set, and new values. A monitor that runs is asked to change them and applies them at
 * once; without one the same engine code writes the file.
 */
import { oneLine } from '../../shared/core/format.ts'
import { parseSettings, type Settings } from '../../shared/core/settings.ts'
import { changeableKeys, type SettingsChanged, type SettingsChanges } from '../../shared/core/settings-change.ts'
import { type SettingField, settingFields } from '../../shared/core/settings-fields.ts'
import { type PresetName, presetNames, presets } from '../../shared/core/settings-presets.ts'
import { claudeRoots } from '../../shared/engine/claude-roots.ts'
import { dataFolder, dataPaths } from '../../shared/engine/data-folder.ts'
import { startFromLegacy } from '../../shared/engine/legacy-start.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { createSettingsDesk } from '../../shared/engine/settings-desk.ts'
import { loadSettings, readSettingsFile } from '../../shared/engine/settings-file.ts'
import { bare, type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes, type Problem, usageProblem } from '../exit-codes.ts'
import { type Column, renderTable } from '../print-table.ts'
import { connectRunning } from '../running-monitor.ts'
import { problemLine, safeJson } from '../terminal.ts'

export interface SettingsOptions {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly all?: boolean
}

export async function settingsGet(
  context: CommandContext,
  key: string | undefined,
  options: SettingsOptions,
): Promise<ExitCode> {
  const ports = nodePorts(context.log)
  const file = settingsFile(context)
  // Looks only: a file that does not parse is told, not set aside.
  const read = readSettingsFile(ports, file)
  if (read.kind === 'unreadable' || read.kind === 'broken') {
    return fail(context, {
      what: `${file}: ${bare(read.message)}`,
      remedy: 'mend it, or move it away',
      exitCode: exitCodes.failed,
    })
  }
  const { settings, problems } = parseSettings(read.kind === 'read' ? read.file : {})
  const keys =
    key === undefined ? changeableKeys : changeableKeys.filter(one => one === key || one.startsWith(`${key}.`))
  if (keys.length === 0) return fail(context, unknownKey(key ?? ''))
  const values = Object.fromEntries(keys.map(one => [one, settingIn(settings, one)]))
  const { terminal } = context
  if (options.json) terminal.print(safeJson({ v: 1, file, settings: values, problems }))
  else if (keys.length === 1 && key !== undefined) terminal.print(inWords(values[key]))
  else for (const line of renderValues(values, context)) terminal.print(line)
  for (const { message } of problems) {
    terminal.note(problemLine({ what: bare(message), remedy: 'the default is used until it is mended' }))
  }
  return exitCodes.fine
}

interface Row {
  readonly key: string
  readonly value: unknown
  readonly field: SettingField | undefined
}

function renderValues(values: Readonly<Record<string, unknown>>, { terminal }: CommandContext): readonly string[] {
  const rows = Object.entries(values).map(([key, value]): Row => {
    return { key, value, field: settingFields.find(field => field.key === key) }
  })
  const columns: readonly Column<Row>[] = [
    { title: 'SETTING', cell: row => row.key },
    {
      title: 'VALUE',
      cell: row => inWords(row.value),
      max: 40,
      paint: (text, row) => (isDefault(row) ? text : terminal.paint('bold', text)),
    },
    { title: 'UNIT', cell: ({ field }) => (field?.kind === 'number' ? field.unit : ''), drop: 2 },
    { title: 'ALLOWED', cell: ({ field }) => allowed(field), drop: 1 },
    { title: 'MEANING', cell: ({ field }) => field?.help ?? '', min: 20, drop: 3 },
  ]
  return renderTable(columns, rows, { width: terminal.width(), paintHeader: text => terminal.paint('dim', text) })
}

function isDefault({ value, field }: Row): boolean {
  return JSON.stringify(value) === JSON.stringify(field?.default ?? [])
}

function allowed(field: SettingField | undefined): string {
  switch (field?.kind) {
    case 'number':
      return `${field.min} to ${field.max}`
    case 'toggle':
      return 'true or false'
    case 'choice':
      return field.choices.join(', ')
    case 'hours':
      return 'null, or {"from":"22:00","to":"07:00"}'
    case 'list':
    case undefined:
      return 'a list'
  }
}

export function settingsSet(
  context: CommandContext,
  [key = '', ...words]: readonly string[],
  options: SettingsOptions,
): Promise<ExitCode> {
  return change(context, { [key]: parsed(words.join(' ')) }, options)
}

export function settingsReset(
  context: CommandContext,
  keys: readonly string[],
  options: SettingsOptions,
): Promise<ExitCode> {
  if (keys.length > 0 === (options.all === true)) {
    return Promise.resolve(fail(context, usageProblem('no setting is named', 'name the ones to reset, or give --all')))
  }
  const changed = options.all ? changeableKeys : keys
  return change(context, Object.fromEntries(changed.map(key => [key, null])), options)
}

export function settingsPreset(context: CommandContext, name: string, options: SettingsOptions): Promise<ExitCode> {
  const known = presetNames.find((one): one is PresetName => one === name)
  const remedy = `name one of ${presetNames.join(', ')}`
  if (known === undefined)
    return Promise.resolve(fail(context, usageProblem(`there is no preset "${oneLine(name, 40)}"`, remedy)))
  return change(context, presets[known], options)
}

export async function settingsPath(context: CommandContext, options: SettingsOptions): Promise<ExitCode> {
  const file = settingsFile(context)
  context.terminal.print(options.json ? safeJson({ v: 1, file }) : file)
  return exitCodes.fine
}

async function change(context: CommandContext, changes: SettingsChanges, options: SettingsOptions): Promise<ExitCode> {
  const changed = await changeThrough(context, changes)
  if (!changed.ok) {
    for (const { message } of changed.problems) {
      context.terminal.note(
        problemLine({ what: bare(message), remedy: '"session-monitor settings get" shows what is allowed' }),
      )
    }
    const isOurs = changed.problems.every(({ key }) => key !== '')
    return isOurs ? exitCodes.usage : exitCodes.failed
  }
  const values = Object.fromEntries(Object.keys(changes).map(key => [key, settingIn(changed.settings, key)]))
  const { terminal } = context
  if (options.json) terminal.print(safeJson({ v: 1, file: settingsFile(context), settings: values, problems: [] }))
  else if (!options.quiet)
    for (const [key, value] of Object.entries(values)) terminal.print(`${key} = ${inWords(value)}`)
  return exitCodes.fine
}

async function changeThrough(context: CommandContext, changes: SettingsChanges): Promise<SettingsChanged> {
  const running = await connectRunning(context)
  if (running.kind === 'connected') {
    try {
      return await running.monitor.changeSettings({ changes })
    } finally {
      running.close()
    }
  }
  const ports = nodePorts(context.log)
  const file = settingsFile(context)
  const { seed } = startFromLegacy(ports.files, claudeRoots(context.environment), loadSettings(ports, file))
  const ignore = () => {}
  return createSettingsDesk({
    ports,
    file,
    seed,
    override: loaded => loaded,
    onSettings: ignore,
    onNotice: ignore,
  }).change(changes)
}

function settingsFile({ environment }: CommandContext): string {
  return dataPaths(dataFolder(environment)).settings
}

function unknownKey(key: string): Problem {
  return usageProblem(`there is no setting "${oneLine(key, 80)}"`, '"session-monitor settings get" lists them')
}

/** JSON where it is some, and a text otherwise: `on` is no JSON, and 5 is no text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function settingIn(settings: Settings, key: string): unknown {
  return key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], settings)
}

function inWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}
