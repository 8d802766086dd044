/** The promises of session detection under damage, restarts and everything that a disk may hold. */
import fs from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { lineWalkCode } from '../../build/line-walk.ts'
import type { DetectedSession } from '../../shared/core/session.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { createDetector, type DetectorPorts } from '../../shared/engine/transcript-detector.ts'
import { buildCorpus } from '../support/corpus.ts'
import { fuzzDetector } from '../support/fuzz-transcripts.ts'
import { plainSessions } from '../support/plain-sessions.ts'
import { seededRandom } from '../support/random.ts'
import { makeChaos } from '../support/transcript-chaos.ts'
import type { Campaign, CampaignContext, CampaignResult } from './campaign.ts'

const count = (value: number) => value.toLocaleString('en-GB')
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
const ports: DetectorPorts = nodePorts(() => {})

async function fuzz({ seed, home, say }: CampaignContext): Promise<readonly CampaignResult[]> {
  lineWalkCode() // so that what is tried is what ships
  const scratch = home()
  const options = { folder: path.join(scratch.folder, 'corpus'), seed, sessions: 150, repositories: 4 } as const
  const corpus = buildCorpus({ ...options, profile: 'nasty' })
  const transcripts = corpus.sessions.flatMap(({ streams }) =>
    streams.filter(({ sizeBytes }) => sizeBytes < 400_000).map(stream => fs.readFileSync(stream.path)),
  )
  const registry = fs
    .readdirSync(corpus.sessionsDir)
    .filter(name => name.endsWith('.json'))
    .map(name => fs.readFileSync(path.join(corpus.sessionsDir, name)))
  say(`${transcripts.length} transcripts and ${registry.length} registry files to begin with`)
  globalThis.gc?.()
  const result = fuzzDetector(seededRandom(seed), transcripts, registry, { folder: scratch.folder, count: 25_000 })
  const figures = [
    `${count(result.transcripts)} transcripts and ${count(result.registryFiles)} registry files, ${megabytes(result.bytes)}`,
    `${count(result.lines)} lines, ${count(result.damagedLines)} counted as damaged`,
    `at most ${Math.ceil(result.largestFoldBytes / 1_000)} kB kept of one, ${Math.round(result.slowestMs)} ms the slowest`,
    `${megabytes(process.resourceUsage().maxRSS * 1024)} at the peak`,
  ]
  return [{ title: 'damaged at random', figures: figures.join('; '), failures: result.failures.slice(0, 5) }]
}

async function restarts({ seed, home }: CampaignContext): Promise<readonly CampaignResult[]> {
  const scratch = home()
  const failures: string[] = []
  const worlds = 60
  const rounds = 40
  for (let i = 0; i < worlds; i++) {
    const folder = path.join(scratch.folder, String(i))
    const random = seededRandom(`${seed} ${i}`)
    const { root, stir } = makeChaos(path.join(folder, 'claude'), random)
    const start = () => createDetector(ports, { roots: [root], indexFolder: path.join(folder, 'index') })
    let detector = start()
    await detector.refresh()
    for (let round = 0; round < rounds; round++) {
      const paths = stir()
      if (random.chance(0.5)) await detector.refreshPaths(paths)
      if (random.chance(0.4)) {
        await detector.close()
        detector = start()
      }
      const found = plainSessions(await detector.refresh())
      const fresh = plainSessions(await createDetector(ports, { roots: [root] }).refresh())
      if (!isDeepStrictEqual(found, fresh)) failures.push(`world ${i}, round ${round}`)
    }
    await detector.close()
  }
  const figures = `${count(worlds * rounds)} rounds of appends in pieces, rewrites, moves, cuts and deletions, compared with a fresh reading`
  return [{ title: 'restarts in between', figures, failures: failures.slice(0, 5) }]
}

const idOf = (n: number) => `0ecf3a5a-7992-4668-9faf-${n.toString(16).padStart(12, '0')}`
const promptLine = `${JSON.stringify({ type: 'user', message: { content: 'hello' }, cwd: '/x', version: '2.1.330' })}\n`

/** Beside one ordinary session, which must be found whatever else there is. */
async function badInput({ home, say }: CampaignContext): Promise<readonly CampaignResult[]> {
  const results: CampaignResult[] = []
  for (const [title, prepare, promise] of badInputs) {
    say(title)
    const root = path.join(home().folder, 'claude')
    const projects = path.join(root, 'projects', 'x')
    fs.mkdirSync(projects, { recursive: true })
    fs.writeFileSync(path.join(projects, `${idOf(0)}.jsonl`), promptLine)
    const detectorPorts = prepare(root, projects)
    const fromMs = performance.now()
    const detector = createDetector(detectorPorts, { roots: [root] })
    const found = await detector.refresh()
    const seconds = ((performance.now() - fromMs) / 1000).toFixed(1)
    const ordinary = found.find(({ facts }) => facts.sessionId === idOf(0))
    const broken = [
      ...(ordinary?.facts.counts.prompts === 1 ? [] : ['the ordinary session suffered']),
      ...promise(found, detector.notices()),
    ]
    const told = [...detector.notices(), ...found.flatMap(({ problems }) => problems)].slice(0, 2).join('; ')
    const figures = `${count(found.length)} sessions in ${seconds} s${told === '' ? '' : `; said: ${told.replaceAll(root, '…')}`}`
    results.push({ title, figures, failures: broken })
  }
  return results
}

