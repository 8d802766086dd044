import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { scanWorkersBeside } from '../../shared/engine/scan-crew.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { buildCorpus } from '../support/corpus.ts'
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
    expect(found).toEqual(expected)
    expect(later).toEqual(expected)
    expect({ failures, done }).toEqual({ failures: [], done: expected.length })
  })

  it.each([
    ['crash at once', scriptOf('crash.mjs', 'throw new Error("made up")'), 'made up'],
    ['do not exist', path.join(scratch, 'nowhere.mjs'), 'nowhere.mjs'],
  ])('that %s cost no session: their files are read here, and the log says so', async (_title, script, problem) => {
    const { found, failures, done } = await together(script, 2)
    const expected = await alone()
    expect(found).toEqual(expected)
    expect(done).toBe(expected.length)
    expect(failures.join()).toContain(problem)
  })

  it('that leave in the middle, if they got as far as that, cost no session, and nothing else is said of them', async () => {
    const { found, failures, done } = await together(scriptOf('leave.mjs', leaving(crew)), 2)
    const expected = await alone()
    expect(found).toEqual(expected)
    expect(done).toBe(expected.length)
    expect(failures.filter(failure => !failure.includes('it ended with code 3'))).toEqual([])
  })
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
