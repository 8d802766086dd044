import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { buildCorpus, type Corpus, type CorpusOptions } from './corpus.ts'
import type { CorpusSession } from './corpus-session.ts'
import { encodeProjectFolder } from './corpus-session.ts'
import { parse, readPlainly, splitLines } from './plain-reader.ts'
import { seededRandom } from './random.ts'
import { git, hasGit, touchWorkTree } from './repositories.ts'
import { makeScratchFolder, removeScratchFolder } from './scratch.ts'
import { commonCases, rareCases } from './transcript-cases.ts'

const scratch = makeScratchFolder('corpus')
afterAll(() => removeScratchFolder(scratch))

/** Built when the first test asks: the body of a skipped suite runs too. */
const once = <T>(make: () => T): (() => T) => {
  let value: T | undefined
  return () => {
    value ??= make()
    return value
  }
}

let made = 0
const build = (options: Omit<CorpusOptions, 'folder'>, folder = path.join(scratch, String(made++))): Corpus =>
  buildCorpus({ folder, ...options })

const transcripts = (session: CorpusSession) =>
  session.streams.filter(({ path: file }) => file.endsWith('.jsonl')).map(stream => stream.path)

function hashOfFiles(folder: string): string {
  const hash = createHash('sha256')
  for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = path.join(folder, name)
    hash.update(name)
    hash.update(fs.statSync(file).isFile() ? fs.readFileSync(file) : '')
  }
  return hash.digest('hex')
}

/** What a plain look at the files says, in the words of the truth. */
function looked(session: CorpusSession) {
  const plain = readPlainly(transcripts(session))
  const main = readPlainly([session.mainPath])
  return {
    lines: plain.lines,
    damagedLines: plain.damagedLines,
    toolCalls: plain.toolCalls,
    compactions: plain.compactions,
    firstActivityMs: plain.firstStampMs,
    lastActivityMs: plain.lastStampMs,
    firstCwd: main.firstCwd,
    cwd: main.lastCwd,
  }
}

function told({ truth }: CorpusSession) {
  const { lines, damagedLines, toolCalls, compactions } = truth.counts
  const { firstActivityMs, lastActivityMs, firstCwd, cwd } = truth
  return { lines, damagedLines, toolCalls, compactions, firstActivityMs, lastActivityMs, firstCwd, cwd }
}

/** The line that ends at `endByte` of a stream of the session. */
function lineEndingAt(session: CorpusSession, stream: string, endByte: number): string {
  const file = session.streams.find(({ name }) => name === stream)?.path ?? ''
  return splitLines(fs.readFileSync(file).subarray(0, endByte)).complete.at(-1)?.toString() ?? ''
}

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)
const quantile = (values: readonly number[], q: number) => sorted(values)[Math.floor(q * (values.length - 1))] ?? 0

