import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { DetectedSession } from '../../shared/core/session.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { createDetector, type DetectorPorts, type DetectorProgress } from '../../shared/engine/transcript-detector.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('detector')
afterAll(() => removeScratchFolder(scratch))
const ports: DetectorPorts = nodePorts(() => {})
const { files } = nodePorts(() => {})

const idA = '0ecf3a5a-7992-4668-9faf-374392f83408'
const idB = '88d7150e-a12f-4ae5-92d5-5ca47c59438b'

let made = 0
/** A Claude folder with files given by their path below `projects`. */
function newRoot(content: Readonly<Record<string, string>> = {}): { root: string; at: (name: string) => string } {
  const root = path.join(scratch, String(made++))
  const at = (name: string) => path.join(root, 'projects', name)
  fs.mkdirSync(path.join(root, 'sessions'), { recursive: true })
  fs.mkdirSync(at(''))
  for (const [name, text] of Object.entries(content)) {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true })
    fs.writeFileSync(at(name), text)
  }
  return { root, at }
}

let clockMs = Date.UTC(2026, 10, 23)
const line = (record: object) =>
  `${JSON.stringify({ timestamp: new Date(clockMs++).toISOString(), version: '2.1.330', ...record })}\n`
const prompt = (text: string, more: object = {}) =>
  line({ type: 'user', message: { role: 'user', content: text }, cwd: scratch, sessionId: idA, ...more })
const writes = (id: string, file: string, more: object = {}) =>
  line({
    type: 'assistant',
    message: {
      id,
      model: 'claude-opus-5',
      content: [{ type: 'tool_use', id, name: 'Write', input: { file_path: file } }],
    },
    ...more,
  }) + line({ type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] }, ...more })

const detectorOf = (root: string, files: FileSystem = ports.files) =>
  createDetector({ ...ports, files }, { roots: [root] })
const detect = (...roots: string[]) => createDetector(ports, { roots }).refresh()
const titles = (sessions: readonly DetectedSession[]) => sessions.map(({ facts }) => facts.title)
const only = (sessions: readonly DetectedSession[]): DetectedSession => {
  expect(sessions).toHaveLength(1)
  return sessions[0] as DetectedSession
}
const failure = (code: string) => Object.assign(new Error(`${code}: made up`), { code })

/** Counts bytes of transcripts that are read, guards of 1 kB per file included. */
function countingFiles(): { files: FileSystem; bytes: () => number } {
  let bytes = 0
  const files: FileSystem = {
    ...ports.files,
    open: (at, mode) => {
      const file = ports.files.open(at, mode)
      const counted = String(at).endsWith('.jsonl')
      return {
        ...file,
        read: (into, position) => {
          const read = file.read(into, position)
          if (counted) bytes += read
          return read
        },
      }
    },
  }
  return { files, bytes: () => bytes }
}

