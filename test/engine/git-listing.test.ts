import { describe, expect, it } from 'vitest'
import { parseStatus, unopenedFolders } from '../../shared/engine/git-listing.ts'

const one = '1'.repeat(40)
const two = '2'.repeat(40)
const none = '0'.repeat(40)

/** What git would print: each record ends in NUL. */
const output = (...records: (string | Buffer)[]): Buffer =>
  Buffer.concat(records.flatMap(record => [Buffer.from(record), Buffer.from([0])]))

const changed = (status: string, path: string, head = one, index = two) =>
  `1 ${status} N... 100644 100644 100644 ${head} ${index} ${path}`

describe('unopenedFolders', () => {
  it('takes the names out of what git complains of, the root as an empty one', () => {
    const complaints = [
      "warning: could not open directory 'locked/': Permission denied",
      "warning: could not open directory 'a b/it's/': Input/output error",
      "warning: could not open directory './': Permission denied",
      'warning: something else',
    ]
    expect(unopenedFolders(`${complaints.join('\n')}\n`).map(String)).toEqual(['locked', "a b/it's", ''])
  })
})

describe('parseStatus', () => {
  it('reads the commit that git compared with', () => {
    const listing = parseStatus(output(`# branch.oid ${one}`, '# branch.head main'))
    expect(listing).toEqual({ commit: one, tracked: [], untracked: [], embedded: [] })
  })

  it('reads a SHA-256 commit, and none before the first commit', () => {
    const long = 'a'.repeat(64)
    expect(parseStatus(output(`# branch.oid ${long}`))?.commit).toBe(long)
    expect(parseStatus(output('# branch.oid (initial)'))?.commit).toBeNull()
  })

  it.each(['.M', 'M.', 'MM', 'A.', 'AM', 'AD', 'D.', '.D', '.T', 'T.', '.A'])('reads a path with status %s', status => {
    expect(parseStatus(output(changed(status, 'a path')))?.tracked).toEqual([
      { path: Buffer.from('a path'), status, index: { mode: 0o100644, object: two } },
    ])
  })

  it.each([
    ['spaces', ' two  spaces '],
    ['a line end', 'line\nbreak'],
    ['a tab', 'tab\there'],
    ['quotes and backslashes', '"\\" \''],
    ['what looks like a record', '? 1 .M N... x'],
    ['a leading dash', '-x'],
  ])('takes names as they are: %s', (_what, name) => {
    const { tracked, untracked } = parseStatus(output(changed('.M', name), `? ${name}`)) ?? {}
    expect([tracked?.[0]?.path, untracked?.[0]?.path].map(String)).toEqual([name, name])
  })

  it('takes names that are not UTF-8 as bytes', () => {
    const name = Buffer.from([0x66, 0xff, 0x80])
    const listing = parseStatus(output(Buffer.concat([Buffer.from('? '), name])))
    expect(listing?.untracked).toEqual([{ path: name, status: '??', index: null }])
  })

  it('reads a conflict, which has no one content in the index', () => {
    const record = `u UU N... 100644 100644 100644 100644 ${one} ${two} ${none} in conflict`
    expect(parseStatus(output(record))?.tracked).toEqual([
      { path: Buffer.from('in conflict'), status: 'UU', index: null },
    ])
  })

  it('reads a rename and passes over its old name', () => {
    const record = `2 R. N... 100644 100644 100644 ${one} ${two} R100 new name`
    const listing = parseStatus(output(record, 'old name', '? next'))
    expect(listing?.tracked).toMatchObject([{ path: Buffer.from('new name'), status: 'R.' }])
    expect(listing?.untracked).toMatchObject([{ path: Buffer.from('next') }])
  })

  it('tells an untracked repository from an untracked file', () => {
    const listing = parseStatus(output('? folder/inner/', '? folder/file'))
    expect(listing?.embedded).toEqual([Buffer.from('folder/inner')])
    expect(listing?.untracked).toMatchObject([{ path: Buffer.from('folder/file') }])
  })

  it.each([
    ['a record without its end', Buffer.from('? cut off')],
    ['an unknown kind of record', output('X what')],
    ['a record with too few fields', output('1 .M N... 100644')],
    ['something else', Buffer.from('fatal: not a git repository\n')],
  ])('refuses %s', (_what, bytes) => {
    expect(parseStatus(bytes)).toBeNull()
  })

  it('reads no record from an empty answer', () => {
    expect(parseStatus(Buffer.alloc(0))).toEqual({ commit: null, tracked: [], untracked: [], embedded: [] })
  })
})
