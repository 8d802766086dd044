import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cleanUp } from '../../shared/engine/clean-up.ts'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import { createLock } from '../../shared/engine/lock-file.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { createFakeMachine } from '../support/fake-processes.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { realPorts } from '../support/stores.ts'

describe('cleaning up', () => {
  let folder: string
  let ports: Ports
  let deadPid: number

  beforeEach(() => {
    folder = makeScratchFolder('clean')
    const machine = createFakeMachine()
    deadPid = machine.start().self.pid
    machine.end(deadPid)
    ports = { ...realPorts, processes: machine.start() }
    for (const name of ['lock', 'tmp', 'packs', 'checkpoints'])
      mkdirSync(path.join(folder, 'store', name), { recursive: true })
  })
  afterEach(() => removeScratchFolder(folder))

  const paths = () => dataPaths(folder)
  const put = (...parts: string[]) => writeFileSync(path.join(folder, 'store', ...parts), 'x')
  const namesIn = (name: string) => readdirSync(path.join(folder, 'store', name)).sort()

  it('removes long past tickets, and drafts and temporary files of dead processes, and nothing else', async () => {
    const mine = ports.processes.self.pid
    const random = '0123456789abcdef'
    for (const n of ['000000000001', '000000000100', `.p${deadPid}.00`, `.p${mine}.00`, 'notes.txt']) put('lock', n)
    writeFileSync(path.join(folder, 'store/lock/000000000101'), '')
    for (const n of [`${deadPid}.1.${random}`, `${mine}.1.${random}`, 'mine.txt']) put('tmp', n)
    put('packs', `${'a'.repeat(64)}.pack`)
    put('checkpoints', 'stray')
    const attempt = await createLock(ports, paths().lock, { name: 'a test' }).acquire({ waitMs: 0 })
    const fence = attempt.kind === 'held' ? attempt.lock.fence : 0
    expect([fence, cleanUp(ports, paths(), fence)]).toEqual([102, { lockFiles: 2, temporaryFiles: 1 }])
    expect({
      lock: namesIn('lock'),
      tmp: namesIn('tmp'),
      packs: namesIn('packs'),
      other: namesIn('checkpoints'),
    }).toEqual({
      lock: [`.p${mine}.00`, '000000000100', '000000000101', '000000000102', 'notes.txt'],
      tmp: [`${mine}.1.${random}`, 'mine.txt'].sort(),
      packs: [`${'a'.repeat(64)}.pack`],
      other: ['stray'],
    })
  })

  it('finds nothing where nothing is', () => {
    expect(cleanUp(ports, dataPaths(path.join(folder, 'nowhere')), 5)).toEqual({ lockFiles: 0, temporaryFiles: 0 })
  })
})
