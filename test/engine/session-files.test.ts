import { describe, expect, it } from 'vitest'
import { type FoundFile, rememberNames, SessionFiles } from '../../shared/engine/session-files.ts'

const id = '0ecf3a5a-7992-4668-9faf-000000000001'
const fileOf = (stream: string, path = `/c/${stream}`): FoundFile => ({
  stream,
  path,
  root: '/c',
  stat: { kind: 'file', size: 1, mtimeMs: 2, dev: 3, ino: 4 },
})

describe('the names that were read before', () => {
  it.each<[string, string, string | null]>([
    ["a transcript's", `${id}.jsonl`, id],
    ['one in capitals', `${id.toUpperCase()}.jsonl`, id],
    ["a sub-agent's of old", 'agent-1f.jsonl', null],
    ['one too long', `${id}0.jsonl`, null],
    ['none', '.jsonl', null],
  ])('tell the same as a name that is read: %s', (_what, name, expected) => {
    const fresh = rememberNames([])
    const seeded = rememberNames([id])
    expect([fresh(name), fresh(name), seeded(name), seeded(name)]).toEqual(Array(4).fill(expected))
  })
})

describe('the files of a session', () => {
  it('are found by the names of their streams, the own one first', () => {
    const files = new SessionFiles()
    expect([files.size, files.values(), files.has('main')]).toEqual([0, [], false])
    files.set(fileOf('subagents/a.jsonl'))
    expect([files.size, files.values()]).toEqual([1, [fileOf('subagents/a.jsonl')]])
    files.set(fileOf('main'))
    files.set(fileOf('tool-results/b.txt'))
    files.set(fileOf('main', '/elsewhere'))
    const wanted = [fileOf('main', '/elsewhere'), fileOf('subagents/a.jsonl'), fileOf('tool-results/b.txt')]
    expect([files.size, files.values()]).toEqual([3, wanted])
    expect(wanted.map(({ stream }) => files.get(stream))).toEqual(wanted)
    expect([files.get('other'), files.has('tool-results/b.txt')]).toEqual([undefined, true])
  })
})
