import { describe, expect, it } from 'vitest'
import type { BriefFacts } from '../../shared/core/session.ts'
import { columnsText as columnsSteps, type IndexEntry, storedSessions } from '../../shared/engine/index-columns.ts'
import type { FilePeek } from '../../shared/engine/ports.ts'
import { type FoundFile, SessionFiles } from '../../shared/engine/session-files.ts'
import type { ReadState } from '../../shared/engine/stream-reader.ts'
import { type Random, seededRandom } from '../support/random.ts'

/** To its end, as if nobody else had to wait. */
function columnsText(entries: readonly IndexEntry[]): string {
  const steps = columnsSteps(entries)
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}
const idOf = (n: number) => `0ecf3a5a-7992-4668-9faf-${String(n).padStart(12, '0')}`
const read: ReadState = {
  position: { endByte: 900, scannedTo: 912 },
  dev: 66_306,
  ino: 1_234_567,
  size: 912,
  mtimeMs: 1_795_735_712_345.678,
  guard: '0123456789abcdef',
}
const brief: BriefFacts = {
  sessionId: idOf(1),
  title: 'Räum die Tests auf \u{1f9f9}\n"jetzt"',
  titleSource: 'custom',
  model: 'claude-opus-4-5',
  branch: 'main',
  firstCwd: '/home/ä/one',
  cwd: '/home/ä/two',
  version: '2.1.145',
  entrypoint: 'cli',
  counts: {
    messages: 3,
    prompts: 1,
    replies: 2,
    toolCalls: 5,
    compactions: 1,
    lines: 12,
    damagedLines: 1,
    overlongLines: 0,
  },
  // Before 1970, as a damaged clock may say.
  firstActivityMs: -1,
  lastActivityMs: 1_795_735_712_345,
  changedFiles: 2,
  context: { tokens: 90_000, windowTokens: 200_000, percent: 45 },
  compaction: { atTokens: 160_000, leftTokens: 70_000, leftPercent: 44, turnsLeft: 7 },
  forkedFrom: idOf(9),
}
const bare: BriefFacts = {
  ...brief,
  sessionId: idOf(2),
  title: '',
  titleSource: 'none',
  model: null,
  branch: null,
  firstCwd: null,
  cwd: null,
  version: null,
  entrypoint: null,
  firstActivityMs: null,
  lastActivityMs: null,
  context: null,
  compaction: null,
  forkedFrom: null,
}

const factNames = Object.keys(brief) as (keyof BriefFacts)[]
/** Everything that the columns tell, as plain values. */
function told(text: string): readonly IndexEntry[] {
  return storedSessions(text, () => null).map(session => {
    const facts = session.brief
    const plain = Object.fromEntries(factNames.map(name => [name, facts[name]])) as unknown as BriefFacts
    return { brief: plain, goodbye: session.goodbye, reads: session.reads() }
  })
}

function fileOf(stream: string, stat: Partial<FilePeek> = {}): FoundFile {
  const { dev, ino, size, mtimeMs } = read
  return {
    stream,
    path: `/c/${stream}`,
    root: '/c',
    stat: { kind: 'file', dev, ino, size, mtimeMs, ...stat },
  }
}

function filesOf(...files: readonly FoundFile[]): SessionFiles {
  const found = new SessionFiles()
  for (const file of files) found.set(file)
  return found
}

describe('the columns of an index', () => {
  it('tell of every session what was written of it, in order', () => {
    const entries: IndexEntry[] = [
      {
        brief,
        goodbye: true,
        reads: new Map([
          ['main', read],
          ['subagents/agent-1.jsonl', { ...read, size: 7, mtimeMs: -1 }],
        ]),
      },
      // A file without a line has no guard.
      { brief: bare, goodbye: false, reads: new Map([['main', { ...read, guard: '' }]]) },
      { brief: { ...bare, sessionId: idOf(3) }, goodbye: false, reads: new Map() },
      { brief: { ...brief, sessionId: idOf(4), compaction: null }, goodbye: false, reads: new Map([['main', read]]) },
    ]
    expect(told(columnsText(entries))).toEqual(entries)
  })

  it('let others have their turn, and are of the moment before the first', () => {
    const reads = new Map([['main', read]])
    const steps = columnsSteps([{ brief, goodbye: false, reads }])
    let turns = 0
    let step = steps.next()
    reads.clear()
    for (; !step.done; step = steps.next()) turns += 1
    expect(turns).toBeGreaterThan(30)
    expect(told(step.value)).toEqual([{ brief, goodbye: false, reads: new Map([['main', read]]) }])
  })

  it('are ASCII, and may hold nothing', () => {
    expect(columnsText([{ brief, goodbye: false, reads: new Map() }])).toMatch(/^[\x20-\x7e]+\n$/)
    expect(told(columnsText([]))).toEqual([])
  })

  it.each([1, 2, 3])('hold any mixture of what is known and what is not (seed %i)', seed => {
    const random = seededRandom(seed)
    const entries = Array.from({ length: 60 }, (_, n) => anyEntry(random, n))
    expect(told(columnsText(entries))).toEqual(entries)
  })

  it('ask for the fold of the session that it is', () => {
    const reads = new Map([['main', read]])
    const text = columnsText([
      { brief, goodbye: false, reads },
      { brief: bare, goodbye: false, reads },
    ])
    expect(storedSessions(text, ({ sessionId }) => `fold of ${sessionId}`).map(session => session.foldText())).toEqual([
      `fold of ${idOf(1)}`,
      `fold of ${idOf(2)}`,
    ])
  })
})

