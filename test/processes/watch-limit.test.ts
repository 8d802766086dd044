/** The watch where the system really has no more watches to give: a user namespace of its own has a limit of its own. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('watch-limit')
afterAll(() => removeScratchFolder(scratch))

const limited = (command: string) => [
  '-U',
  '-r',
  'sh',
  '-c',
  `echo 3 > /proc/sys/user/max_inotify_watches && ${command}`,
]
const canLimit = spawnSync('unshare', limited('true')).status === 0

describe.skipIf(!canLimit)('with three watches for ten folders (skipped where unshare may set no limit)', () => {
  it('looks around by itself, says why, and still sees what is written', () => {
    const root = path.join(scratch, 'claude')
    for (let n = 0; n < 10; n++) fs.mkdirSync(path.join(root, 'projects', String(n)), { recursive: true })
    fs.mkdirSync(path.join(root, 'sessions'))
    const url = (name: string) => JSON.stringify(new URL(`../../shared/engine/${name}`, import.meta.url).href)
    const script = `
      const { nodePorts } = await import(${url('node-ports.ts')})
      const { startTranscriptWatch } = await import(${url('transcript-watch.ts')})
      const ports = nodePorts(() => {})
      const clock = { ...ports.clock, sleep: (_, signal) => ports.clock.sleep(20, signal) }
      const states = []
      const told = []
      const watch = startTranscriptWatch({
        ports: { ...ports, clock },
        roots: [${JSON.stringify(root)}],
        onTouched: async paths => void told.push(paths),
        onState: state => states.push(state),
      })
      while (states.length < 2 || told.length < 3) await ports.clock.sleep(10)
      await watch.stop()
      console.log(JSON.stringify({ states, told: [...new Set(told)] }))`
    const { stdout, stderr } = spawnSync(
      'unshare',
      [...limited('exec "$@"'), 'sh', process.execPath, '--input-type=module', '-e', script],
      { encoding: 'utf8', timeout: 30_000 },
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      states: [
        { mode: 'watching', reason: null },
        { mode: 'polling', reason: expect.stringContaining('raise fs.inotify.max_user_watches') },
      ],
      told: [null],
    })
  })
})
