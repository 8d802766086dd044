import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  conversionOf,
  countLineEnds,
  hasIdent,
  mayDifferInLineEnds,
  parseLfsPointer,
  withCrLf,
} from '../../shared/engine/git-conversion.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { git } from '../support/repositories.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import { describeWithGit } from '../support/snapshot-world.ts'

const none = { autocrlf: null, eol: null, attributesFile: null, filters: new Set<string>() } as const
const of = (attributes: Record<string, string>, settings = {}, isWindows = false) =>
  conversionOf(new Map(Object.entries(attributes)), { ...none, ...settings }, isWindows)

describe('conversionOf', () => {
  it('finds none where nothing makes git write other bytes', () => {
    expect(of({})).toBeNull()
    expect(of({ text: 'unset' }, { autocrlf: 'true' })).toBeNull()
    expect(of({ diff: 'unset', merge: 'union', filter: 'unset', ident: 'unset' })).toBeNull()
    expect(of({ 'working-tree-encoding': 'utf-8' })).toBeNull()
  })

  it('follows text and eol over settings, and settings where they say nothing', () => {
    const lines = (lineEnds: string, writes: string) => expect.objectContaining({ lineEnds, writes })
    expect(of({ eol: 'crlf' })).toEqual(lines('always', 'crlf'))
    expect(of({ text: 'auto', eol: 'lf' }, { autocrlf: 'true' })).toEqual(lines('auto', 'lf'))
    expect(of({ text: 'set' }, { autocrlf: 'true' })).toEqual(lines('always', 'crlf'))
    expect(of({ text: 'set' }, { autocrlf: 'input', eol: 'crlf' })).toEqual(lines('always', 'lf'))
    expect(of({ text: 'auto' }, { eol: 'crlf' })).toEqual(lines('auto', 'crlf'))
    expect(of({ text: 'auto' }, {}, true)).toEqual(lines('auto', 'crlf'))
    expect(of({ crlf: 'input' }, { autocrlf: 'true' })).toEqual(lines('always', 'lf'))
    expect(of({}, { autocrlf: 'true' })).toEqual(lines('auto', 'crlf'))
    expect(of({}, { autocrlf: 'input' })).toEqual(lines('auto', 'lf'))
  })

  it('names the filter, the encoding and the ident', () => {
    expect(of({ filter: 'lfs', text: 'unset', ident: 'set', 'working-tree-encoding': 'UTF-16LE' })).toEqual({
      filter: 'lfs',
      filterRuns: false,
      encoding: 'UTF-16LE',
      ident: true,
      lineEnds: 'never',
      writes: 'lf',
    })
  })
})

describe('a filter', () => {
  it('runs if it has a program, or if that is not known', () => {
    const runs = (filters: ReadonlySet<string> | null) => of({ filter: 'Strip' }, { filters })?.filterRuns
    expect([new Set(['strip']), null, new Set(['other'])].map(runs)).toEqual([true, true, false])
  })
})

describe('parseLfsPointer', () => {
  const hash = 'ab'.repeat(32)
  const pointer = (more = '') =>
    Buffer.from(`version https://git-lfs.github.com/spec/v1\n${more}oid sha256:${hash}\nsize 12\n`)

  it('reads what git keeps in place of a file', () => {
    expect(parseLfsPointer(pointer())).toEqual({ sha256: hash, bytes: 12 })
  })

  it('does not know what an extension keeps', () => {
    expect(parseLfsPointer(pointer(`ext-0-case sha256:${hash}\n`))).toEqual({ sha256: null, bytes: 12 })
  })

  it('takes nothing else for one', () => {
    expect(parseLfsPointer(Buffer.from(''))).toBeNull()
    expect(parseLfsPointer(Buffer.from(`oid sha256:${hash}\nsize 12\n`))).toBeNull()
    expect(parseLfsPointer(Buffer.concat([pointer(), Buffer.alloc(2_000, 10)]))).toBeNull()
    expect(parseLfsPointer(Buffer.from('version https://git-lfs.github.com/spec/v1\nsize 12\nmore'))).toBeNull()
  })
})

describe('hasIdent', () => {
  it('finds what git would write a name into', () => {
    expect(['$Id$', 'a $Id: 1234 $ b', '$Id: $'].map(text => hasIdent(Buffer.from(text)))).toEqual([true, true, true])
    expect(['$Id', '$Id\n$', '$id$', '$Ident$'].some(text => hasIdent(Buffer.from(text)))).toBe(false)
  })
})

let root: string
beforeEach(() => {
  root = path.join(makeScratchFolder('conversion'), 'project')
  fs.mkdirSync(root)
})
afterEach(() => removeScratchFolder(path.dirname(root)))

/** Line ends of every kind, and now and then a byte that makes it look binary. */
function contentOf(random: Random): Buffer {
  const ends = random.pick([['\n'], ['\r\n'], ['\n', '\r\n'], ['\n', '\r'], ['']])
  const odd = random.chance(0.3) ? random.pick(['\0', '\x01', '\x1a', '\x7f', '\x0c']) : ''
  const lines = Array.from({ length: random.int(0, 8) }, () => `${random.hex(random.int(0, 60))}${random.pick(ends)}`)
  return Buffer.from(lines.join('') + odd, 'latin1')
}

describeWithGit('line ends as git writes them', () => {
  for (const seed of [1, 2, 3]) {
    it(`are foretold for every content and every attribute (seed ${seed})`, () => {
      const random = seededRandom(seed)
      git(root, 'init', '-q')
      const kinds = { auto: 'text=auto eol=crlf', text: 'text eol=crlf', bare: '!text' }
      const rules = Object.entries(kinds).map(([kind, attributes]) => `*.${kind} ${attributes}\n`)
      const names = Array.from({ length: 80 }, (_, n) => `${n}.${random.pick(Object.keys(kinds))}`)
      const contents = new Map(names.map(name => [name, contentOf(random)]))
      for (const [name, content] of contents) fs.writeFileSync(path.join(root, name), content)
      // Committed as it is, and only then told to be text.
      git(root, '-c', 'core.autocrlf=false', 'add', '-A')
      git(root, 'commit', '-q', '-m', 'first')
      fs.writeFileSync(path.join(root, '.gitattributes'), rules.join(''))
      git(root, 'config', 'core.autocrlf', 'true')
      for (const name of names) fs.rmSync(path.join(root, name))
      git(root, 'checkout-index', '-a', '-f')
      const how = (name: string) => (name.endsWith('.text') ? 'always' : 'auto')
      const foretold = [...contents].map(([name, content]) => {
        const wide = mayDifferInLineEnds(countLineEnds(content), how(name)) ? withCrLf(content) : content
        return [name, wide.toString('latin1')] as const
      })
      const written = names.map(name => [name, fs.readFileSync(path.join(root, name), 'latin1')] as const)
      expect(written).toEqual(foretold)
    })
  }
})
