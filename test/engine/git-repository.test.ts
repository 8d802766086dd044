import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findRepository, readRegularFile, repositoryAt, repositoryState } from '../../shared/engine/git-repository.ts'
import { nodeFiles } from '../../shared/engine/node-ports.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

let top: string
beforeEach(() => {
  top = makeScratchFolder('repository')
  put('project/.git/HEAD', 'ref: refs/heads/main\n')
  fs.mkdirSync(path.join(top, 'project/src/deep'), { recursive: true })
})
afterEach(() => removeScratchFolder(top))

const at = (name: string) => path.join(top, name)

function put(name: string, content: string): void {
  fs.mkdirSync(path.dirname(at(name)), { recursive: true })
  fs.writeFileSync(at(name), content)
}

describe('findRepository', () => {
  it('finds the top from anywhere below it, and nothing outside', () => {
    const found = { root: at('project'), gitDir: at('project/.git'), commonDir: at('project/.git') }
    expect(findRepository(nodeFiles, at('project/src/deep'))).toEqual(found)
    expect(findRepository(nodeFiles, top)).toBeNull()
  })

  it('passes over a .git that is no repository', () => {
    fs.mkdirSync(at('project/src/.git'))
    put('project/src/deep/.git', 'not a pointer\n')
    expect(findRepository(nodeFiles, at('project/src/deep'))?.root).toBe(at('project'))
  })

  it('follows the pointer of a linked work tree to its own folder and the common one', () => {
    put('project/.git/worktrees/linked/HEAD', 'ref: refs/heads/other\n')
    put('project/.git/worktrees/linked/commondir', '../..\n')
    put('linked/.git', `gitdir: ${at('project/.git/worktrees/linked')}\n`)
    expect(repositoryAt(nodeFiles, at('linked'))).toEqual({
      root: at('linked'),
      gitDir: at('project/.git/worktrees/linked'),
      commonDir: at('project/.git'),
    })
  })

  it('does not follow a .git that is a link', () => {
    fs.mkdirSync(at('other'))
    fs.symlinkSync(at('project/.git'), at('other/.git'))
    expect(repositoryAt(nodeFiles, at('other'))).toBeNull()
  })
})

describe('what git is in the middle of', () => {
  it.each([
    [[], 'clean'],
    [['MERGE_HEAD'], 'merge'],
    [['CHERRY_PICK_HEAD'], 'cherry-pick'],
    [['REVERT_HEAD'], 'revert'],
    [['BISECT_LOG'], 'bisect'],
    [['rebase-merge/head-name', 'CHERRY_PICK_HEAD'], 'rebase'],
    [['rebase-apply/head-name'], 'rebase'],
    [['rebase-apply/applying'], 'am'],
  ])('with %j is %s', (marks, state) => {
    for (const mark of marks) put(`project/.git/${mark}`, '')
    const repository = { root: at('project'), gitDir: at('project/.git'), commonDir: at('project/.git') }
    expect(repositoryState(nodeFiles, repository)).toBe(state)
  })
})

describe('readRegularFile', () => {
  it('reads all of a file that the disk gives in pieces', () => {
    put('file', '12345')
    const inPieces: typeof nodeFiles = {
      ...nodeFiles,
      open: (file, mode) => {
        const handle = nodeFiles.open(file, mode)
        return { ...handle, read: (into, position) => handle.read(into.subarray(0, 2), position) }
      },
    }
    expect(readRegularFile(inPieces, at('file'), 5)?.toString()).toBe('12345')
  })

  it('reads a file up to the limit, and nothing that is larger, a link, a folder or missing', () => {
    put('file', '12345')
    fs.symlinkSync(at('file'), at('link'))
    const read = (name: string, most: number) => readRegularFile(nodeFiles, at(name), most)?.toString() ?? null
    expect([read('file', 5), read('file', 4), read('link', 5), read('project', 5), read('missing', 5)]).toEqual([
      '12345',
      null,
      null,
      null,
      null,
    ])
  })
})
