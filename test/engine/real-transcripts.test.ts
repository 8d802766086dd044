/**
 * What the detector says of transcripts that the real Claude Code wrote. The expected values were taken from the raw
 * files by hand and by another program, never from the detector's own answers.
 */
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DetectedSession, SessionFacts } from '../../shared/core/session.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Processes } from '../../shared/engine/ports.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'

const fixtures = path.join(import.meta.dirname, '../fixtures/claude-code')
const ports = nodePorts(() => {})
const recordedDomain = 'linux:00000000000000000000000000000000:pid:[4026531836]'
const nobodyLives: Processes = { ...ports.processes, pidDomain: recordedDomain, find: () => null }

async function detect(folder: string, processes = nobodyLives): Promise<ReadonlyMap<string, DetectedSession>> {
  const found = await createDetector({ ...ports, processes }, { roots: [path.join(fixtures, folder)] }).refresh()
  return new Map(found.map(session => [session.facts.sessionId.slice(0, 8), session]))
}
const sessions = await detect('config-dir')

const proj1 = '/home/dev/work/proj1'
const hello = `${proj1}/hello.txt`
const opus = 'claude-opus-5-5'
const sonnet = 'claude-sonnet-5-5'

/** [id, title, where it comes from, cwd, branch, model, context tokens, percent] */
const looks = [
  ['7faa525b', 'SCEN=hello', 'prompt', '/home/dev/work/enc/a b-c d e', 'HEAD', opus, 15_354, 2],
  ['9d5360ed', 'SCEN=hello', 'prompt', '/home/dev/work/enc/a-b.c_d e', 'HEAD', opus, 15_354, 2],
  ['00a93f39', 'SCEN=image DIR=/home/dev/work/proj1', 'prompt', proj1, 'ext-branch', sonnet, 16_365, 2],
  ['023f0a09', 'SCEN=bigline BYTES=60000', 'prompt', proj1, 'feature/mid-session', opus, 16_365, 2],
  ['0ecf3a5a', 'my-renamed-session', 'custom', proj1, 'feature/mid-session', opus, 16_365, 2],
  ['12eed295', 'SCEN=files DIR=/home/dev/work/proj1 please', 'prompt', proj1, 'main', opus, 20_409, 2],
  ['5b2c066d', 'SCEN=agentbg', 'prompt', proj1, 'main', opus, 17_376, 2],
  ['64fc1247', 'SCEN=multi DIR=/home/dev/work/proj1', 'prompt', proj1, 'main', opus, 16_365, 2],
  ['70650c0e', 'SCEN=slowbash N=45', 'prompt', proj1, 'feature/mid-session', opus, 17_376, 2],
  ['76e7d302', 'my-branch', 'custom', proj1, 'ext-branch', sonnet, 30_519, 3],
  ['88d7150e', '/demo with args', 'prompt', proj1, 'ext-branch', sonnet, 29_508, 3],
  ['908281d0', 'SCEN=hello', 'prompt', proj1, 'feature/mid-session', opus, 17_376, 2],
  ['91de4bc7', 'SCEN=agent', 'prompt', proj1, 'main', opus, 16_365, 2],
  ['9229065e', 'my-renamed-session', 'custom', proj1, 'feature/mid-session', opus, 15_354, 2],
  ['f81991b1', 'SCEN=hello', 'prompt', proj1, 'feature/mid-session', opus, 18_387, 2],
] as const

