/**
 * The last briefs of each project, where a hook finds them without any of the engine: one small file per project.
 *
 * A cache of the records: it may be deleted, and is written anew when what it tells has changed.
 */
import path from 'node:path'
import type { BriefShelf, ShelvedSession } from '../core/brief-page.ts'
import { count } from '../core/format.ts'
import { briefFileName } from '../core/hook-word.ts'
import { isLive } from '../core/session.ts'
import { saveCache } from './cache-file.ts'
import { failureOf, makeFolderDurably } from './durable-file.ts'
import type { SessionEntry } from './overview.ts'
import type { Ports } from './ports.ts'

export interface BriefShelves {
  /** Brings the files of all projects up to date that have changed since the last call. Never throws for a disk's sake. */
  update(entries: Iterable<SessionEntry>): void
}

/** Of one project. */
const shelved = 3

type Saved = SessionEntry & { readonly last: NonNullable<SessionEntry['last']> }

export function createBriefShelves(ports: Ports, folder: string): BriefShelves {
  /** What was written in this run, by root. */
  const written = new Map<string, string>()
  let hasFolder = false

  return {
    update(entries) {
      for (const [root, saved] of byProject(entries)) {
        const newest = saved.sort((a, b) => activityOf(b) - activityOf(a)).slice(0, shelved)
        const key = newest
          .map(({ last, session: { live } }) => [last.session, last.seq, live.status, live.pid].join(' '))
          .join('\n')
        if (written.get(root) === key) continue
        const shelf: BriefShelf = { v: 1, root, sessions: newest.map(shelve) }
        if (!makeFolder()) return
        saveCache(ports, path.join(folder, briefFileName(root)), shelf)
        written.set(root, key)
      }
    },
  }

  function makeFolder(): boolean {
    try {
      if (!hasFolder) makeFolderDurably(ports.files, folder)
      hasFolder = true
    } catch (error) {
      ports.log('warn', failureOf(error, `Making ${folder}`).message)
    }
    return hasFolder
  }
}

function byProject(entries: Iterable<SessionEntry>): ReadonlyMap<string, Saved[]> {
  const projects = new Map<string, Saved[]>()
  for (const entry of entries) {
    const { project } = entry.session
    if (entry.last === null || project === null || project.kind === 'missing') continue
    const saved = projects.get(project.root) ?? []
    saved.push(entry as Saved)
    projects.set(project.root, saved)
  }
  return projects
}

function activityOf({ session, last }: Saved): number {
  return session.facts.lastActivityMs ?? last.at
}

function shelve(entry: Saved): ShelvedSession {
  const { session, last } = entry
  return {
    sessionId: last.session,
    title: last.title,
    atMs: activityOf(entry),
    pid: isLive(session.live) ? session.live.pid : null,
    unfinished: unfinishedIn(entry),
    brief: last.brief,
  }
}

/** In words that follow "with": what one would want to go on with. */
function unfinishedIn({ session, last, tree }: Saved): readonly string[] {
  const open = session.facts.todos.filter(({ status }) => status !== 'completed').length
  const changed = tree?.manifest.files.length ?? last.tree?.files ?? 0
  return [
    ...(session.live.status === 'ended-abruptly' ? ['its process killed'] : []),
    ...(open > 0 ? [count(open, 'open item')] : []),
    ...(changed > 0 ? [count(changed, 'uncommitted file')] : []),
  ]
}
