import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ipcMain } from 'electron'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createDesktopMemory } from '../../electron/desktop-memory.ts'
import { control } from '../electron-double/control.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const folder = makeScratchFolder('memory')
const bounds = { x: 1, y: 2, width: 900, height: 600 }
let n = 0
beforeEach(() => {
  control.config.userData = path.join(folder, String(++n))
  mkdirSync(control.config.userData)
})
afterAll(() => removeScratchFolder(folder))

const file = () => path.join(control.config.userData, 'desktop.json')

describe('the memory of the desktop host', () => {
  it('is there after a restart', () => {
    const first = createDesktopMemory(() => {})
    first.keepBounds(bounds)
    const said = [first.firstTime('hello'), first.firstTime('hello')]
    const second = createDesktopMemory(() => {})
    expect([second.bounds(), said, second.firstTime('hello')]).toEqual([bounds, [true, false], false])
  })
  it.each(['{ broken', '[]', '{"bounds":{"x":"a"}}', '{"said":[1]}', '{"bounds":5}'])(
    'forgets what it cannot read: %s',
    text => {
      writeFileSync(file(), text)
      const memory = createDesktopMemory(() => {})
      expect([memory.bounds(), memory.firstTime('hello')]).toEqual([null, true])
    },
  )
  it('forgets, and says so, where it cannot write', () => {
    mkdirSync(file())
    const troubles: string[] = []
    const memory = createDesktopMemory(message => troubles.push(message))
    memory.keepBounds(bounds)
    expect([memory.firstTime('hello'), memory.firstTime('hello'), troubles.length > 0]).toEqual([true, false, true])
  })
  it('tells no page where our data lies', () => {
    createDesktopMemory(() => {})
    expect(ipcMain.listenerCount('electron-store-get-data')).toBe(0)
  })
})
