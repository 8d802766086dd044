import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { scanWorkersBeside, startCrew } from '../../shared/engine/scan-crew.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { idOf } from '../support/core-values.ts'
import { buildCorpus } from '../support/corpus.ts'
import { plainSessions } from '../support/plain-sessions.ts'
import { hasGit } from '../support/repositories.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('crew')
afterAll(() => removeScratchFolder(scratch))

function scriptOf(name: string, text: string): string {
  const file = path.join(scratch, name)
  fs.writeFileSync(file, text)
  return file
}
const crew = scanWorkersBeside().script

describe.skipIf(!hasGit())('scan workers (skipped where git is not installed)', () => {
  const corpus = hasGit()
    ? buildCorpus({ folder: path.join(scratch, 'corpus'), seed: 41, sessions: 60, repositories: 3, profile: 'nasty' })
    : null
  const roots = corpus?.roots ?? []
  const alone = () =>
    createDetector(
      nodePorts(() => {}),
      { roots },
    ).refresh()

  async function together(script: URL | string, count: number) {
    const logged: string[] = []
    const progress: number[] = []
    const ports = nodePorts((_, message, fields) => logged.push(`${message} ${String(fields?.['problem'])}`))
    const indexFolder = path.join(scratch, `index-${count}-${logged.length}`)
    const detector = createDetector(ports, { roots, indexFolder, workers: { script, count, fromBytes: 0 } })
    const found = await detector.refresh(({ done }) => progress.push(done))
    const later = await detector.refresh()
    fs.rmSync(indexFolder, { recursive: true, force: true })
    const failures = logged.filter(message => message.includes('worker'))
    return { found, later, failures, done: progress.at(-1) }
  }

  it.each([1, 3])('find the same facts as one thread alone (%i workers)', async count => {
    const { found, later, failures, done } = await together(crew, count)
    const expected = await alone()
    expect(plainSessions(found)).toEqual(plainSessions(expected))
    expect(plainSessions(later)).toEqual(plainSessions(expected))
    expect({ failures, done }).toEqual({ failures: [], done: expected.length })
  })

  const broken = [
    ['crash at once', scriptOf('crash.mjs', 'throw new Error("made up")'), 'made up'],
    ['leave in the middle', scriptOf('leave.mjs', leaving(crew)), 'it ended with code 3'],
    ['do not exist', path.join(scratch, 'nowhere.mjs'), 'nowhere.mjs'],
  ] as const

  // A busy machine may have read everything before a worker is up, and then nothing is said of it.
  it.each(broken)('that %s cost no session, and nothing else is said of them', async (_title, script, problem) => {
    const { found, failures, done } = await together(script, 2)
    const expected = await alone()
    expect(plainSessions(found)).toEqual(plainSessions(expected))
    expect(done).toBe(expected.length)
    expect(failures.filter(failure => !failure.includes(problem))).toEqual([])
  })

  it.each([broken[0], broken[2]])(
    'that %s with work in hand are told of in the log',
    async (_title, script, problem) => {
      const logged: string[] = []
      const jobs = [[{ sessionId: idOf(1), files: [], keepsText: true }]]
      const { done } = startCrew({
        workers: { script, count: 1 },
        nextJobs: () => jobs.shift() ?? [],
        onScanned: () => {},
        log: (_level, _message, fields) => logged.push(String(fields?.['problem'])),
      })
      await done
      expect(logged.join()).toContain(problem)
    },
  )
})

/** Works as a scan worker does, and is gone after its first few answers. */
function leaving(script: URL | string): string {
  return `
    import { parentPort } from 'node:worker_threads'
    const post = parentPort.postMessage.bind(parentPort)
    let answers = 0
    parentPort.postMessage = message => {
      if (++answers > 3) process.exit(3)
      post(message)
    }
    await import(${JSON.stringify(String(script))})`
}
