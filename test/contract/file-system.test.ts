/** One body over the file system in memory and the real one: what the port promises, and that the fake is honest. */
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeFiles } from '../../shared/engine/node-ports.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('files')
afterAll(() => removeScratchFolder(scratch))
const isRoot = process.getuid?.() === 0

const kinds = [
  { kind: 'memory', files: createMemoryFiles() as FileSystem, base: '/base', modesBind: true },
  { kind: 'real', files: nodeFiles, base: scratch, modesBind: !isRoot },
]

describe.each(kinds)('the $kind file system', ({ files, base, modesBind }) => {
  let folders = 0
  /** A new empty folder, and a way to name things in it. */
  const makeFolder = () => {
    const folder = path.join(base, `folder-${folders++}`)
    files.makeFolder(folder)
    return (...parts: string[]) => path.join(folder, ...parts)
  }
  const write = (file: string, text: string) => {
    const handle = files.open(file, 'create')
    handle.append(Buffer.from(text))
    handle.close()
  }
  const read = (file: string) => {
    const handle = files.open(file, 'read')
    const into = Buffer.alloc(1_000)
    const bytes = handle.read(into, 0)
    handle.close()
    return into.toString('utf8', 0, bytes)
  }

  it('creates a file with mode 0600, appends at its end and reads from any position', () => {
    const at = makeFolder()
    const handle = files.open(at('a'), 'create')
    handle.append(Buffer.from('hello '))
    handle.append(Buffer.from('world'))
    const into = Buffer.alloc(20, '.')
    expect([handle.read(into, 6), into.toString('utf8', 0, 6), handle.read(into, 11)]).toEqual([5, 'world.', 0])
    expect(handle.stat()).toMatchObject({ kind: 'file', size: 11, mode: 0o600, nlink: 1 })
    handle.close()
    expect(read(at('a'))).toBe('hello world')
  })

  it('appends at the end of what was there, and after a cut at the new end', () => {
    const at = makeFolder()
    write(at('a'), 'abcdef')
    const handle = files.open(at('a'), 'update')
    handle.append(Buffer.from('g'))
    handle.truncate(3)
    handle.append(Buffer.from('X'))
    handle.truncate(6)
    handle.sync()
    handle.close()
    expect(read(at('a'))).toBe('abcX\0\0')
  })

  it('keeps an open file readable and writable when its name is gone', () => {
    const at = makeFolder()
    const handle = files.open(at('a'), 'create')
    files.unlink(at('a'))
    handle.append(Buffer.from('still here'))
    expect(handle.stat()).toMatchObject({ size: 10, nlink: 0 })
    handle.close()
    expect(files.list(at())).toEqual([])
  })

  it('gives hard links one identity, one content and a count of names', () => {
    const at = makeFolder()
    write(at('a'), 'one')
    files.link(at('a'), at('b'))
    const handle = files.open(at('b'), 'update')
    handle.truncate(0)
    handle.close()
    expect([files.lstat(at('a')).ino, files.lstat(at('a')).nlink]).toEqual([files.lstat(at('b')).ino, 2])
    expect(read(at('a'))).toBe('')
    files.unlink(at('a'))
    expect(files.lstat(at('b')).nlink).toBe(1)
  })

  it('links the link itself, not what it points at', () => {
    const at = makeFolder()
    files.symlink('nowhere', at('link'))
    files.link(at('link'), at('twin'))
    expect(files.readLink(at('twin')).toString()).toBe('nowhere')
  })

  it('renames over a file: one name, the new content, the mover’s identity', () => {
    const at = makeFolder()
    write(at('new'), 'new')
    write(at('old'), 'old')
    const { ino } = files.lstat(at('new'))
    files.rename(at('new'), at('old'))
    expect([files.list(at()), read(at('old')), files.lstat(at('old')).ino]).toEqual([['old'], 'new', ino])
  })

  it('leaves both names alone when they already are the same file', () => {
    const at = makeFolder()
    write(at('a'), '1')
    files.link(at('a'), at('b'))
    files.rename(at('a'), at('b'))
    expect([...files.list(at())].sort()).toEqual(['a', 'b'])
  })

  it('renames a folder with what is in it, over an empty one too', () => {
    const at = makeFolder()
    files.makeFolder(at('from', 'deep'))
    write(at('from', 'deep', 'a'), 'x')
    files.makeFolder(at('to'))
    files.rename(at('from'), at('to'))
    expect(read(at('to', 'deep', 'a'))).toBe('x')
    expect(files.list(at())).toEqual(['to'])
  })

  it('makes a folder with its parents, mode 0700, and again without complaint', () => {
    const at = makeFolder()
    files.makeFolder(at('a', 'b', 'c'))
    files.makeFolder(at('a', 'b', 'c'))
    expect(files.lstat(at('a', 'b'))).toMatchObject({ kind: 'folder', mode: 0o700 })
  })

  it('tells links from what they point at', () => {
    const at = makeFolder()
    write(at('file'), 'x')
    files.symlink('file', at('link'))
    expect([files.lstat(at('link')).kind, files.stat(at('link')).kind]).toEqual(['link', 'file'])
    expect(files.lstat(at('link')).size).toBe(4)
    expect(files.readLink(at('link'))).toEqual(Buffer.from('file'))
  })

  it('goes through links to folders in the middle of a path, upwards too', () => {
    const at = makeFolder()
    files.makeFolder(at('real', 'inner'))
    write(at('real', 'top'), 'top')
    files.symlink('real/inner', at('way'))
    files.symlink('../top', at('real', 'inner', 'up'))
    expect(files.stat(at('way', 'up')).size).toBe(3)
    expect(files.lstat(`${at('way')}/../top`).kind).toBe('file')
  })

  it('keeps names that are no UTF-8', () => {
    const at = makeFolder()
    const name = Buffer.from([0x66, 0xff, 0xe4])
    const file = Buffer.concat([Buffer.from(`${at()}/`), name])
    files.open(file, 'create').close()
    expect(files.listBytes(at())).toEqual([name])
    expect(files.lstat(file).kind).toBe('file')
  })

  it('sets modes and times, of a link itself and not of its target', () => {
    const at = makeFolder()
    write(at('a'), 'x')
    files.symlink('a', at('link'))
    files.chmod(at('a'), 0o640)
    files.setTimes(at('a'), 1_000, 1_234_567)
    files.setTimes(at('link'), 1_000, 7_654_000)
    expect(files.lstat(at('a'))).toMatchObject({ mode: 0o640, mtimeMs: 1_234_567, mtimeNs: 1_234_567_000_000n })
    expect(files.lstat(at('link')).mtimeMs).toBe(7_654_000)
  })

  it('moves the change times of a file on every change of its content or names, and of its folder on every name', () => {
    const at = makeFolder()
    write(at('a'), 'x')
    files.setTimes(at('a'), 0, 1_000)
    files.setTimes(at(), 0, 1_000)
    const handle = files.open(at('a'), 'update')
    handle.append(Buffer.from('y'))
    handle.close()
    expect(files.lstat(at('a')).mtimeMs).toBeGreaterThan(1_000)
    expect(files.lstat(at()).mtimeMs).toBe(1_000)
    files.link(at('a'), at('b'))
    expect(files.lstat(at()).mtimeMs).toBeGreaterThan(1_000)
  })

  it('removes empty folders, syncs folders and tells the space of the disk', () => {
    const at = makeFolder()
    files.makeFolder(at('a'))
    files.syncFolder(at())
    files.removeFolder(at('a'))
    expect(files.list(at())).toEqual([])
    const { freeBytes, totalBytes } = files.diskSpace(at())
    expect(freeBytes).toBeGreaterThan(0)
    expect(totalBytes).toBeGreaterThanOrEqual(freeBytes)
  })

  /** A folder with a file, a full folder, an empty one, a dangling link, a loop, and a link to the file. */
  const furnished = () => {
    const at = makeFolder()
    write(at('file'), 'x')
    files.makeFolder(at('full', 'inner'))
    files.makeFolder(at('empty'))
    files.symlink('nowhere', at('dangling'))
    files.symlink('loop', at('loop'))
    files.symlink('file', at('to-file'))
    return at
  }
  type At = ReturnType<typeof furnished>

  it.each<[string, string, (at: At) => unknown]>([
    ['ENOENT', 'reading what is not there', at => files.open(at('none'), 'read')],
    ['ENOENT', 'updating what is not there', at => files.open(at('none'), 'update')],
    ['ENOENT', 'creating in a folder that is not there', at => files.open(at('none', 'a'), 'create')],
    ['ENOENT', 'following a dangling link', at => files.stat(at('dangling'))],
    ['ENOENT', 'listing what is not there', at => files.list(at('none'))],
    ['ENOENT', 'linking what is not there', at => files.link(at('none'), at('new'))],
    ['ENOENT', 'renaming what is not there', at => files.rename(at('none'), at('file'))],
    ['ENOENT', 'unlinking what is not there', at => files.unlink(at('none'))],
    ['ENOENT', 'setting times of what is not there', at => files.setTimes(at('none'), 0, 0)],
    ['EEXIST', 'creating what is there', at => files.open(at('file'), 'create')],
    ['EEXIST', 'creating where a dangling link is', at => files.open(at('dangling'), 'create')],
    ['EEXIST', 'linking to a name that is taken', at => files.link(at('file'), at('to-file'))],
    ['EEXIST', 'linking a file to itself', at => files.link(at('file'), at('file'))],
    ['EEXIST', 'making a link where something is', at => files.symlink('x', at('file'))],
    ['EEXIST', 'making a folder where a file is', at => files.makeFolder(at('file'))],
    ['ENOTDIR', 'going through a file', at => files.lstat(at('file', 'a'))],
    ['ENOTDIR', 'making a folder below a file', at => files.makeFolder(at('file', 'a'))],
    ['ENOTDIR', 'listing a file', at => files.list(at('file'))],
    ['ENOTDIR', 'removing a file as a folder', at => files.removeFolder(at('file'))],
    ['ENOTDIR', 'renaming a folder over a file', at => files.rename(at('empty'), at('file'))],
    ['EISDIR', 'renaming a file over a folder', at => files.rename(at('file'), at('empty'))],
    ['EISDIR', 'updating a folder', at => files.open(at('empty'), 'update')],
    ['ENOTEMPTY', 'removing a full folder', at => files.removeFolder(at('full'))],
    ['ENOTEMPTY', 'renaming over a full folder', at => files.rename(at('empty'), at('full'))],
    ['EINVAL', 'renaming a folder into itself', at => files.rename(at('full'), at('full', 'inner', 'x'))],
    ['EINVAL', 'reading a file as a link', at => files.readLink(at('file'))],
    ['ELOOP', 'reading through a link as the last part', at => files.open(at('to-file'), 'read')],
    ['ELOOP', 'updating through a link as the last part', at => files.open(at('to-file'), 'update')],
    ['ELOOP', 'following a loop', at => files.stat(at('loop'))],
    ['ENAMETOOLONG', 'a name of 256 bytes', at => files.open(at('x'.repeat(256)), 'create')],
  ])('says %s when %s', (code, _title, act) => {
    const at = furnished()
    expect(() => act(at)).toThrow(expect.objectContaining({ code }))
  })

  it.runIf(process.platform === 'linux')('says EISDIR when a folder is unlinked (Linux)', () => {
    const at = furnished()
    expect(() => files.unlink(at('empty'))).toThrow(expect.objectContaining({ code: 'EISDIR' }))
  })

  it('says EBADF for a file that was closed', () => {
    const at = furnished()
    const handle = files.open(at('file'), 'update')
    handle.close()
    expect(() => handle.truncate(0)).toThrow(expect.objectContaining({ code: 'EBADF' }))
  })

  it('refuses to write through a file that was opened to read', () => {
    const at = furnished()
    const handle = files.open(at('file'), 'read')
    expect(() => handle.append(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'EBADF' }))
    handle.close()
    expect(read(at('file'))).toBe('x')
  })

  const asUser = modesBind ? '' : ' (skipped: root is bound by no mode)'
  it.runIf(modesBind).each<[string, (at: At) => unknown]>([
    ['creating', at => files.open(at('full', 'new'), 'create')],
    ['unlinking', at => files.removeFolder(at('full', 'inner'))],
    ['linking', at => files.link(at('file'), at('full', 'twin'))],
    ['renaming', at => files.rename(at('file'), at('full', 'moved'))],
  ])(`says EACCES when %s in a read-only folder${asUser}`, (_title, act) => {
    const at = furnished()
    files.chmod(at('full'), 0o500)
    expect(() => act(at)).toThrow(expect.objectContaining({ code: 'EACCES' }))
    files.chmod(at('full'), 0o700)
  })
})
