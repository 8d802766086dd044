import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeFiles } from '../../shared/engine/node-ports.ts'
import { createProjectResolver } from '../../shared/engine/project-resolver.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('project')
afterAll(() => removeScratchFolder(scratch))
const folder = (...parts: string[]) => {
  const made = path.join(scratch, ...parts)
  fs.mkdirSync(made, { recursive: true })
  return made
}
const repository = folder('repository')
fs.mkdirSync(path.join(repository, '.git'))
fs.writeFileSync(path.join(repository, '.git/HEAD'), 'ref: refs/heads/main\n')
const deep = folder('repository/src/deep')
const plain = folder('plain')
const missing = path.join(scratch, 'repository', 'removed')

let nowMs = 0
const clock = { nowMs: () => 0, monotonicMs: () => nowMs, sleep: async () => {} }
const resolve = (cwd: string | null, firstCwd: string | null = cwd) =>
  createProjectResolver(nodeFiles, clock).resolve(cwd, firstCwd)

const git = { root: repository, name: 'repository', kind: 'git' }

describe('the project of a session', () => {
  it.each([
    ['the git top level of its folder', deep, deep, git],
    ['the git top level itself', repository, plain, git],
    ['its folder, where there is no repository', plain, deep, { root: plain, name: 'plain', kind: 'folder' }],
    ['where it began, if its folder was removed from that project', missing, deep, git],
    [
      'missing, if its folder is gone and was no part of where it began',
      missing,
      plain,
      { root: missing, name: 'removed', kind: 'missing' },
    ],
    ['missing, if its only folder is gone', missing, missing, { root: missing, name: 'removed', kind: 'missing' }],
    ['missing, if both are gone', missing, '/no/such', { root: missing, name: 'removed', kind: 'missing' }],
    [
      'missing, if its folder is of another system',
      'C:\\work\\api',
      'C:\\work',
      { root: 'C:\\work\\api', name: 'api', kind: 'missing' },
    ],
    ['the root of the disk by its own name', '/', '/', { root: '/', name: '/', kind: 'folder' }],
    ['nothing, if no record names a folder', null, null, null],
  ])('is %s', (_, cwd, firstCwd, expected) => {
    expect(resolve(cwd, firstCwd)).toEqual(expected)
  })

  it('is looked up again after a minute: a repository may have been made', () => {
    const young = folder('young')
    const resolver = createProjectResolver(nodeFiles, clock)
    expect(resolver.resolve(young, young)?.kind).toBe('folder')
    fs.cpSync(path.join(repository, '.git'), path.join(young, '.git'), { recursive: true })
    nowMs += 59_000
    expect(resolver.resolve(young, young)?.kind).toBe('folder')
    nowMs += 2_000
    expect(resolver.resolve(young, young)).toEqual({ root: young, name: 'young', kind: 'git' })
  })
})
