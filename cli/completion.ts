/**
 * Completion scripts for bash, zsh and fish, made from the description of the command line. Pure.
 *
 * Each script walks the words that are typed to the command that they name, and offers what that command takes:
 * its own commands, its options, the choices of a value, files, or the sessions that the program knows.
 */
import { type CommandDescription, flatten, type OptionDescription } from './describe.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** Prints `id<TAB>title` for the scripts. */
export const completeSessions = 'complete-sessions'

export function renderCompletion(shell: Shell, program: CommandDescription): string {
  const lines = { bash: bashLines, zsh: zshLines, fish: fishLines }[shell](flatten(program))
  return `${lines.join('\n')}\n`
}

/** What a place on the command line takes where neither a command nor an option stands. */
type Filler = 'sessions' | 'files' | 'choices' | 'nothing'

function fillerOf({ words }: CommandDescription): Filler {
  const [word] = words
  if (word === undefined) return 'nothing'
  if (word.choices.length > 0) return 'choices'
  return word.name === 'session' || word.name === 'checkpoint' ? 'sessions' : 'files'
}

function isPathOption({ value }: OptionDescription): boolean {
  return value !== null && /^(folder|file|path)$/.test(value.name)
}

/** In the scripts a place is the command's path with slashes: `/state/list`. */
function placeOf({ path }: CommandDescription): string {
  return path === '' ? '' : `/${path.replaceAll(' ', '/')}`
}

/** For a POSIX shell; also right in zsh. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function names(option: OptionDescription): readonly string[] {
  return option.short === null ? [option.long] : [option.short, option.long]
}

/** The pattern of `case` that knows an option at a place. */
function casePattern(place: string, option: OptionDescription): string {
  return names(option)
    .map(name => quote(`${place}:${name}`))
    .join(' | ')
}

function walkLines(commands: readonly CommandDescription[], indent: string): readonly string[] {
  return commands
    .filter(({ path }) => path !== '')
    .map(command => `${indent}${quote(placeOf(command))}) place=${quote(placeOf(command))} ;;`)
}

function valueLines(
  commands: readonly CommandDescription[],
  offer: (option: OptionDescription) => string,
): readonly string[] {
  return commands.flatMap(command =>
    command.options
      .filter(({ value }) => value !== null)
      .map(option => `    ${casePattern(placeOf(command), option)}) ${offer(option)}; return ;;`),
  )
}