describe('finding sessions', () => {
  it('takes files whose name is a session id, in any folder of projects, and nothing else', async () => {
    const { root } = newRoot({
      [`-home-x/${idA}.jsonl`]: prompt('lower case'),
      [`other/${idB.toUpperCase()}.jsonl`]: prompt('upper case', { sessionId: idB }),
      '-home-x/notes.jsonl': prompt('notes'),
      '-home-x/sessions-index.json': '{}',
      '-home-x/memory/MEMORY.md': '# x',
      [`-home-x/deeper/${idA}.jsonl`]: prompt('too deep'),
      'README.txt': 'no folder',
    })
    const found = await detect(root)
    expect(found.map(({ facts }) => [facts.sessionId, facts.title])).toEqual([
      [idB, 'upper case'],
      [idA, 'lower case'],
    ])
  })

  it('gathers all files of a session, wherever its folder lies, the main one first', async () => {
    const { root, at } = newRoot({
      [`now/${idA}.jsonl`]: prompt('main'),
      [`before/${idA}/subagents/agent-1f.jsonl`]: writes('t1', '/sub', { isSidechain: true }),
      [`before/${idA}/subagents/agent-1f.meta.json`]: '{"agentType":"x"}',
      [`before/${idA}/subagents/workflows/w1/agent-2f.jsonl`]: writes('t2', '/deep', { isSidechain: true }),
      [`now/${idA}/tool-results/b5h.txt`]: 'x'.repeat(60),
      [`now/${idB}/tool-results/lost.txt`]: 'of a session without a file of its own',
    })
    const session = only(await detect(root))
    expect(session.streams.map(({ name, path: file, completeBytes }) => [name, file, completeBytes])).toEqual(
      [
        ['main', `now/${idA}.jsonl`],
        ['subagents/agent-1f.jsonl', `before/${idA}/subagents/agent-1f.jsonl`],
        ['subagents/agent-1f.meta.json', `before/${idA}/subagents/agent-1f.meta.json`],
        ['subagents/workflows/w1/agent-2f.jsonl', `before/${idA}/subagents/workflows/w1/agent-2f.jsonl`],
        ['tool-results/b5h.txt', `now/${idA}/tool-results/b5h.txt`],
      ].map(([name = '', file = '']) => [name, at(file), fs.statSync(at(file)).size]),
    )
    expect(session.facts.filesChanged.map(file => [file.path, file.stream])).toEqual([
      ['/sub', 'subagents/agent-1f.jsonl'],
      ['/deep', 'subagents/workflows/w1/agent-2f.jsonl'],
    ])
    expect(session.facts.counts).toMatchObject({ lines: 5, toolCalls: 2, prompts: 1, messages: 1 })
    expect(session.problems).toEqual([])
  })

  it('gives sub-agents that lie beside the sessions to the session that they name', async () => {
    const { root } = newRoot({
      [`x/${idA}.jsonl`]: prompt('main'),
      'x/agent-77.jsonl': `broken\n${writes('t1', '/legacy', { isSidechain: true, sessionId: idA })}`,
      'x/agent-88.jsonl': writes('t2', '/orphan', { isSidechain: true, sessionId: idB }),
      'x/agent-99.jsonl': '',
    })
    const session = only(await detect(root))
    expect(session.streams.map(({ name }) => name)).toEqual(['main', 'legacy/agent-77.jsonl'])
    expect(session.facts.filesChanged).toMatchObject([{ path: '/legacy', stream: 'legacy/agent-77.jsonl' }])
  })

  it('looks in all roots, and a root that is not there holds no sessions', async () => {
    const [a, b] = [
      newRoot({ [`x/${idA}.jsonl`]: prompt('a') }),
      newRoot({ [`x/${idB}.jsonl`]: prompt('b', { sessionId: idB }) }),
    ]
    const detector = createDetector(ports, { roots: [a.root, path.join(scratch, 'nowhere'), b.root] })
    expect(titles(await detector.refresh())).toEqual(['b', 'a'])
    expect(detector.notices()).toEqual([])
  })

  it('reads the larger of two files of one session, and says so', async () => {
    const short = prompt('first')
    const [a, b] = [newRoot({ [`x/${idA}.jsonl`]: short }), newRoot({ [`y/${idA}.jsonl`]: short + prompt('second') })]
    const session = only(await detect(a.root, b.root))
    expect(session.facts.counts.prompts).toBe(2)
    expect(session.problems).toEqual([
      `Found twice: ${b.at(`y/${idA}.jsonl`)} is read, ${a.at(`x/${idA}.jsonl`)} is smaller or older and is left alone`,
    ])
  })

  it('reads the newer of two files of equal size', async () => {
    const { root, at } = newRoot({ [`x/${idA}.jsonl`]: prompt('old'), [`y/${idA}.jsonl`]: prompt('new') })
    fs.utimesSync(at(`x/${idA}.jsonl`), 1_000, 1_000)
    expect(titles(await detect(root))).toEqual(['new'])
  })

  it('counts once what two roots or two folders show by links', async () => {
    const { root, at } = newRoot({
      [`x/${idA}.jsonl`]: prompt('one'),
      'x/agent-1.jsonl': writes('t', '/f', { sessionId: idA }),
    })
    fs.symlinkSync(at('x'), at('link'))
    fs.symlinkSync(root, `${root}-link`)
    const session = only(await detect(root, `${root}-link`))
    expect(session.facts.counts).toMatchObject({ prompts: 1, toolCalls: 1 })
    expect(session.problems).toEqual([])
  })

  it('gives a session with an empty file, of which nothing is known yet', async () => {
    const { root } = newRoot({ [`x/${idA}.jsonl`]: '' })
    expect(only(await detect(root))).toMatchObject({
      facts: { title: '', cwd: null, counts: { lines: 0 } },
      project: null,
      streams: [{ completeBytes: 0, sizeBytes: 0 }],
    })
  })

  it('orders by last activity, not by the time of the file', async () => {
    const { root, at } = newRoot({ [`x/${idA}.jsonl`]: prompt('earlier'), [`x/${idB}.jsonl`]: prompt('later') })
    fs.utimesSync(at(`x/${idB}.jsonl`), 1_000, 1_000)
    expect(titles(await detect(root))).toEqual(['later', 'earlier'])
  })
})

