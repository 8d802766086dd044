/** Everything that can happen to transcripts on a disk, at random from a seed: what a detector has to keep up with. */
import fs from 'node:fs'
import path from 'node:path'
import type { Random } from './random.ts'

export interface TranscriptChaos {
  readonly root: string
  /** Does a few things to the files below `<root>/projects`; returns the paths that it touched. */
  stir(): readonly string[]
}

const ids = [
  '0ecf3a5a-7992-4668-9faf-374392f83408',
  '88d7150e-a12f-4ae5-92d5-5ca47c59438b',
  '5b2c066d-860d-41ee-85c3-7d6ecb44da9e',
] as const

export function makeChaos(root: string, random: Random): TranscriptChaos {
  const names = ids.flatMap(id => [`${id}.jsonl`, `${id}/subagents/agent-1.jsonl`])
  const at = (folder: string, name: string) => path.join(root, 'projects', folder, name)
  fs.mkdirSync(path.join(root, 'sessions'), { recursive: true })
  fs.mkdirSync(path.join(root, 'projects'), { recursive: true })
  let call = 0
  let clockMs = Date.UTC(2026, 10, 23)
  /** What was begun of a line and not ended yet, so that lines arrive in any pieces. */
  let rest = ''

  const line = (record: object) => {
    clockMs += 1_000
    return `${JSON.stringify({ timestamp: new Date(clockMs).toISOString(), version: '2.1.330', cwd: root, ...record })}\n`
  }
  const edit = (file: string) => {
    const id = `t${call++}`
    const use = { type: 'tool_use', id, name: 'Write', input: { file_path: file } }
    const usage = { input_tokens: 1_000 * call }
    const reply = { type: 'assistant', message: { id, model: 'claude-opus-5', usage, content: [use] } }
    const result = { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] } }
    return line(reply) + line(result)
  }
  const record = () =>
    random.pick([
      () => line({ type: 'user', message: { role: 'user', content: 'x'.repeat(random.int(1, 4_000)) } }),
      () => edit(random.pick(['/a', '/b', 'constructor', '__proto__'])),
      () => line({ type: 'ai-title', aiTitle: `Title ${random.int(1, 9)}` }),
      () => line({ type: 'cost-state' }),
      () => 'garbage\n',
    ])()
  const piece = () => {
    const text = rest + record()
    const cut = random.chance(0.5) ? text.length : random.int(0, text.length)
    rest = text.slice(cut)
    return text.slice(0, cut)
  }
  const steps: readonly ((file: string, other: string) => void)[] = [
    file => fs.appendFileSync(file, piece()),
    file => fs.appendFileSync(file, piece()),
    file => fs.appendFileSync(file, record() + record()),
    file => fs.appendFileSync(file, '\n'),
    file => fs.writeFileSync(file, record()),
    file => fs.truncateSync(file, random.int(0, fs.statSync(file).size)),
    (file, other) => fs.renameSync(file, other),
    file => fs.rmSync(file),
  ]

  return {
    root,
    stir: () =>
      Array.from({ length: 4 }, () => {
        const name = random.pick(names)
        const folders = random.chance(0.5) ? (['one', 'two'] as const) : (['two', 'one'] as const)
        const [file, other] = [at(folders[0], name), at(folders[1], name)]
        for (const one of [file, other]) fs.mkdirSync(path.dirname(one), { recursive: true })
        fs.appendFileSync(file, '')
        random.pick(steps)(file, other)
        return [file, other]
      }).flat(),
  }
}