function bashLines(commands: readonly CommandDescription[]): readonly string[] {
  const offerValue = (option: OptionDescription) => {
    if (isPathOption(option))
      return 'local IFS=$\'\\n\'; COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null'
    return `COMPREPLY=($(compgen -W ${quote((option.value?.choices ?? []).join(' '))} -- "$cur"))`
  }
  const fillers: Readonly<Record<Filler, (command: CommandDescription) => string>> = {
    sessions: () =>
      `COMPREPLY=($(compgen -W "$(session-monitor ${completeSessions} 2>/dev/null | cut -f1)" -- "$cur"))`,
    files: () => 'local IFS=$\'\\n\'; COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null',
    choices: ({ words }) => `COMPREPLY=($(compgen -W ${quote((words[0]?.choices ?? []).join(' '))} -- "$cur"))`,
    nothing: () => ':',
  }
  const offers = commands.flatMap(command => {
    const options = command.options.flatMap(names).join(' ')
    const below = command.commands.map(one => one.path.split(' ').at(-1)).join(' ')
    const word =
      below === '' ? fillers[fillerOf(command)](command) : `COMPREPLY=($(compgen -W ${quote(below)} -- "$cur"))`
    return [
      `    ${quote(placeOf(command))})`,
      `      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W ${quote(options)} -- "$cur"))`,
      `      else ${word}; fi ;;`,
    ]
  })
  return [
    '# bash completion for session-monitor: eval "$(session-monitor completion bash)"',
    '_session_monitor() {',
    `  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} place='' i`,
    '  COMPREPLY=()',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    case "$place/\${COMP_WORDS[i]}" in`,
    ...walkLines(commands, '      '),
    '    esac',
    '  done',
    '  case "$place:$prev" in',
    ...valueLines(commands, offerValue),
    '  esac',
    '  case "$place" in',
    ...offers,
    '  esac',
    '}',
    'complete -F _session_monitor session-monitor',
  ]
}

/** "name:help" for `_describe`; a colon within is escaped. */
function described(name: string, help: string): string {
  return quote(`${name.replaceAll(':', '\\:')}:${help.replaceAll(':', '\\:')}`)
}

function zshLines(commands: readonly CommandDescription[]): readonly string[] {
  const offerValue = (option: OptionDescription) => {
    if (isPathOption(option)) return '_files'
    const choices = option.value?.choices ?? []
    return choices.length === 0 ? `_message ${quote(option.value?.name ?? '')}` : `compadd -- ${choices.join(' ')}`
  }
  const fillers: Readonly<Record<Filler, (command: CommandDescription) => string>> = {
    sessions: () => '_session_monitor_sessions',
    files: () => '_files',
    choices: ({ words }) => `compadd -- ${(words[0]?.choices ?? []).join(' ')}`,
    nothing: () => ':',
  }
  const offers = commands.flatMap(command => {
    const options = command.options.flatMap(option => names(option).map(name => described(name, option.help)))
    const below = command.commands.map(one => described(one.path.split(' ').at(-1) ?? '', one.help))
    const word =
      below.length === 0 ? fillers[fillerOf(command)](command) : `offers=(${below.join(' ')}); _describe command offers`
    return [
      `    ${quote(placeOf(command))})`,
      '      if [[ $cur == -* ]]; then',
      `        offers=(${options.join(' ')})`,
      '        _describe -o option offers',
      `      else ${word}; fi ;;`,
    ]
  })
  return [
    '#compdef session-monitor',
    '# zsh completion: session-monitor completion zsh > a file named _session-monitor in a folder of $fpath',
    '_session_monitor_sessions() {',
    '  local -a offers',
    `  local id title`,
    `  session-monitor ${completeSessions} 2>/dev/null | while IFS=$'\\t' read -r id title; do`,
    `    offers+=("$id:\${title//:/\\\\:}")`,
    '  done',
    '  _describe session offers',
    '}',
    '_session_monitor() {',
    `  local cur=\${words[CURRENT]} prev=\${words[CURRENT - 1]} place='' i`,
    '  local -a offers',
    '  for ((i = 2; i < CURRENT; i++)); do',
    `    case "$place/\${words[i]}" in`,
    ...walkLines(commands, '      '),
    '    esac',
    '  done',
    '  case "$place:$prev" in',
    ...valueLines(commands, offerValue),
    '  esac',
    '  case "$place" in',
    ...offers,
    '  esac',
    '}',
    'if [[ $funcstack[1] == _session-monitor ]]; then _session_monitor "$@"; else compdef _session_monitor session-monitor; fi',
  ]
}

/** Fish reads a backslash and a quote within single quotes as escapes. */
function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function fishLines(commands: readonly CommandDescription[]): readonly string[] {
  const at = (command: CommandDescription) => `-n "__session_monitor_at ${fishQuote(placeOf(command))}"`
  const offers = commands.flatMap(command => {
    const below = command.commands.map(
      one => `complete -c session-monitor ${at(command)} -a ${one.path.split(' ').at(-1)} -d ${fishQuote(one.help)}`,
    )
    return [
      ...below,
      ...fishWords(command, at(command)),
      ...command.options.map(option => fishOption(option, at(command))),
    ]
  })
  return [
    '# fish completion for session-monitor: session-monitor completion fish | source',
    'function __session_monitor_at',
    "  set -l place ''",
    '  for word in (commandline -opc)[2..]',
    '    switch "$place/$word"',
    ...commands
      .filter(({ path }) => path !== '')
      .map(command => `      case ${fishQuote(placeOf(command))}; set place ${fishQuote(placeOf(command))}`),
    '    end',
    '  end',
    '  test "$place" = "$argv[1]"',
    'end',
    'complete -c session-monitor -f',
    ...offers,
  ]
}

function fishWords(command: CommandDescription, at: string): readonly string[] {
  if (command.commands.length > 0) return []
  const filler = fillerOf(command)
  if (filler === 'sessions')
    return [`complete -c session-monitor ${at} -a "(session-monitor ${completeSessions} 2>/dev/null)"`]
  if (filler === 'files') return [`complete -c session-monitor ${at} -F`]
  if (filler === 'nothing') return []
  return [`complete -c session-monitor ${at} -a ${fishQuote((command.words[0]?.choices ?? []).join(' '))}`]
}

function fishOption(option: OptionDescription, at: string): string {
  const short = option.short === null ? '' : ` -s ${option.short.slice(1)}`
  const choices = option.value?.choices ?? []
  const value =
    option.value === null
      ? ''
      : isPathOption(option)
        ? ' -r -F'
        : ` -x${choices.length === 0 ? '' : ` -a ${fishQuote(choices.join(' '))}`}`
  return `complete -c session-monitor ${at}${short} -l ${option.long.slice(2)}${value} -d ${fishQuote(option.help)}`
}
