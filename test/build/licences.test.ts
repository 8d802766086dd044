import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { licencesText, packageFolderOf, readPackage, withDependencies } from '../../build/licences.ts'

const top = path.resolve(import.meta.dirname, '../..')

describe('the licences of what is handed on', () => {
  it.each([
    ['/a/node_modules/zod/v4/index.js', '/a/node_modules/zod'],
    ['/a/node_modules/@mantine/core/esm/x.mjs?v=1', '/a/node_modules/@mantine/core'],
    ['/a/node_modules/x/node_modules/y/index.js', '/a/node_modules/x/node_modules/y'],
    ['\0/a/node_modules/react/index.js', '/a/node_modules/react'],
    ['C:\\a\\node_modules\\zod\\index.js', 'C:\\a\\node_modules\\zod'],
    ['/a/shared/core/format.ts', null],
    ['\0rolldown/runtime.js', null],
  ])('belong to the package of a module: %s', (id, folder) => {
    expect(packageFolderOf(id)).toBe(folder)
  })
  it('are those of a kept package and of all that it needs', () => {
    const names = withDependencies(top, 'node-notifier').map(folder => readPackage(folder).name)
    expect(names.sort()).toEqual([
      'growly',
      'is-docker',
      'is-wsl',
      'isexe',
      'node-notifier',
      'semver',
      'shellwords',
      'uuid',
      'which',
    ])
  })
  it('are told once each, by name, with their text', () => {
    const b = { name: 'b', version: '1.0.0', licence: 'MIT', text: 'Be nice.' }
    const text = licencesText([b, { ...b, name: 'a', text: null }, b])
    expect(text.match(/^[ab] 1.*$/gm)).toEqual(['a 1.0.0 (MIT)', 'b 1.0.0 (MIT)'])
    expect(text).toContain('b 1.0.0 (MIT)\n\nBe nice.')
  })
})
