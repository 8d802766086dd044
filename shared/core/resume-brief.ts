/**
 * The resume brief: what a person, or the next Claude session, needs to go on. Made from facts alone, no
 * model call; at most {@link briefLimit} characters; secrets redacted. Pure.
 */
import { count, cutText, formatTokens, oneLine, printable } from './format.ts'
import { redact } from './redact.ts'
import type { SessionFacts } from './session.ts'
import { displayTreePath } from './tree-name.ts'
import type { TreeManifest } from './work-tree.ts'

/** In UTF-16 units. */
export const briefLimit = 8_000

/** Markdown. @param tree The snapshot of this checkpoint; null if there is none. */
export function composeBrief(facts: SessionFacts, tree: TreeManifest | null, why: string): string {
  const sections = [
    `# ${clean(facts.title, 200) || 'Untitled session'}`,
    where(facts, tree, why),
    section(
      'Asked last',
      facts.lastPrompts.toReversed().map(p => quote(p.text, 1_200)),
    ),
    section('Last reply', facts.lastReply === null ? [] : [quote(facts.lastReply, 1_000)]),
    section('Open items', openTodos(facts)),
    section('Uncommitted changes', treeLines(tree)),
    section('Files changed by Claude', changedFiles(facts)),
    section(
      'Last commands',
      facts.lastCommands.toReversed().map(c => `- \`${clean(c, 200).replaceAll('`', "'")}\``),
    ),
    `To go on: \`claude --resume ${facts.sessionId}\` in the folder above.`,
  ]
  return shorten(sections.filter(text => text !== ''))
}

function where(facts: SessionFacts, tree: TreeManifest | null, why: string): string {
  const { context, counts } = facts
  const branch = clean(tree?.branch ?? facts.branch ?? 'none', 300)
  const lines = [
    `- Folder: ${clean(facts.cwd ?? 'unknown', 1_000)}`,
    `- Branch: ${branch}${tree?.head ? ` at ${tree.head.slice(0, 12)}` : ''}${stateWords(tree)}`,
    `- Model: ${clean(facts.model ?? 'unknown', 100)}`,
    context
      ? `- Context: ${formatTokens(context.tokens)} of ${formatTokens(context.windowTokens)} tokens (${context.percent} %)`
      : '- Context: unknown',
    `- So far: ${count(counts.prompts, 'prompt')}, ${count(counts.replies, 'reply', 'replies')}, ${count(counts.compactions, 'compaction')}`,
    `- Checkpointed because: ${clean(why, 300)}`,
  ]
  return lines.join('\n')
}

function stateWords(tree: TreeManifest | null): string {
  return tree === null || tree.state === 'clean' ? '' : `, in the middle of: ${clean(tree.state, 100)}`
}

function openTodos(facts: SessionFacts): string[] {
  const open = facts.todos.filter(todo => todo.status !== 'completed')
  return open.slice(0, 30).map(todo => `- [${todo.status === 'in_progress' ? '~' : ' '}] ${clean(todo.text, 200)}`)
}

function treeLines(tree: TreeManifest | null): string[] {
  if (tree === null) return []
  const lines = [
    ...tree.files.map(file => `- ${file.status.trim()} ${clean(displayTreePath(file.path), 200)}`),
    ...tree.gone.map(path => `- D ${clean(displayTreePath(path), 200)}`),
  ]
  return lines.length <= 40 ? lines : [...lines.slice(0, 40), `- … and ${lines.length - 40} more`]
}

function changedFiles(facts: SessionFacts): string[] {
  return facts.filesChanged
    .toReversed()
    .slice(0, 25)
    .map(file => `- ${clean(file.path, 200)}`)
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `## ${title}\n${lines.join('\n')}`
}

function quote(text: string, limit: number): string {
  return cutText(redact(text), limit)
    .split(/\r?\n/)
    .map(line => `> ${printable(line.replaceAll('\t', '  '))}`)
    .join('\n')
}

/** Redacted before it is cut: half a secret would not be recognised. */
function clean(text: string, limit: number): string {
  return oneLine(redact(text), limit)
}

/**
 * Whole text if it fits; else the longest sections lose their ends first, never the head or the last line:
 * those have limits of their own, far enough below {@link briefLimit} for the loop to end.
 */
function shorten(sections: readonly string[]): string {
  const parts = [...sections]
  const length = () => parts.reduce((sum, part) => sum + part.length + 2, 0)
  while (length() > briefLimit) {
    const middle = parts.slice(2, -1)
    const longest = middle.reduce((best, part, i) => (part.length > (middle[best]?.length ?? 0) ? i : best), 0) + 2
    const part = parts[longest] ?? ''
    const excess = length() - briefLimit
    parts[longest] = cutText(part, Math.max(Math.floor(part.length / 2), part.length - excess))
  }
  return `${parts.join('\n\n')}\n`
}
