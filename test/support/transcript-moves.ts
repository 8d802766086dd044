/** Sessions that go somewhere else while they run: another cwd, another project, a linked work tree. */
import type { WorkTree } from './repositories.ts'
import { agentCall, editCall } from './tool-calls.ts'
import { writePrompt, writeReply, writeResult, writeText, writeTurn, writeTurnEnd } from './transcript-builder.ts'
import { writeBare } from './transcript-records.ts'
import type { TranscriptWriter } from './transcript-writer.ts'

/** As after `cd` in Bash, or when the session is resumed from another folder: only `cwd` and `gitBranch` tell. */
export function moveTo(writer: TranscriptWriter, cwd: string, branch: string | null): void {
  writer.cwd = cwd
  writer.branch = branch
  writeTurn(writer, writer.filler.prompt(), [[editCall(writer, `${cwd}/moved.ts`, 120)]], writer.filler.prose(60))
}

/** EnterWorktree, a turn there, and ExitWorktree unless it `stays`. Claude Code renames the file each time. */
export function enterWorkTree(writer: TranscriptWriter, tree: WorkTree, stays: boolean): void {
  const before = { cwd: writer.cwd, branch: writer.branch }
  const state = {
    originalCwd: before.cwd,
    worktreePath: tree.root,
    worktreeName: tree.name,
    worktreeBranch: tree.branch,
    originalBranch: before.branch,
    sessionId: writer.sessionId,
  }
  switchTree(writer, 'EnterWorktree', { cwd: tree.root, branch: tree.branch }, state)
  writeTurn(
    writer,
    writer.filler.prompt(),
    [[editCall(writer, `${tree.root}/in-tree.ts`, 90)]],
    writer.filler.prose(60),
  )
  if (!stays) switchTree(writer, 'ExitWorktree', before, null)
}

function switchTree(
  writer: TranscriptWriter,
  tool: string,
  to: { readonly cwd: string; readonly branch: string | null },
  state: unknown,
): void {
  const call = { ...agentCall(writer, 'Task', { name: 'wt-demo' }, 'Done.', { message: 'Done.' }), name: tool }
  writePrompt(writer, writer.filler.prompt())
  const [source] = writeReply(writer, [{ kind: 'call', call }])
  writeBare(writer, { type: 'relocated', relocatedCwd: to.cwd })
  writeBare(writer, { type: 'worktree-state', worktreeSession: state })
  writer.cwd = to.cwd
  writer.branch = to.branch
  writeResult(writer, call, source ?? '')
  writeText(writer, writer.filler.prose(40))
  writeTurnEnd(writer)
}
