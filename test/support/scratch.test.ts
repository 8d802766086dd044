import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { assertScratchEnvironment, makeScratchFolder, makeScratchHome, removeScratchFolder } from './scratch.ts'

const base = makeScratchFolder('guard')
const temp = path.join(base, 'tmp')
const realHome = path.join(base, 'users', 'ann')
mkdirSync(path.join(temp, 'home'), { recursive: true })
mkdirSync(path.join(realHome, '.claude'), { recursive: true })
symlinkSync(realHome, path.join(temp, 'link-to-home'))
afterAll(() => removeScratchFolder(base))

const good = { HOME: path.join(temp, 'home'), CLAUDE_CONFIG_DIR: path.join(temp, 'not', 'made', 'yet') }

describe('assertScratchEnvironment', () => {
  it('lets folders below the temporary folder pass, made or not', () => {
    expect(() => assertScratchEnvironment(good, temp, realHome)).not.toThrow()
  })

  it('lets a temporary folder inside the real home pass', () => {
    const tempAtHome = path.join(realHome, 'tmp')
    const env = { HOME: path.join(tempAtHome, 'home'), CLAUDE_CONFIG_DIR: path.join(tempAtHome, 'claude') }
    expect(() => assertScratchEnvironment(env, tempAtHome, realHome)).not.toThrow()
  })

  it.each([
    ['HOME missing', { HOME: undefined }, 'HOME is not set'],
    ['CLAUDE_CONFIG_DIR empty', { CLAUDE_CONFIG_DIR: '' }, 'CLAUDE_CONFIG_DIR is not set'],
    ['HOME being the real home', { HOME: realHome }, 'is the real home folder'],
    ['HOME being around the real home', { HOME: path.dirname(realHome) }, 'or holds it'],
    ['HOME being a link to the real home', { HOME: path.join(temp, 'link-to-home') }, 'is the real home folder'],
    ['the real Claude folder', { CLAUDE_CONFIG_DIR: path.join(realHome, '.claude') }, 'in the real Claude folder'],
    ['the temporary folder itself', { HOME: temp }, 'does not lie below'],
    ['a way out of the temporary folder', { HOME: path.join(temp, '..', 'elsewhere') }, 'does not lie below'],
    ['a relative path', { CLAUDE_CONFIG_DIR: 'claude' }, 'is not an absolute path'],
    ['one bad entry of a list', { CLAUDE_CONFIG_DIR: `${temp}/home,${realHome}` }, 'is the real home folder'],
    ['our own data in a real folder', { SESSION_MONITOR_HOME: path.join(realHome, 'data') }, 'SESSION_MONITOR_HOME'],
  ])('refuses %s, names the variable and says what to do', (_title, change, message) => {
    const run = () => assertScratchEnvironment({ ...good, ...change }, temp, realHome)
    expect(run).toThrow(message)
    expect(run).toThrow(Object.keys(change)[0])
    expect(run).toThrow('npm test')
  })
})

describe('makeScratchHome', () => {
  it('makes a home that its own guard accepts, and removes it whole', () => {
    const scratch = makeScratchHome()
    expect(() => assertScratchEnvironment(scratch.env, path.dirname(scratch.folder), realHome)).not.toThrow()
    scratch.remove()
    expect(existsSync(scratch.folder)).toBe(false)
  })

  it('refuses to remove what it did not make', () => {
    expect(() => removeScratchFolder(temp)).toThrow('not a scratch folder')
  })
})
