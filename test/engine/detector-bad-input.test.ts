/** The worst that a disk may hold for the detector: each with a clear word about it, and the session beside it unharmed. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { DetectedSession } from '../../shared/core/session.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { idOf } from '../support/core-values.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const [good, odd] = [idOf(1), idOf(2)]
const prompt = `${JSON.stringify({ type: 'user', message: { role: 'user', content: 'Mend it' }, cwd: '/x' })}\n`
const isWindows = process.platform === 'win32'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) removeScratchFolder(folder)
})

/** A Claude folder with the good session, and where the odd one lies. */
function newRoot(): { readonly root: string; readonly oddFile: string } {
  const root = makeScratchFolder('bad-detector')
  folders.push(root)
  const at = (folder: string, id: string) => path.join(root, 'projects', folder, `${id}.jsonl`)
  for (const folder of ['good', 'odd']) fs.mkdirSync(path.join(root, 'projects', folder), { recursive: true })
  fs.writeFileSync(at('good', good), prompt)
  return { root, oddFile: at('odd', odd) }
}

async function look(root: string, files: FileSystem = nodePorts(() => {}).files) {
  const detector = createDetector({ ...nodePorts(() => {}), files }, { roots: [root] })
  const found = await detector.refresh()
  return { found, of: (id: string) => found.find(({ facts }) => facts.sessionId === id), notices: detector.notices() }
}

const foldersTo = (at: string): readonly string[] =>
  at === path.dirname(at) ? [] : [...foldersTo(path.dirname(at)), at]
const isClosed = (folder: string) => (fs.statSync(folder).mode & 0o055) !== 0o055

const counted = (session: DetectedSession | undefined) => session && [session.facts.title, session.facts.counts.lines]

describe('the detector beside an unharmed session', () => {
  it('skips and counts a line of 2 GB in a sparse file, without ever holding it', async () => {
    const { root, oddFile } = newRoot()
    fs.writeFileSync(oddFile, prompt)
    fs.truncateSync(oddFile, 2_147_483_648)
    fs.appendFileSync(oddFile, `\n${prompt}`)
    const before = process.memoryUsage().rss
    const { of } = await look(root)
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
    expect(of(odd)?.facts.counts).toMatchObject({ prompts: 2, lines: 3, overlongLines: 1 })
    expect(counted(of(good))).toEqual(['Mend it', 1])
  }, 120_000)

  it('reads erased bytes where a key should be, after whatever another file left in the buffer', async () => {
    const { root, oddFile } = newRoot()
    // The first chunk still lies in the buffer when the second, a line of erased bytes, is read into its beginning.
    const chunk = Buffer.alloc(262_144, ' ')
    chunk.write('{"zzz":"'.padEnd(37))
    chunk.write('x"}\n', 37)
    chunk.write('\n{"zzz":1}\n', chunk.length - 11)
    fs.writeFileSync(oddFile, Buffer.concat([chunk, Buffer.from('{"'), Buffer.alloc(32, 0xff), Buffer.from('\n')]))
    const { of } = await look(root)
    expect(of(odd)?.facts.counts).toMatchObject({ lines: 4, damagedLines: 2 })
    expect(counted(of(good))).toEqual(['Mend it', 1])
  })

  it('skips and counts a line of 64 MB', async () => {
    const { root, oddFile } = newRoot()
    fs.writeFileSync(oddFile, `${prompt}{"type":"user","x":"${'y'.repeat(67_108_864)}"}\n${prompt}`)
    const { of } = await look(root)
    expect(of(odd)?.facts.counts).toMatchObject({ prompts: 2, lines: 3, overlongLines: 1 })
    expect(counted(of(good))).toEqual(['Mend it', 1])
  })

  it.each(['list', 'open'] as const)('a folder that vanishes at %s costs only its own sessions', async call => {
    const { root, oddFile } = newRoot()
    fs.writeFileSync(oddFile, prompt)
    const { files } = nodePorts(() => {})
    const vanish = (at: unknown) => {
      if (String(at).includes(`${path.sep}odd`)) fs.rmSync(path.dirname(oddFile), { recursive: true, force: true })
    }
    const vanishing: FileSystem = {
      ...files,
      list: at => {
        const names = files.list(at)
        if (call === 'list') vanish(at)
        return names
      },
      open: (at, mode) => {
        vanish(at)
        return files.open(at, mode)
      },
    }
    const { of, found } = await look(root, vanishing)
    expect(counted(of(good))).toEqual(['Mend it', 1])
    const problems = found.flatMap(session => session.problems)
    expect(problems).toEqual(call === 'list' ? [] : [`${oddFile} vanished while it was read`])
  })

  it.skipIf(isWindows)('says which file and which folder may not be read (skipped on Windows: no modes)', () => {
    const { root, oddFile } = newRoot()
    fs.writeFileSync(oddFile, prompt, { mode: 0o000 })
    const closed = path.join(root, 'projects', 'closed')
    fs.mkdirSync(closed, { mode: 0o000 })
    for (const at of foldersTo(root).filter(isClosed)) fs.chmodSync(at, fs.statSync(at).mode | 0o055)
    const url = (name: string) => JSON.stringify(new URL(`../../shared/engine/${name}`, import.meta.url).href)
    const script = `
      const { nodePorts } = await import(${url('node-ports.ts')})
      const { createDetector } = await import(${url('transcript-detector.ts')})
      // Nothing is closed to root, who becomes nobody.
      if (process.getuid() === 0) {
        process.setgid(65534)
        process.setuid(65534)
      }
      const detector = createDetector(nodePorts(() => {}), { roots: [${JSON.stringify(root)}] })
      const found = await detector.refresh()
      const told = found.map(({ facts, problems }) => [facts.title, problems])
      console.log(JSON.stringify({ told, notices: detector.notices() }))`
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    fs.chmodSync(closed, 0o700)
    const { told, notices } = JSON.parse(said) as { told: [string, string[]][]; notices: string[] }
    expect(told.toSorted()).toEqual([
      ['', [`${oddFile} cannot be read: EACCES`]],
      ['Mend it', []],
    ])
    expect(notices).toEqual([`The folder ${closed} cannot be read: EACCES`])
  })

  it('finds every session among 100,000 files, and leaves out the rest of one that has too many', async () => {
    const files = createMemoryFiles()
    const write = (at: string, text: string) => {
      const file = files.open(at, 'create')
      file.append(Buffer.from(text))
      file.close()
    }
    const fill = (id: string, results: number) => {
      files.makeFolder(`/c/projects/p/${id}/tool-results`)
      write(`/c/projects/p/${id}.jsonl`, prompt)
      for (let i = 0; i < results; i++) write(`/c/projects/p/${id}/tool-results/${i}.txt`, '')
    }
    fill(good, 20_001)
    for (let n = 2; n < 2_002; n++) fill(idOf(n), 39)
    const { found, of } = await look('/c', files)
    expect(found.length).toBe(2_001)
    expect(found.every(({ facts }) => facts.counts.prompts === 1)).toBe(true)
    expect(found.flatMap(({ streams }) => streams).length).toBe(100_001)
    expect(of(good)?.problems).toEqual(['Only 20000 files are kept; the others are left out'])
  }, 120_000)
})
