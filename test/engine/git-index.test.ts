import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type IndexScan, parseIndex, parseStageListing } from '../../shared/engine/git-index.ts'
import { git } from '../support/repositories.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { describeWithGit } from '../support/snapshot-world.ts'

let root: string
beforeEach(() => {
  root = path.join(makeScratchFolder('index'), 'project')
  fs.mkdirSync(root)
})
afterEach(() => removeScratchFolder(path.dirname(root)))

/** Names of every length of padding, flags of every kind, a submodule, and an entry in conflict. */
function fill(...initArgs: string[]): void {
  git(root, 'init', '-q', ...initArgs)
  const names = Array.from({ length: 20 }, (_, i) => `${'n'.repeat(i + 1)}`)
  for (const name of names) fs.writeFileSync(path.join(root, name), name)
  git(root, 'add', '-A')
  git(root, 'update-index', '--assume-unchanged', 'n', 'nnnnn')
  git(root, 'update-index', '--skip-worktree', 'nn', 'nnnnnnnnnn')
  git(root, 'update-index', '--add', '--cacheinfo', `160000,${hashOf('1')},a-submodule`)
  fs.writeFileSync(path.join(root, 'announced'), 'x')
  git(root, 'add', '-N', 'announced')
}

const hashOf = (digit: string) => digit.repeat(git(root, 'hash-object', 'n').trim().length)
const indexBytes = () => fs.readFileSync(path.join(root, '.git/index'))
const names = ({ links, hidden }: IndexScan) => ({
  links: links.map(entry => `${entry.path} ${entry.object}`),
  hidden: hidden
    .flatMap(folder => folder.entries)
    .map(entry => `${entry.path} ${entry.mode.toString(8)} ${entry.sparse} ${entry.object}`),
})

/** The same, as git tells it. */
function byGit(): IndexScan {
  return parseStageListing(Buffer.from(git(root, 'ls-files', '--stage', '-v', '-z')))
}

describeWithGit('parseIndex', () => {
  it.each([
    ['2 and 3', 20, [], '2'],
    ['4', 20, [], '4'],
    ['4 with SHA-256', 32, ['--object-format=sha256'], '4'],
  ] as const)(
    'finds the submodules and the hidden entries that git tells of, in version %s',
    (_title, bytes, init, version) => {
      fill(...init)
      git(root, 'update-index', '--index-version', version)
      const parsed = parseIndex(indexBytes(), bytes)
      const found = parsed.kind === 'scan' ? names(parsed.scan) : parsed
      expect(found).toEqual(names(byGit()))
      expect(found).toMatchObject({
        links: [`a-submodule ${hashOf('1')}`],
        hidden: [/^n 100644 false/, /^nn 100644 true/, /^nnnnn 100644 false/, /^nnnnnnnnnn 100644 true/].map(pattern =>
          expect.stringMatching(pattern),
        ),
      })
    },
  )

  it('keeps hidden entries by folder', () => {
    fill()
    fs.mkdirSync(path.join(root, 'a/b'), { recursive: true })
    for (const name of ['a/1', 'a/2', 'a/b/3']) fs.writeFileSync(path.join(root, name), name)
    git(root, 'add', '-A')
    git(root, 'update-index', '--assume-unchanged', 'a/1', 'a/2', 'a/b/3')
    const parsed = parseIndex(indexBytes(), 20)
    const folders = parsed.kind === 'scan' ? parsed.scan.hidden : []
    expect(folders.map(folder => [folder.path && String(folder.path), folder.entries.length])).toEqual([
      ['a', 2],
      ['a/b', 1],
      [null, 4],
    ])
  })

  it('tells a split index apart', () => {
    fill()
    git(root, 'update-index', '--split-index')
    expect(parseIndex(indexBytes(), 20)).toEqual({ kind: 'split' })
    expect(names(byGit()).links).toHaveLength(1)
  })

  it.each([0, 3, 11, 12, 40, 75, 120])('calls an index that was cut off after %i bytes damaged', length => {
    fill()
    expect(parseIndex(indexBytes().subarray(0, length), 20)).toEqual({ kind: 'damaged' })
  })

  it('never throws, whatever is in the file (seed 20261123)', () => {
    fill()
    const bytes = indexBytes()
    const spot = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(spot, { minLength: 1, maxLength: 8 }), spots => {
        const damaged = Buffer.from(bytes)
        for (const [at, value] of spots) damaged[at] = value
        expect(['scan', 'split', 'damaged']).toContain(parseIndex(damaged, 20).kind)
      }),
      { seed: 20261123, numRuns: 300 },
    )
  })
})