describe('sessions that have much in common', () => {
  const repository = (name: string, ...below: string[]) => {
    const top = path.join(scratch, String(made++), name)
    for (const folder of ['objects', 'refs']) fs.mkdirSync(path.join(top, '.git', folder), { recursive: true })
    fs.writeFileSync(path.join(top, '.git', 'HEAD'), 'ref: refs/heads/main\n')
    fs.mkdirSync(path.join(top, ...below), { recursive: true })
    return top
  }
  const uuids = { uuid: '962961b3-f7f4-48c0-ae29-bc6191cd39d8', requestId: 'req_1' }

  it('a fork with the uuids and message ids of its source: each counts what its own file says', async () => {
    const shared = prompt('begin', uuids) + writes('m1', '/a', uuids)
    const source = shared + writes('m2', '/only/source')
    const fork = shared.replaceAll(idA, idB) + writes('m3', '/only/fork') + prompt('on', { sessionId: idB })
    const { root } = newRoot({ [`x/${idA}.jsonl`]: source, [`x/${idB}.jsonl`]: fork })
    const sessions = await detect(root)
    const told = new Map(
      sessions.map(({ facts }) => [
        facts.sessionId,
        [facts.counts.prompts, facts.counts.replies, facts.filesChanged.map(({ path: at }) => at), facts.forkedFrom],
      ]),
    )
    // `--fork-session` does not say where a copy comes from.
    expect(told.get(idA)).toEqual([1, 2, ['/a', '/only/source'], null])
    expect(told.get(idB)).toEqual([2, 2, ['/a', '/only/fork'], null])
  })

  it('a fork that says so is its own session, and so is what it does later', async () => {
    const mark = { forkedFrom: { sessionId: idA, messageUuid: uuids.uuid }, sessionId: idB }
    const { root, at } = newRoot({
      [`x/${idA}.jsonl`]: prompt('begin', uuids),
      [`x/${idB}.jsonl`]: prompt('begin', { ...uuids, ...mark }),
    })
    const detector = detectorOf(root)
    await detector.refresh()
    fs.appendFileSync(at(`x/${idB}.jsonl`), prompt('on', { sessionId: idB }))
    const sessions = new Map((await detector.refresh()).map(({ facts }) => [facts.sessionId, facts]))
    expect([sessions.get(idA)?.counts.prompts, sessions.get(idA)?.forkedFrom]).toEqual([1, null])
    expect([sessions.get(idB)?.counts.prompts, sessions.get(idB)?.forkedFrom]).toEqual([2, idA])
  })

  it('a message that stands in several lines, or again after a resume, is one reply', async () => {
    const again = writes('m1', '/a') + writes('m2', '/b') + writes('m1', '/a')
    const { root } = newRoot({ [`x/${idA}.jsonl`]: prompt('begin') + again })
    expect(only(await detect(root)).facts.counts).toMatchObject({ replies: 2, toolCalls: 3 })
  })

  it('one file with several cwds belongs to the repository of the last one, and knows the first', async () => {
    const [first, second] = [repository('first', 'src'), repository('second', 'lib', 'deep')]
    const inFirst = path.join(first, 'src')
    const deep = path.join(second, 'lib', 'deep')
    const { root, at } = newRoot({ [`x/${idA}.jsonl`]: prompt('a', { cwd: inFirst }) + prompt('b', { cwd: deep }) })
    const detector = detectorOf(root)
    const { facts, project } = only(await detector.refresh())
    expect([facts.firstCwd, facts.cwd, project]).toEqual([inFirst, deep, { root: second, name: 'second', kind: 'git' }])
    // The work of a sub-agent elsewhere moves nobody; going back does.
    fs.appendFileSync(at(`x/${idA}.jsonl`), prompt('c', { cwd: first, isSidechain: true }))
    expect(only(await detector.refresh()).project?.root).toBe(second)
    fs.appendFileSync(at(`x/${idA}.jsonl`), prompt('d', { cwd: first }))
    expect(only(await detector.refresh()).project?.root).toBe(first)
  })

  it('several projects in one folder of projects, whose name fits all of them, are told apart by their cwds', async () => {
    const [dashed, dotted] = [repository('my-app'), repository('my.app')]
    const { root } = newRoot({
      [`-home-my-app/${idA}.jsonl`]: prompt('one', { cwd: dashed }),
      [`-home-my-app/${idB}.jsonl`]: prompt('two', { cwd: dotted, sessionId: idB }),
    })
    const projects = new Map((await detect(root)).map(({ facts, project }) => [facts.sessionId, project]))
    expect(projects.get(idA)).toEqual({ root: dashed, name: 'my-app', kind: 'git' })
    expect(projects.get(idB)).toEqual({ root: dotted, name: 'my.app', kind: 'git' })
  })
})