describe('a session in columns is current', () => {
  const sub = 'subagents/agent-1.jsonl'
  const text = columnsText([
    { brief: bare, goodbye: false, reads: new Map([['main', read]]) },
    {
      brief,
      goodbye: false,
      reads: new Map([
        ['main', read],
        [sub, { ...read, ino: 5 }],
      ]),
    },
  ])
  const [single, session] = storedSessions(text, () => null)
  const isCurrent = (...files: readonly FoundFile[]) => session?.isCurrent(filesOf(...files))

  it('while its files are the same', () => {
    expect(isCurrent(fileOf('main'), fileOf(sub, { ino: 5 }))).toBe(true)
    expect(isCurrent(fileOf('main', { mtimeMs: read.mtimeMs + 0.001 }), fileOf(sub, { ino: 5 }))).toBe(true)
    // What has no lines is not read.
    expect(isCurrent(fileOf('main'), fileOf(sub, { ino: 5 }), fileOf('tool-results/a.txt'))).toBe(true)
    expect([session?.endByte('main'), session?.endByte('other.jsonl')]).toEqual([900, null])
  })

  it.each<[string, boolean, readonly FoundFile[]]>([
    ['the same', true, [fileOf('main')]],
    ['of another size', false, [fileOf('main', { size: 913 })]],
    ['another file', false, [fileOf('main', { ino: 5 })]],
    ['gone', false, []],
    ["a sub-agent's only", false, [fileOf(sub)]],
    ['not the only one', false, [fileOf('main'), fileOf(sub)]],
    ['beside one without lines', true, [fileOf('main'), fileOf('tool-results/a.txt')]],
  ])('and so is one whose only file is %s: %s', (_what, isSame, files) => {
    expect(single?.isCurrent(filesOf(...files))).toBe(isSame)
  })

  it.each<[string, readonly FoundFile[]]>([
    ['has another size', [fileOf('main', { size: 913 }), fileOf(sub, { ino: 5 })]],
    ['has another time', [fileOf('main', { mtimeMs: read.mtimeMs + 0.01 }), fileOf(sub, { ino: 5 })]],
    ['is another file', [fileOf('main'), fileOf(sub)]],
    ['lies on another device', [fileOf('main', { dev: 1 }), fileOf(sub, { ino: 5 })]],
    ['is gone', [fileOf('main')]],
    ['is new', [fileOf('main'), fileOf(sub, { ino: 5 }), fileOf('subagents/agent-2.jsonl')]],
  ])('but not when one of them %s', (_what, files) => {
    expect(isCurrent(...files)).toBe(false)
  })
})

function anyEntry(random: Random, n: number): IndexEntry {
  const some = <K extends keyof BriefFacts>(name: K) => (random.chance(0.5) ? brief[name] : bare[name])
  const facts = Object.fromEntries(factNames.map(name => [name, some(name)])) as unknown as BriefFacts
  const count = random.int(0, 3)
  const reads = Array.from({ length: count }, (_, i) => {
    const state = {
      ...read,
      size: random.int(0, 1e9),
      ino: random.int(0, 2 ** 40),
      guard: random.chance(0.2) ? '' : read.guard,
    }
    return [i === 0 ? 'main' : `subagents/agent-${i}.jsonl`, state] as const
  })
  return { brief: { ...facts, sessionId: idOf(n) }, goodbye: random.chance(0.5), reads: new Map(reads) }
}