/** [id, prompts, replies, tool calls, lines in all files, first and last activity on 2026-11-23] */
const counts = [
  ['7faa525b', 1, 1, 0, 24, '02:11:58.784', '02:11:58.966'],
  ['9d5360ed', 1, 1, 0, 24, '02:11:58.232', '02:11:58.414'],
  ['00a93f39', 1, 2, 1, 33, '02:37:42.984', '02:37:44.079'],
  ['023f0a09', 1, 2, 1, 32, '02:01:51.426', '02:01:52.214'],
  ['0ecf3a5a', 10, 19, 9, 224, '02:03:49.812', '02:07:17.390'],
  ['12eed295', 1, 6, 5, 50, '02:00:07.307', '02:00:08.724'],
  ['5b2c066d', 1, 3, 2, 63, '02:01:34.493', '02:01:40.223'],
  ['64fc1247', 1, 2, 3, 39, '02:01:23.582', '02:01:24.273'],
  ['70650c0e', 2, 2, 1, 48, '02:10:45.199', '02:11:41.659'],
  ['76e7d302', 8, 16, 6, 120, '02:26:22.699', '02:34:14.404'],
  ['88d7150e', 11, 17, 7, 220, '02:26:22.699', '02:32:55.908'],
  ['908281d0', 3, 3, 0, 47, '02:10:54.640', '02:11:22.009'],
  ['91de4bc7', 1, 2, 2, 57, '02:01:31.673', '02:01:33.531'],
  ['9229065e', 2, 1, 0, 42, '02:07:43.110', '02:09:19.830'],
  ['c3fd1d5e', 1, 0, 0, 23, '02:01:54.820', '02:01:55.069'],
  ['f81991b1', 4, 4, 0, 42, '02:10:54.640', '02:11:22.757'],
] as const

const factsOf = (id: string): SessionFacts | undefined => sessions.get(id)?.facts
const at = (time: string) => Date.parse(`2026-11-23T${time}Z`)

describe('every real session', () => {
  it('is found, once, without a problem', () => {
    expect([...sessions.keys()].sort()).toEqual(counts.map(([id]) => id).sort())
    expect([...sessions.values()].flatMap(({ problems }) => problems)).toEqual([])
  })

  it.each(looks)(
    '%s is called %j (%s), in %s on %s, by %s',
    (id, title, titleSource, cwd, branch, model, tokens, percent) => {
      expect(factsOf(id)).toMatchObject({
        title,
        titleSource,
        cwd,
        firstCwd: cwd,
        branch,
        model,
        version: '2.1.330',
        context: { tokens, windowTokens: 1_000_000, percent },
      })
    },
  )

  it.each(counts)(
    '%s has %i prompts, %i replies, %i tool calls in %i lines, from %s to %s',
    (id, prompts, replies, toolCalls, lines, first, last) => {
      expect(factsOf(id)).toMatchObject({
        counts: { messages: prompts + replies, prompts, replies, toolCalls, lines, damagedLines: 0, overlongLines: 0 },
        firstActivityMs: at(first),
        lastActivityMs: at(last),
      })
    },
  )

  it('changed these files, with success, and no others', () => {
    const changed = [...sessions].flatMap(([id, { facts }]) =>
      facts.filesChanged.map(file => [id, file.path, file.changes, file.stream, file.atMs]),
    )
    expect(changed.sort()).toEqual([
      ['0ecf3a5a', hello, 3, 'main', at('02:03:51.107')],
      ['12eed295', hello, 3, 'main', at('02:00:08.145')],
      ['64fc1247', `${proj1}/multi.txt`, 1, 'main', at('02:01:24.115')],
    ])
  })

  it('was compacted twice in one case and never in the others', () => {
    const compacted = [...sessions].filter(([, { facts }]) => facts.counts.compactions > 0)
    expect(compacted.map(([id, { facts }]) => [id, facts.counts.compactions])).toEqual([['0ecf3a5a', 2]])
  })

  it('was forked from another where its records say so', () => {
    const forks = [...sessions].flatMap(([id, { facts }]) =>
      facts.forkedFrom === null ? [] : [[id, facts.forkedFrom]],
    )
    expect(forks).toEqual([['76e7d302', '88d7150e-a12f-4ae5-92d5-5ca47c59438b']])
  })

  it('has all its files, whole', () => {
    const more = [...sessions].flatMap(([id, { streams }]) =>
      streams.slice(1).map(({ name, completeBytes }) => [id, name, completeBytes]),
    )
    expect(more.sort()).toEqual([
      ['023f0a09', 'tool-results/b5hgqqu7y.txt', 60_000],
      ['0ecf3a5a', 'custom-title.json', 36],
      ['5b2c066d', 'subagents/agent-a70cec9f6b671d616.jsonl', 95_778],
      ['5b2c066d', 'subagents/agent-a70cec9f6b671d616.meta.json', 315],
      ['76e7d302', 'custom-title.json', 27],
      ['88d7150e', 'subagents/agent-a722022dd331ed1ee.jsonl', 97_403],
      ['88d7150e', 'subagents/agent-a722022dd331ed1ee.meta.json', 319],
      ['91de4bc7', 'subagents/agent-a9954a3ad5bb16980.jsonl', 106_736],
      ['91de4bc7', 'subagents/agent-a9954a3ad5bb16980.meta.json', 273],
      ['9229065e', 'custom-title.json', 36],
    ])
    expect([...sessions.values()].map(({ streams }) => streams[0]?.name)).toEqual(Array(16).fill('main'))
  })
})