describe('a second refresh', () => {
  it('reads nothing when nothing changed, and gives the same', async () => {
    const { root } = newRoot({
      [`x/${idA}.jsonl`]: prompt('a'),
      [`x/${idA}/subagents/agent-1.jsonl`]: prompt('s', { isSidechain: true }),
    })
    const { files, bytes } = countingFiles()
    const detector = detectorOf(root, files)
    const first = await detector.refresh()
    const after = bytes()
    expect(await detector.refresh()).toEqual(first)
    expect(bytes()).toBe(after)
  })

  it('reads only what a file grew by, and the torn line again', async () => {
    const { root, at } = newRoot({ [`x/${idA}.jsonl`]: prompt('a'.repeat(100_000)) })
    const { files, bytes } = countingFiles()
    const detector = detectorOf(root, files)
    await detector.refresh()
    const before = bytes()
    const more = prompt('more')
    fs.appendFileSync(at(`x/${idA}.jsonl`), more.slice(0, 50))
    const torn = only(await detector.refresh())
    expect(torn.facts.counts.prompts).toBe(1)
    expect(torn.streams[0]).toMatchObject({ sizeBytes: (torn.streams[0]?.completeBytes ?? 0) + 50 })
    fs.appendFileSync(at(`x/${idA}.jsonl`), more.slice(50))
    expect(only(await detector.refresh()).facts).toMatchObject({ counts: { prompts: 2, damagedLines: 0 } })
    // Each time the guard of 1 kB is read to check and to renew it.
    expect(bytes() - before).toBe(4 * 1_024 + 50 + more.length)
  })

  it('follows a file into another folder without reading it again', async () => {
    const { root, at } = newRoot({ [`old/${idA}.jsonl`]: prompt('a'.repeat(50_000)) })
    const { files, bytes } = countingFiles()
    const detector = detectorOf(root, files)
    const before = only(await detector.refresh())
    const read = bytes()
    fs.mkdirSync(at('new'))
    fs.renameSync(at(`old/${idA}.jsonl`), at(`new/${idA}.jsonl`))
    const after = only(await detector.refresh())
    expect(after.facts).toEqual(before.facts)
    expect(after.streams[0]?.path).toBe(at(`new/${idA}.jsonl`))
    expect(bytes()).toBe(read)
  })

  it.each([
    ['shrank', (file: string, text: string) => fs.writeFileSync(file, text.slice(0, text.indexOf('\n') + 1))],
    [
      'was replaced by another',
      (file: string) => {
        fs.writeFileSync(`${file}.new`, prompt('other').repeat(5))
        fs.renameSync(`${file}.new`, file)
      },
    ],
    [
      'was written anew in place, longer than before',
      (file: string) => fs.writeFileSync(file, prompt('rewritten').repeat(9)),
    ],
    [
      'was written anew in place, exactly as long',
      (file: string, text: string) => fs.writeFileSync(file, text.replaceAll('second', 'SECOND')),
    ],
    ['became empty', (file: string) => fs.truncateSync(file)],
    ['lost its torn last line', (file: string, text: string) => fs.truncateSync(file, text.length - 10)],
  ])('reads a file again that %s', async (_, change) => {
    const text = `${prompt('first') + prompt('second')}{"torn":"line"`
    const { root, at } = newRoot({ [`x/${idA}.jsonl`]: text })
    const detector = detectorOf(root)
    await detector.refresh()
    change(at(`x/${idA}.jsonl`), text)
    expect(await detector.refresh()).toEqual(await detect(root))
  })

  it('forgets sessions and streams that are gone', async () => {
    const { root, at } = newRoot({
      [`x/${idA}.jsonl`]: prompt('a'),
      [`x/${idA}/subagents/agent-1.jsonl`]: writes('t', '/sub', { isSidechain: true }),
      [`y/${idB}.jsonl`]: prompt('b', { sessionId: idB }),
    })
    const detector = detectorOf(root)
    expect(await detector.refresh()).toHaveLength(2)
    fs.rmSync(at(`x/${idA}`), { recursive: true })
    fs.rmSync(at('y'), { recursive: true })
    const left = only(await detector.refresh())
    expect(left.facts).toMatchObject({ sessionId: idA, filesChanged: [], counts: { toolCalls: 0, lines: 1 } })
    fs.rmSync(root, { recursive: true })
    expect(await detector.refresh()).toEqual([])
  })

  it('sees what was appended before it was asked, also when another refresh is under way', async () => {
    const { root, at } = newRoot({ [`x/${idA}.jsonl`]: prompt('a') })
    const detector = detectorOf(root)
    const first = detector.refresh()
    fs.appendFileSync(at(`x/${idA}.jsonl`), prompt('b'))
    const second = detector.refresh()
    await first
    expect(only(await second).facts.counts.prompts).toBe(2)
  })

  it.each([21, 22, 23])(
    'gives what a fresh detector gives, whatever happens to the files (invariant 1, seed %i)',
    async seed => {
      const random = seededRandom(seed)
      const { root, at } = newRoot({})
      const ids = [idA, idB, '5b2c066d-860d-41ee-85c3-7d6ecb44da9e']
      const detector = detectorOf(root)
      const names = ids.flatMap(id => [`${id}.jsonl`, `${id}/subagents/agent-1.jsonl`])
      let call = 0
      const record = () =>
        random.pick([
          () => prompt('x'.repeat(random.int(1, 4_000))),
          () => writes(`t${call++}`, `/file-${random.int(1, 5)}`),
          () => 'garbage\n',
          () => '{"type":"torn',
        ])()
      const steps: readonly ((file: string, other: string) => void)[] = [
        file => fs.appendFileSync(file, record()),
        file => fs.appendFileSync(file, record() + record()),
        file => fs.appendFileSync(file, '\n'),
        file => fs.writeFileSync(file, record()),
        file => fs.truncateSync(file, random.int(0, fs.statSync(file).size)),
        (file, other) => fs.renameSync(file, other),
        file => fs.rmSync(file),
      ]
      for (let round = 0; round < 40; round++) {
        for (let i = 0; i < 4; i++) {
          const name = random.pick(names)
          const [file, other] = random.chance(0.5)
            ? [at(`one/${name}`), at(`two/${name}`)]
            : [at(`two/${name}`), at(`one/${name}`)]
          for (const folder of [file, other]) fs.mkdirSync(path.dirname(folder), { recursive: true })
          fs.appendFileSync(file, '')
          random.pick(steps)(file, other)
        }
        expect(await detector.refresh()).toEqual(await detect(root))
      }
    },
  )
})