describe.skipIf(!hasGit())('buildCorpus (skipped where git is not installed)', () => {
  describe.each(['small', 'nasty'] as const)('profile %s (seed 11)', profile => {
    const corpusOf = once(() => build({ seed: 11, sessions: 90, repositories: 6, profile, writeTruth: true }))

    it('tells what a plain look at the bytes shows: lines, damage, calls, compactions, times, folders', () => {
      const corpus = corpusOf()
      expect(corpus.sessions.map(looked)).toEqual(corpus.sessions.map(told))
    })

    it('counts complete bytes, and what is torn off only as size', () => {
      const corpus = corpusOf()
      for (const { mainPath, streams } of corpus.sessions) {
        const plain = readPlainly([mainPath])
        const [main] = streams
        expect(main).toMatchObject({
          name: 'main',
          path: mainPath,
          completeBytes: plain.completeBytes,
          sizeBytes: plain.completeBytes + plain.tornBytes,
        })
      }
    })

    it('points each changed file to the line that says so', () => {
      const corpus = corpusOf()
      const changes = corpus.sessions.flatMap(session =>
        session.truth.filesChanged.map(change => ({ session, change })),
      )
      expect(changes.length).toBeGreaterThan(90)
      for (const { session, change } of changes) {
        const record = parse(Buffer.from(lineEndingAt(session, change.stream, change.endByte)))
        expect(Date.parse(String(record?.['timestamp']))).toBe(change.atMs)
      }
    })

    it('never lets records that a reader may skip carry the first or last time', () => {
      const corpus = corpusOf()
      for (const session of corpus.sessions) {
        const plain = readPlainly(transcripts(session))
        expect([plain.firstReadStampMs, plain.lastReadStampMs]).toEqual([plain.firstStampMs, plain.lastStampMs])
      }
    })

    it('has sessions in every project, several in one, each file in the folder of a cwd of its session', () => {
      const corpus = corpusOf()
      const roots = corpus.sessions.flatMap(({ project }) => project?.root ?? [])
      expect(new Set(roots)).toEqual(new Set([...roots, ...corpus.repositories.map(({ root }) => root)]))
      const placed = corpus.sessions.filter(({ truth }) => truth.cwd !== null)
      for (const { projectFolder, truth } of placed) {
        const names = [truth.firstCwd, truth.cwd].map(cwd => encodeProjectFolder(cwd ?? ''))
        expect(names).toContain(path.basename(projectFolder))
      }
    })

    it('writes the same truth to truth.json', () => {
      const corpus = corpusOf()
      const file = JSON.parse(fs.readFileSync(path.join(corpus.folder, 'truth.json'), 'utf8'))
      const { grow, ...values } = corpus
      expect(grow).toBeTypeOf('function')
      expect(file).toEqual(JSON.parse(JSON.stringify(values)))
    })

    it('has a registry file of every kind, and says what each means', () => {
      const corpus = corpusOf()
      const accepted = corpus.sessions.slice(0, 6).map(({ live }) => live.accept)
      expect(accepted).toEqual([
        ['busy'],
        ['ended-abruptly'],
        ['ended-abruptly'],
        ['unknown'],
        ['ended', 'unknown'],
        ['ended', 'unknown'],
      ])
      expect(fs.readdirSync(corpus.sessionsDir)).toHaveLength(6)
      expect(corpus.sessions[0]?.live.pid).toBe(process.pid)
    })

    it('writes nothing newer than its present', () => {
      const corpus = corpusOf()
      const last = corpus.sessions.map(({ truth }) => truth.lastActivityMs ?? 0)
      expect(Math.max(...last)).toBeLessThanOrEqual(corpus.nowMs)
    })
  })

  it('gives the same bytes and the same commits for the same seed, and others for another (seeds 5, 5, 6)', () => {
    const folder = path.join(scratch, 'same-place')
    const look = (seed: number) => {
      const corpus = build({ seed, sessions: 40, repositories: 3, profile: 'nasty', registry: false }, folder)
      const seen = {
        hash: hashOfFiles(corpus.configDir),
        heads: corpus.repositories.map(({ head }) => head),
        sessions: corpus.sessions.map(({ truth }) => truth),
      }
      removeContents(folder)
      return seen
    }
    const first = look(5)
    expect(look(5)).toEqual(first)
    expect(look(6).hash).not.toBe(first.hash)
  })

  it('has no damaged line outside the nasty profile, and every one of its cases in it (seed 12)', () => {
    const small = build({ seed: 12, sessions: 60, repositories: 2, profile: 'small' })
    const nasty = build({ seed: 12, sessions: 90, repositories: 2, profile: 'nasty' })
    expect(small.sessions.map(({ truth }) => truth.counts.damagedLines)).toEqual(small.sessions.map(() => 0))
    const seen = new Set(nasty.sessions.flatMap(session => session.cases))
    const files = [
      'branch',
      'fork',
      'moved-into-worktree',
      'worktree-and-back',
      'sub-folder',
      'other-project',
      'titles-only',
    ]
    for (const name of [...commonCases, ...rareCases].map(({ name }) => name)) expect(seen).toContain(name)
    for (const name of files) expect(seen).toContain(name)
    const lines = nasty.sessions.map(({ mainPath }) => readPlainly([mainPath]).longestLine)
    expect(Math.max(...lines)).toBeGreaterThan(2_000_000)
    expect(Math.max(...lines)).toBeLessThan(16_000_000)
    expect(nasty.sessions.some(({ mainPath }) => readPlainly([mainPath]).tornBytes > 0)).toBe(true)
  })

  it('has the sizes of real life in the real profile: log-normal, most small, few large (seed 13)', () => {
    const corpus = build({ seed: 13, sessions: 400, repositories: 1, profile: 'real' })
    const sizes = corpus.sessions.map(({ streams }) => streams[0]?.sizeBytes ?? 0)
    expect(quantile(sizes, 0.5)).toBeGreaterThan(100_000)
    expect(quantile(sizes, 0.5)).toBeLessThan(300_000)
    expect(quantile(sizes, 0.95)).toBeGreaterThan(1_000_000)
    expect(quantile(sizes, 0.95)).toBeLessThan(8_000_000)
    expect(quantile(sizes, 1)).toBeLessThan(15_000_000)
  })

  it('says of each repository exactly what git says (seed 14)', () => {
    const corpus = build({ seed: 14, sessions: 1, repositories: 6, profile: 'small' })
    const repositories = corpus.repositories.filter(({ kind }) => kind === 'git')
    expect(repositories).toHaveLength(6)
    const codes = { modified: ' M', staged: 'A ', untracked: '??', deleted: ' D' }
    for (const tree of repositories) {
      const listed = git(tree.root, 'status', '--porcelain', '-z', '--untracked-files=all')
        .split('\0')
        .filter(Boolean)
        .sort()
      expect(listed).toEqual(tree.changes.map(({ path: name, change }) => `${codes[change]} ${name}`).sort())
      expect(git(tree.root, 'symbolic-ref', '--short', 'HEAD').trim()).toBe(tree.branch)
      expect(git(tree.root, 'branch', '-r', '--contains', 'HEAD').trim() !== '').toBe(tree.pushed)
    }
    expect(encodeProjectFolder(repositories[0]?.root ?? '')).toBe(encodeProjectFolder(repositories[1]?.root ?? ''))
  })
})