describe('single sessions', () => {
  it('0ecf3a5a: a prompt typed while busy counts, commands and notifications do not', () => {
    expect(factsOf('0ecf3a5a')).toMatchObject({
      lastPrompts: [
        { text: 'SCEN=ask' },
        { text: 'SCEN=slowblocks MS=400' },
        { text: 'SCEN=bigusage TOK=150000' },
        { text: 'SCEN=bigusage TOK=970000' },
        { text: 'SCEN=hello after big' },
      ],
      lastCommands: ['echo out; echo err 1>&2; git status --short | head -5', 'sleep 8', 'sleep 30', 'echo after-slow'],
      lastReply: 'Hello from the mock model.',
      entrypoint: 'cli',
    })
  })

  it('c3fd1d5e: an API error is neither a reply nor a context', () => {
    expect(factsOf('c3fd1d5e')).toMatchObject({
      title: 'SCEN=toolong',
      model: null,
      context: null,
      lastReply: null,
      cwd: proj1,
    })
  })

  it('88d7150e: prompts of two writers, and cancelled ones, all count', () => {
    expect(factsOf('88d7150e')?.lastPrompts.map(({ text }) => text)).toEqual([
      'SCEN=hello concurrent',
      'SCEN=hello othercwd',
      'SCEN=plan',
      'SCEN=bgbash N=8',
      'SCEN=agentbg',
    ])
  })
})

describe('live state of the real sessions', () => {
  it('is ended abruptly where a killed process left its entry, and ended otherwise', () => {
    const states = [...sessions].map(([id, { live }]) => [id, live.status])
    expect(states.filter(([, status]) => status !== 'ended').sort()).toEqual([
      ['70650c0e', 'ended-abruptly'],
      ['9229065e', 'ended-abruptly'],
    ])
    // It was resumed after the kill, and that process ended cleanly.
    expect(sessions.get('70650c0e')?.live.note).toContain('ended cleanly')
    expect(sessions.get('9229065e')?.live.note).toBeNull()
  })

  it('was busy while the recorded processes ran', async () => {
    const starts = new Map([
      [8798, '239075'],
      [18849, '284682'],
    ])
    const then = await detect('config-dir', { ...nobodyLives, find: pid => ({ pid, start: starts.get(pid) ?? null }) })
    expect(['70650c0e', '9229065e'].map(id => then.get(id)?.live)).toEqual([
      { status: 'busy', waitingFor: null, pid: 18849, sinceMs: 1_795_399_845_226, note: null },
      { status: 'busy', waitingFor: null, pid: 8798, sinceMs: 1_795_399_759_745, note: null },
    ])
  })

  it('of a background session is told by its entry too', async () => {
    const alive: Processes = { ...nobodyLives, find: pid => ({ pid, start: '324347' }) }
    expect((await detect('background-session', alive)).get('ab59a69f')).toMatchObject({
      facts: {
        title: 'mock aside reply',
        titleSource: 'ai',
        branch: 'ext-branch',
        lastCommands: ['timeout 25 tail -f /dev/null; echo waited'],
      },
      live: { status: 'busy', pid: 9012, sinceMs: 1_795_400_238_265 },
    })
  })
})
