import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { DetectedSession } from '../../shared/core/session.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { makeChaos } from '../support/transcript-chaos.ts'

const scratch = makeScratchFolder('paths')
afterAll(() => removeScratchFolder(scratch))
const ports = nodePorts(() => {})
const id = '0ecf3a5a-7992-4668-9faf-374392f83408'
const promptLine = `${JSON.stringify({ type: 'user', message: { content: 'hello' }, cwd: '/x', version: '2.1.330' })}\n`

let made = 0
function newRoot() {
  const root = path.join(scratch, String(made++))
  const transcript = path.join(root, 'projects', 'x', `${id}.jsonl`)
  const entry = path.join(root, 'sessions', `${process.pid}.json`)
  fs.mkdirSync(path.dirname(transcript), { recursive: true })
  fs.mkdirSync(path.dirname(entry))
  fs.writeFileSync(transcript, promptLine)
  return { root, transcript, entry }
}
const sorted = (found: readonly DetectedSession[] = []) =>
  found.toSorted((a, b) => (a.facts.sessionId < b.facts.sessionId ? -1 : 1))

describe('refreshPaths', () => {
  it('tells the new facts of a session whose file grew, and looks at no other file', async () => {
    const { root, transcript } = newRoot()
    const looked: string[] = []
    const files: FileSystem = {
      ...ports.files,
      peek: at => {
        looked.push(String(at))
        return ports.files.peek(at)
      },
    }
    const detector = createDetector({ ...ports, files }, { roots: [root] })
    await detector.refresh()
    fs.appendFileSync(transcript, promptLine)
    looked.length = 0
    expect(await detector.refreshPaths([transcript])).toMatchObject({
      sessions: [{ facts: { counts: { prompts: 2 } } }],
    })
    expect(looked).toEqual([transcript])
  })

  it('tells of a session that begins', async () => {
    const { root, transcript } = newRoot()
    fs.rmSync(transcript)
    const detector = createDetector(ports, { roots: [root] })
    await detector.refresh()
    fs.writeFileSync(transcript, promptLine)
    expect(await detector.refreshPaths([transcript])).toMatchObject({ sessions: [{ facts: { sessionId: id } }] })
  })

  it('tells of a session that a process takes and leaves', async () => {
    const { root, entry } = newRoot()
    const detector = createDetector(ports, { roots: [root] })
    await detector.refresh()
    const record = { pid: process.pid, sessionId: id, procStart: ports.processes.self.start, status: 'busy' }
    fs.writeFileSync(entry, JSON.stringify(record))
    expect(await detector.refreshPaths([entry])).toMatchObject({
      sessions: [{ live: { status: 'busy', pid: process.pid } }],
    })
    expect(await detector.refreshPaths([entry])).toEqual({ sessions: [], gone: [] })
    fs.rmSync(entry)
    expect(await detector.refreshPaths([entry])).toMatchObject({ sessions: [{ live: { status: 'ended' } }] })
  })

  it("leaves it to a whole look whose a sub-agent's file is that lies beside the sessions", async () => {
    const { root } = newRoot()
    const detector = createDetector(ports, { roots: [root] })
    expect(await detector.refreshPaths([path.join(root, 'projects', 'x', 'agent-1.jsonl')])).toBeNull()
  })

  it.each([51, 52, 53, 54])(
    'tells of every session that it touches what a fresh detector would (seed %i)',
    async seed => {
      const { root } = newRoot()
      const chaos = makeChaos(root, seededRandom(seed))
      const detector = createDetector(ports, { roots: [root] })
      await detector.refresh()
      for (let round = 0; round < 60; round++) {
        const paths = chaos.stir()
        const told = await detector.refreshPaths(paths)
        const fresh = await createDetector(ports, { roots: [root] }).refresh()
        const touched = fresh.filter(({ facts }) => paths.some(at => at.includes(facts.sessionId)))
        expect(sorted(told?.sessions)).toEqual(sorted(touched))
        const present = new Set(fresh.map(({ facts }) => facts.sessionId))
        expect(told?.gone.filter(id => present.has(id))).toEqual([])
      }
      expect(await detector.refresh()).toEqual(await createDetector(ports, { roots: [root] }).refresh())
    },
  )
})
