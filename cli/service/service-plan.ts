/** What the service of this user is to run, the same for every system. Values only. */

export const serviceName = 'active-session-monitor'
export const serviceTitle = 'Active Session Monitor'
export const serviceDescription = 'Checkpoints every Claude Code session before its work can be lost'

export interface ServicePlan {
  /** Absolute path of Node. */
  readonly node: string
  /** Absolute path of this program. */
  readonly script: string
  /** What follows them: `run` and its options. */
  readonly args: readonly string[]
  /** What the monitor must find as it was when the service was installed. */
  readonly env: Readonly<Record<string, string>>
}

/** Names of what is kept; PATH is where git is found. */
const keptNames = ['PATH', 'SESSION_MONITOR_HOME', 'CLAUDE_CONFIG_DIR', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME'] as const

export function keptEnvironment(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(keptNames.flatMap(name => (env[name] ? [[name, env[name]]] : [])))
}

/** A text that no service file can hold, or null. */
export function unwritable({ node, script, args, env }: ServicePlan): string | null {
  const texts = [node, script, ...args, ...Object.values(env)]
  return texts.find(text => /[\u0000-\u001f\u007f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/.test(text)) ?? null
}
