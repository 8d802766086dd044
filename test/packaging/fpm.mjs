#!/usr/bin/env node
// As much of "fpm -s dir -t deb" as electron-builder asks for, on dpkg-deb: fpm itself would have to be downloaded.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const options = new Map()
const lists = new Map([
  ['-d', []],
  ['--deb-recommends', []],
])
const contents = []
const args = process.argv.slice(2)
for (let at = 0; at < args.length; at++) {
  const argument = args[at]
  if (argument === '--force') continue
  if (lists.has(argument)) lists.get(argument).push(args[++at])
  else if (argument.startsWith('-')) options.set(argument.replace(/^-+/, ''), args[++at])
  else contents.push(argument.split('='))
}
if (options.get('s') !== 'dir' || options.get('t') !== 'deb') throw new Error('only "-s dir -t deb" is supported')

const root = mkdtempSync(path.join(tmpdir(), 'deb-'))
try {
  for (const [from, to] of contents) {
    const target = path.join(root, to)
    const isFolder = from.endsWith('/')
    mkdirSync(isFolder ? target : path.dirname(target), { recursive: true })
    if (isFolder) cpSync(from, target, { recursive: true, verbatimSymlinks: true })
    else {
      copyFileSync(from, target)
      chmodSync(target, 0o644)
    }
  }
  const control = [
    ['Package', options.get('name')],
    ['Version', options.get('version')],
    ['Section', options.get('category')],
    ['Priority', options.get('deb-priority')],
    ['Architecture', options.get('architecture')],
    ['Maintainer', options.get('maintainer')],
    ['Depends', lists.get('-d').join(', ')],
    ['Recommends', lists.get('--deb-recommends').join(', ')],
    ['Description', options.get('description').trim().replaceAll(/\n\s*/g, '\n ')],
  ]
  const lines = control.flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []))
  chmodSync(root, 0o755)
  mkdirSync(path.join(root, 'DEBIAN'))
  writeFileSync(path.join(root, 'DEBIAN/control'), `${lines.join('\n')}\n`)
  const scripts = { 'after-install': 'postinst', 'after-remove': 'postrm' }
  for (const [option, name] of Object.entries(scripts)) {
    const file = options.get(option)
    if (file) writeFileSync(path.join(root, 'DEBIAN', name), readFileSync(file), { mode: 0o755 })
  }
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', root, options.get('package')], {
    stdio: 'inherit',
  })
} finally {
  rmSync(root, { recursive: true, force: true })
}
