import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { DetectedSession } from '../../shared/core/session.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('glance')
afterAll(() => removeScratchFolder(scratch))
const ports = nodePorts(() => {})
const idOf = (n: number) => `0ecf3a5a-7992-4668-9faf-${String(n).padStart(12, '0')}`

const line = (record: object) => `${JSON.stringify({ timestamp: '2026-11-23T02:03:49.813Z', ...record })}\n`
const prompt = (text: string) => line({ type: 'user', message: { role: 'user', content: text }, cwd: scratch })
const reply = (id: string, tokens: number) =>
  line({ type: 'assistant', message: { id, model: 'claude-opus-4-5', usage: { input_tokens: tokens }, content: [] } })
const bulk = (bytes: number) =>
  line({ type: 'attachment', attachment: { type: 'prompt_snapshot', text: 'x'.repeat(bytes) } })

let made = 0
function newRoot(...transcripts: string[]): string {
  const root = path.join(scratch, String(made++))
  fs.mkdirSync(path.join(root, 'projects', 'x'), { recursive: true })
  transcripts.forEach((text, n) => {
    const file = path.join(root, 'projects', 'x', `${idOf(n)}.jsonl`)
    fs.writeFileSync(file, text)
    fs.utimesSync(file, 1_700_000_000 + n, 1_700_000_000 + n)
  })
  return root
}
const glance = (...roots: string[]) => createDetector(ports, { roots }).glance()
const only = (found: readonly DetectedSession[]): DetectedSession => {
  expect(found).toHaveLength(1)
  return found[0] as DetectedSession
}

describe('glance', () => {
  it('says what a session is about and how it stands, and that it is provisional', async () => {
    const middle = bulk(700).repeat(3_000)
    const session = only(
      await glance(newRoot(prompt('begin') + middle + reply('a', 100) + prompt('end') + reply('b', 150_000))),
    )
    expect(session.partial).toBe(true)
    expect(session.facts).toMatchObject({ title: 'begin', cwd: scratch, context: { tokens: 150_000, percent: 75 } })
    expect(session.facts.lastPrompts.map(({ text }) => text)).toEqual(['begin', 'end'])
  })

  it('gives the facts of a short transcript as they are', async () => {
    const root = newRoot(prompt('one') + reply('a', 100) + prompt('two') + reply('b', 200))
    const { facts } = only(await createDetector(ports, { roots: [root] }).refresh())
    const glimpsed = only(await glance(root)).facts
    expect(glimpsed).toEqual(facts)
  })

  it("looks beyond the tool's own large records at both ends", async () => {
    const wall = bulk(200_000)
    const session = only(await glance(newRoot(wall + prompt('hidden') + wall.repeat(3) + reply('a', 50_000) + wall)))
    expect(session.facts).toMatchObject({ title: 'hidden', context: { tokens: 50_000 } })
  })

  it('puts what was written last first, and opens about as many files as a screen shows', async () => {
    const root = newRoot(...Array.from({ length: 230 }, (_, n) => prompt(`session ${n}`)))
    let opened = 0
    const files = {
      ...ports.files,
      open: (...args: Parameters<typeof ports.files.open>) => {
        opened += 1
        return ports.files.open(...args)
      },
    }
    const found = await createDetector({ ...ports, files }, { roots: [root] }).glance()
    expect(found.map(({ facts }) => facts.sessionId)).toEqual(Array.from({ length: 230 }, (_, n) => idOf(229 - n)))
    expect(opened).toBe(24)
    expect([found[0]?.facts.title, found[23]?.facts.title, found[24]?.facts.title]).toEqual([
      'session 229',
      'session 206',
      '',
    ])
    expect(found[229]?.facts.lastActivityMs).toBe(1_700_000_000_000)
  })

  it('passes over what it cannot read', async () => {
    const root = newRoot('', 'garbage\n', prompt('whole'))
    fs.symlinkSync('/nowhere', path.join(root, 'projects', 'x', `${idOf(7)}.jsonl`))
    fs.writeFileSync(path.join(root, 'projects', 'stray'), '')
    expect((await glance(root, path.join(scratch, 'nowhere'))).map(({ facts }) => facts.title)).toEqual([
      'whole',
      '',
      '',
    ])
  })
})
