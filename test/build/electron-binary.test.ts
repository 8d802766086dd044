import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { findElectron } from '../../build/electron-binary.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const top = makeScratchFolder('electron-binary')
const put = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(top, file)), { recursive: true })
  writeFileSync(path.join(top, file), text)
}
afterEach(() => removeScratchFolder(top))

describe('findElectron', () => {
  it('names the file that is missing', () => {
    expect(findElectron({ top, env: {}, platform: 'linux' })).toEqual({
      kind: 'missing',
      why: 'node_modules/electron/dist/electron is not there',
    })
  })
  it('finds the program that path.txt names', () => {
    put('node_modules/electron/path.txt', 'Some.app/Electron')
    put('node_modules/electron/dist/Some.app/Electron', '')
    expect(findElectron({ top, env: {}, platform: 'darwin' })).toEqual({
      kind: 'found',
      file: path.join(top, 'node_modules/electron/dist/Some.app/Electron'),
    })
  })
  it('looks in the folder of ELECTRON_OVERRIDE_DIST_PATH', () => {
    put('elsewhere/electron.exe', '')
    const env = { ELECTRON_OVERRIDE_DIST_PATH: path.join(top, 'elsewhere') }
    expect(findElectron({ top, env, platform: 'win32' })).toEqual({
      kind: 'found',
      file: path.join(top, 'elsewhere/electron.exe'),
    })
  })
  it('takes a folder of that name for no program', () => {
    mkdirSync(path.join(top, 'node_modules/electron/dist/electron'), { recursive: true })
    expect(findElectron({ top, env: {}, platform: 'linux' }).kind).toBe('missing')
  })
})