describe('a process that leaves one session for another', () => {
  it('holds the old one until the new id has a file, and then the new one (/clear, /resume)', async () => {
    const { root, at } = newRoot({ [`p/${idA}.jsonl`]: prompt('first') })
    const { pid, start } = ports.processes.self
    const hold = (sessionId: string) => {
      const entry = { pid, sessionId, procStart: start, pidDomain: ports.processes.pidDomain, status: 'idle' }
      fs.writeFileSync(path.join(root, 'sessions', `${pid}.json`), JSON.stringify(entry))
    }
    const detector = detectorOf(root)
    const statuses = async () => (await detector.refresh()).map(({ facts, live }) => [facts.title, live.status]).sort()
    hold(idA)
    const before = await statuses()
    hold(idB)
    const between = await statuses()
    fs.writeFileSync(at(`p/${idB}.jsonl`), prompt('second'))
    const after = await statuses()
    hold(idA)
    expect({ before, between, after, back: await statuses() }).toEqual({
      before: [['first', 'idle']],
      between: [['first', 'idle']],
      after: [
        ['first', 'ended'],
        ['second', 'idle'],
      ],
      back: [
        ['first', 'idle'],
        ['second', 'ended'],
      ],
    })
  })
})

describe('what cannot be read (invariant 2)', () => {
  /** `fail` answers with a code to fail with, or null. */
  const failing = (fail: (call: 'open' | 'list' | 'peek' | 'read', at: string) => string | null): FileSystem => {
    const check = (call: 'open' | 'list' | 'peek' | 'read', at: unknown) => {
      const code = fail(call, String(at))
      if (code !== null) throw failure(code)
    }
    return {
      ...files,
      peek: at => {
        check('peek', at)
        return files.peek(at)
      },
      list: at => {
        check('list', at)
        return files.list(at)
      },
      open: (at, mode) => {
        check('open', at)
        const file = files.open(at, mode)
        return {
          ...file,
          read: (into, position) => {
            check('read', at)
            return file.read(into, position)
          },
        }
      },
    }
  }
  const two = () => newRoot({ [`x/${idA}.jsonl`]: prompt('a'), [`y/${idB}.jsonl`]: prompt('b', { sessionId: idB }) })

  it('a transcript is a problem of its session, which is shown with its size', async () => {
    const { root, at } = two()
    const file = at(`x/${idA}.jsonl`)
    const detector = detectorOf(
      root,
      failing((call, name) => (call === 'open' && name === file ? 'EACCES' : null)),
    )
    const found = await detector.refresh()
    expect(titles(found)).toEqual(['b', ''])
    expect(found[1]).toMatchObject({
      problems: [`${file} cannot be read: EACCES`],
      streams: [{ completeBytes: 0, sizeBytes: fs.statSync(file).size }],
      project: null,
    })
  })

  it('a transcript is read as soon as it can be', async () => {
    const { root } = two()
    let broken = true
    const detector = detectorOf(
      root,
      failing(call => (call === 'read' && broken ? 'EIO' : null)),
    )
    const before = await detector.refresh()
    expect(before.map(({ problems }) => problems.length)).toEqual([1, 1])
    broken = false
    expect(await detector.refresh()).toEqual(await detect(root))
  })

  it('what was read of a transcript before it failed stays', async () => {
    const { root, at } = newRoot({
      [`x/${idA}.jsonl`]: prompt('x'.repeat(400_000)) + prompt('second') + prompt('y'.repeat(400_000)),
    })
    let reads = 0
    const detector = detectorOf(
      root,
      failing(call => (call === 'read' && ++reads === 3 ? 'EIO' : null)),
    )
    const broken = only(await detector.refresh())
    expect(broken.facts.counts.prompts).toBe(2)
    const text = fs.readFileSync(at(`x/${idA}.jsonl`))
    expect(broken.streams[0]?.completeBytes).toBe(text.lastIndexOf('\n', text.length - 2) + 1)
    expect(broken.problems).toEqual([`${at(`x/${idA}.jsonl`)} cannot be read: EIO`])
    expect(await detector.refresh()).toEqual(await detect(root))
  })

  it.each([null, 'EIO'])('or can (%s): one file is open at a time, and none is left open', async code => {
    const names = Array.from({ length: 300 }, (_, n) => `${idA.slice(0, -3)}${String(n).padStart(3, '0')}`)
    const content = names.map(id => [`x/${id}.jsonl`, prompt('x'.repeat(2_000), { sessionId: id }).repeat(3)])
    const { root } = newRoot(Object.fromEntries(content))
    let reads = 0
    const inner = failing(call => (call === 'read' && ++reads % 3 === 0 ? code : null))
    let open = 0
    let most = 0
    const counting: FileSystem = {
      ...inner,
      open: (at, mode) => {
        const file = inner.open(at, mode)
        most = Math.max(most, ++open)
        const close = () => {
          open -= 1
          file.close()
        }
        return { ...file, close }
      },
    }
    const detector = detectorOf(root, counting)
    expect(await detector.refresh()).toHaveLength(300)
    await detector.refresh()
    expect([most, open]).toEqual([1, 0])
  })

  it('a folder is a notice, and the other sessions are there', async () => {
    const { root, at } = two()
    const detector = detectorOf(
      root,
      failing((call, name) => (call === 'list' && name === at('x') ? 'EACCES' : null)),
    )
    expect(titles(await detector.refresh())).toEqual(['b'])
    expect(detector.notices()).toEqual([`The folder ${at('x')} cannot be read: EACCES`])
  })

  it('projects itself is a notice', async () => {
    const { root, at } = two()
    const detector = detectorOf(
      root,
      failing((call, name) => (call === 'list' && name === at('') ? 'EIO' : null)),
    )
    expect(await detector.refresh()).toEqual([])
    expect(detector.notices()).toEqual([`The folder ${at('')} cannot be read: EIO`])
  })

  it.each(['open', 'list', 'peek', 'read'] as const)(
    'a file or folder that vanishes at %s hides no other',
    async call => {
      const { root, at } = two()
      const gone = (failed: string, name: string) => (failed === call && name.startsWith(at('x')) ? 'ENOENT' : null)
      expect(titles(await detectorOf(root, failing(gone)).refresh())).toContain('b')
    },
  )

  it('links that lead in a circle are a notice', async () => {
    const { root, at } = two()
    fs.symlinkSync('loop', at('loop'))
    fs.symlinkSync('.', at('self'))
    fs.symlinkSync('nowhere', at('dangling'))
    const detector = detectorOf(root)
    expect(titles(await detector.refresh())).toEqual(['b', 'a'])
    expect(detector.notices()).toEqual([`The folder ${at('loop')} cannot be read: ELOOP`])
  })

  it('a transcript that is a link is left alone, and said', async () => {
    const { root, at } = two()
    const id = '5b2c066d-860d-41ee-85c3-7d6ecb44da9e'
    fs.symlinkSync('/etc/passwd', at(`x/${id}.jsonl`))
    fs.mkdirSync(at(`x/${idA}/tool-results`), { recursive: true })
    fs.symlinkSync('/etc', at(`x/${idA}/tool-results/etc`))
    const detector = detectorOf(root)
    const found = await detector.refresh()
    expect(titles(found)).toEqual(['b', 'a'])
    expect(found[1]?.problems).toEqual([`${at(`x/${idA}/tool-results/etc`)} is a link and is left alone`])
    expect(detector.notices()).toEqual([`${at(`x/${id}.jsonl`)} is a link and is left alone`])
  })

  it('names that no store could keep, and depths without end, are left out and said', async () => {
    const { root, at } = newRoot({
      [`x/${idA}.jsonl`]: prompt('a'),
      [`x/${idA}/tool-results/ spaced name.txt`]: 'x',
      [`x/${idA}/${'d/'.repeat(12)}deep.txt`]: 'x',
    })
    const session = only(await detect(root))
    expect(session.streams.map(({ name }) => name)).toEqual(['main'])
    expect(session.problems).toEqual([
      `${at(`x/${idA}/tool-results/ spaced name.txt`)} has a name that cannot be kept and is left out`,
      `${at(`x/${idA}/${'d/'.repeat(9)}`).slice(0, -1)} lies too deep and is left out`,
    ])
  })

  it('is logged once, not at every refresh', async () => {
    const { root, at } = two()
    fs.symlinkSync('loop', at('loop'))
    const logged: string[] = []
    const detector = createDetector({ ...ports, log: (_, message) => logged.push(message) }, { roots: [root] })
    await detector.refresh()
    await detector.refresh()
    expect(logged).toEqual(detector.notices())
  })

  it('but a defect of our own is not hidden, and the next refresh works', async () => {
    const { root } = two()
    let broken = true
    const detector = detectorOf(root, {
      ...files,
      list: at => {
        if (broken) throw new TypeError('a bug')
        return files.list(at)
      },
    })
    await expect(detector.refresh()).rejects.toThrow('a bug')
    broken = false
    expect(titles(await detector.refresh())).toEqual(['b', 'a'])
  })
})

