/** Where Claude Code keeps its sessions on this machine. Environment and home come in as values; looks at no disk. */
import path from 'node:path'
import type { HostEnvironment } from './data-folder.ts'

/**
 * Claude Code's config folders, absolute, each once, those of the environment first.
 *
 * `$CLAUDE_CONFIG_DIR` replaces the default places. Claude Code takes it literally, relative to the folder it runs
 * in and without expanding `~`; other tools take a comma-separated list, so a comma separates here too. The second
 * default place is where a few early versions kept it.
 *
 * @param added Folders that the user named in addition.
 */
export function claudeRoots({ env, home }: HostEnvironment, added: readonly string[] = []): readonly string[] {
  const chosen = (env['CLAUDE_CONFIG_DIR'] ?? '').split(',').filter(part => part.trim() !== '')
  const xdg = env['XDG_CONFIG_HOME']
  const configHome = xdg && path.isAbsolute(xdg) ? xdg : path.join(home, '.config')
  const defaults = [path.join(home, '.claude'), path.join(configHome, 'claude')]
  const roots = [...(chosen.length > 0 ? chosen : defaults), ...added]
  return [...new Set(roots.map(root => path.resolve(root)))]
}
