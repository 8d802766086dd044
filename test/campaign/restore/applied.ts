/** A restore in place of one checkpoint, on a real disk, with nothing between it and the engine's parts. */
import path from 'node:path'
import { createGit } from '../../../shared/engine/git-command.ts'
import { planInPlace, type TreeNow } from '../../../shared/engine/in-place-plan.ts'
import { createKnownContent } from '../../../shared/engine/known-content.ts'
import type { Ports } from '../../../shared/engine/ports.ts'
import { openTree } from '../../../shared/engine/restorable-tree.ts'
import { createInPlaceRestorer, type InPlaceDone } from '../../../shared/engine/restore-in-place.ts'
import { type JournalStore, openJournals } from '../../../shared/engine/restore-journal.ts'
import { createTimeSlice } from '../../../shared/engine/time-slice.ts'
import { openTestStore, sessionA } from '../../support/stores.ts'

export interface RestoreJob {
  readonly dataFolder: string
  readonly root: string
  /** Number of the checkpoint. */
  readonly seq: number
}

export function journalsOf(ports: Ports, { dataFolder }: RestoreJob): JournalStore {
  return openJournals(ports, path.join(dataFolder, 'restores'))
}

const unlisted: TreeNow = { ok: false, message: 'nobody asked' }

/** @param begun called when the plan is made and the first byte is about to be written */
export async function applyRestore(ports: Ports, job: RestoreJob, begun: () => void): Promise<InPlaceDone> {
  const { dataFolder, root } = job
  const store = openTestStore(path.join(dataFolder, 'store'), ports)
  const read = store.read(sessionA, job.seq)
  if (!read.ok) throw new Error(read.problem.message)
  const { record } = read
  const reader = store.packReader()
  const git = createGit({ ...ports.commands, which: () => null }, {})
  const opened = await openTree({ files: ports.files, git, reader, record, scratch: path.join(dataFolder, 'scratch') })
  if (!opened.ok) throw new Error('the checkpoint cannot be opened')
  const { tree } = opened
  const slice = createTimeSlice(ports.clock)
  const known = createKnownContent({ store, reader, slice, root, head: null, objectsOf: async () => [] })
  const rules = { conflicts: 'replace', deleted: 'restore' } as const
  const step = async () => true
  const paths = await planInPlace({ files: ports.files, root, tree, now: unlisted, known, rules, paths: null, step })
  begun()
  const work = { record, root, paths: paths ?? [], tree, transcript: null, safety: null }
  return createInPlaceRestorer(ports, journalsOf(ports, job)).apply(work, { reader, record, trees: [] })
}