describe('a refresh lets others run (invariant 3)', () => {
  it('every few milliseconds, also within one file, and tells how far it is', async () => {
    const { root, at } = newRoot({
      [`x/${idA}.jsonl`]: prompt('x'.repeat(100_000)).repeat(50),
      [`x/${idB}.jsonl`]: prompt('b', { sessionId: idB }),
    })
    // Each look at the clock costs 3 ms, so that every third step ends a slice.
    let nowMs = 0
    const clock = { ...ports.clock, monotonicMs: () => (nowMs += 3) }
    const detector = createDetector({ ...ports, clock }, { roots: [root] })
    let turns = 0
    let running = true
    const takeTurns = () => {
      turns += 1
      if (running) setImmediate(takeTurns)
    }
    setImmediate(takeTurns)
    const told: DetectorProgress[] = []
    await detector.refresh(progress => told.push(progress))
    running = false
    const totalBytes = [idA, idB].reduce((sum, id) => sum + fs.statSync(at(`x/${id}.jsonl`)).size, 0)
    expect(turns).toBeGreaterThan(5)
    expect(told.length).toBeGreaterThan(5)
    expect(told.at(-1)).toEqual({ done: 2, total: 2, doneBytes: totalBytes, totalBytes })
    expect(told.map(({ doneBytes }) => doneBytes)).toEqual(
      told.map(({ doneBytes }) => doneBytes).toSorted((a, b) => a - b),
    )
    await detector.refresh(progress => told.push(progress))
    expect(told.at(-1)).toEqual({ done: 2, total: 2, doneBytes: 0, totalBytes: 0 })
  })
})