type BadInput = readonly [
  title: string,
  prepare: (root: string, projects: string) => DetectorPorts,
  /** What is not as promised, in words. */
  promise: (found: readonly DetectedSession[], notices: readonly string[]) => readonly string[],
]

const factsOf = (found: readonly DetectedSession[], n: number) =>
  found.find(({ facts }) => facts.sessionId === idOf(n))?.facts
const unless = (kept: boolean, what: string) => (kept ? [] : [what])
const failingAt = (call: 'open' | 'list', code: string, isIt: (at: string) => boolean): DetectorPorts => {
  const refuse = (at: unknown) => {
    if (isIt(String(at))) throw Object.assign(new Error(`${code}: made up`), { code })
  }
  const files: DetectorPorts['files'] = {
    ...ports.files,
    open: (at, mode) => {
      if (call === 'open') refuse(at)
      return ports.files.open(at, mode)
    },
    list: at => {
      if (call === 'list') refuse(at)
      return ports.files.list(at)
    },
  }
  return { ...ports, files }
}

const badInputs: readonly BadInput[] = [
  [
    'a sparse transcript of 2 GB',
    (_, projects) => {
      const file = path.join(projects, `${idOf(1)}.jsonl`)
      fs.writeFileSync(file, promptLine)
      fs.truncateSync(file, 2_147_483_648)
      fs.appendFileSync(file, `\n${promptLine}`)
      return ports
    },
    found => {
      const counts = factsOf(found, 1)?.counts
      return unless(counts?.prompts === 2 && counts.overlongLines === 1, 'its other lines were not read')
    },
  ],
  [
    'a line of 64 MB and one more byte, and one of exactly 64 MB',
    (_, projects) => {
      const file = path.join(projects, `${idOf(1)}.jsonl`)
      const limit = 67_108_864
      fs.writeFileSync(file, `${'x'.repeat(limit + 1)}\n${'y'.repeat(limit)}\n${promptLine}`)
      return ports
    },
    found => {
      const counts = factsOf(found, 1)?.counts
      return unless(
        counts?.prompts === 1 && counts.overlongLines === 1 && counts.damagedLines === 1,
        'the long lines were not told apart',
      )
    },
  ],
  [
    'a folder that vanishes while it is read',
    (root, projects) => {
      const gone = path.join(root, 'projects', 'gone')
      fs.mkdirSync(gone)
      for (let n = 1; n <= 500; n++) fs.writeFileSync(path.join(gone, `${idOf(n)}.jsonl`), promptLine)
      let opened = 0
      const files: DetectorPorts['files'] = {
        ...ports.files,
        open: (at, mode) => {
          if (String(at).startsWith(gone) && ++opened === 100) fs.rmSync(gone, { recursive: true })
          return ports.files.open(at, mode)
        },
      }
      void projects
      return { ...ports, files }
    },
    found =>
      unless(
        found.filter(({ problems }) => problems.some(problem => problem.includes('vanished'))).length > 300,
        'it was not said which files vanished',
      ),
  ],
  [
    'a transcript that may not be read',
    (_, projects) => {
      fs.writeFileSync(path.join(projects, `${idOf(1)}.jsonl`), promptLine)
      return failingAt('open', 'EACCES', at => at.endsWith(`${idOf(1)}.jsonl`))
    },
    found =>
      unless(
        found.some(({ problems }) => problems.join().includes('EACCES')),
        'it was not said',
      ),
  ],
  [
    'a project folder that may not be read',
    root => {
      fs.mkdirSync(path.join(root, 'projects', 'closed'))
      return failingAt('list', 'EACCES', at => at.endsWith('closed'))
    },
    (_, notices) => unless(notices.join().includes('EACCES'), 'it was not said'),
  ],
  [
    'links in a circle',
    (root, projects) => {
      fs.symlinkSync(path.join(root, 'projects'), path.join(root, 'projects', 'up'))
      fs.symlinkSync(path.join(root, 'projects', 'self'), path.join(root, 'projects', 'self'))
      fs.symlinkSync(projects, path.join(projects, idOf(2)))
      fs.mkdirSync(path.join(projects, idOf(0)))
      fs.symlinkSync(root, path.join(projects, idOf(0), 'subagents'))
      return ports
    },
    found => unless(found.length === 1, 'a session was found more than once'),
  ],
  [
    '100,000 files',
    (root, projects) => {
      for (let n = 1; n < 60_000; n++) fs.writeFileSync(path.join(projects, `${idOf(n)}.jsonl`), promptLine)
      const results = path.join(projects, idOf(0), 'tool-results')
      fs.mkdirSync(results, { recursive: true })
      for (let n = 0; n < 40_000; n++) fs.writeFileSync(path.join(results, `${n}.txt`), '')
      void root
      return ports
    },
    found => [
      ...unless(found.length === 60_000, 'a session is missing'),
      ...unless(
        found.some(({ problems }) => problems.length > 0),
        'it was not said that some files are left out',
      ),
    ],
  ],
]

export const detect: Campaign = {
  summary: 'session detection: damaged transcripts, restarts, everything that a disk may hold',
  parts: { fuzz, restarts, 'bad-input': badInput },
}
