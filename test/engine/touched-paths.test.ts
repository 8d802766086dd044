import { describe, expect, it } from 'vitest'
import { touchedBy } from '../../shared/engine/touched-paths.ts'

const id = '0ecf3a5a-7992-4668-9faf-374392f83408'
const roots = ['/home/ann/.claude', '/mnt/claude']
const touched = (...paths: string[]) => touchedBy(roots, paths)

describe('touchedBy', () => {
  it.each([
    [`/home/ann/.claude/projects/-x/${id}.jsonl`],
    [`/mnt/claude/projects/other/${id.toUpperCase()}.jsonl`],
    [`/home/ann/.claude/projects/-x/${id}/subagents/agent-1.jsonl`],
    [`/home/ann/.claude/projects/-x/${id}`],
  ])('knows whose %s is', at => {
    expect(touched(at)).toEqual({ sessions: new Map([[id, [at]]]), registry: false })
  })

  it('gathers the paths of a session and sees the registry beside them', () => {
    const [a, b] = [`/mnt/claude/projects/x/${id}.jsonl`, `/mnt/claude/projects/x/${id}/subagents/agent-2.jsonl`]
    expect(touched(a, '/mnt/claude/sessions/12.json', b)).toEqual({ sessions: new Map([[id, [a, b]]]), registry: true })
  })

  it.each([
    ['/home/ann/.claude/projects/-x/notes.jsonl'],
    ['/home/ann/.claude/projects/-x'],
    ['/home/ann/.claude/settings.json'],
    ['/home/ann/elsewhere/projects/x/y.jsonl'],
  ])('finds no session in %s', at => {
    expect(touched(at)).toEqual({ sessions: new Map(), registry: false })
  })

  it("cannot tell whose a sub-agent's file is that lies beside the sessions", () => {
    expect(touched('/mnt/claude/sessions/12.json', '/mnt/claude/projects/x/agent-7.jsonl')).toBeNull()
  })
})