describe.skipIf(!hasGit())('growing a corpus (skipped where git is not installed)', () => {
  const corpusOf = once(() => build({ seed: 21, sessions: 40, repositories: 2, profile: 'nasty' }))

  it('appends one line for a prompt, and the truth grows with it', () => {
    const corpus = corpusOf()
    const [before] = corpus.sessions as [CorpusSession]
    const after = corpus.grow(before, { prompt: 'And now the tests, please' })
    expect(after.truth.counts.prompts).toBe(before.truth.counts.prompts + 1)
    expect(after.truth.lastPrompts.at(-1)?.text).toBe('And now the tests, please')
    expect(told(after)).toEqual(looked(after))
  })

  it('keeps what was there byte for byte, torn tails apart, for every session', () => {
    const corpus = corpusOf()
    for (const before of corpus.sessions.slice(1)) {
      const bytes = fs.readFileSync(before.mainPath)
      const after = corpus.grow(before, { turns: 1, edits: ['/tmp/edited.ts'] })
      expect(fs.readFileSync(before.mainPath).subarray(0, bytes.length).equals(bytes)).toBe(true)
      expect(after.truth.filesChanged.map(({ path: name }) => name)).toContain('/tmp/edited.ts')
      expect(told(after)).toEqual(looked(after))
    }
  })

  it('touches a work tree as a Bash command would, and says what it did', () => {
    const corpus = corpusOf()
    const tree = corpus.repositories.find(({ kind }) => kind === 'git')
    const root = tree?.root ?? ''
    const touched = touchWorkTree({ root }, seededRandom(1), { modify: 2, add: 3, remove: ['README.md'] })
    const status = git(root, 'status', '--porcelain', '--untracked-files=all')
    expect(touched.added).toHaveLength(3)
    for (const name of [...touched.modified, ...touched.added, ...touched.removed]) expect(status).toContain(name)
  })
})

function removeContents(folder: string): void {
  for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name), { recursive: true })
}
