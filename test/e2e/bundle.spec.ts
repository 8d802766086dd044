/** What `npm run build` has left in `dist`, which must be built before. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const dist = path.resolve(import.meta.dirname, '../../dist')
const read = (file: string) => readFileSync(path.join(dist, file), 'utf8')

/** Packages that a bundle still asks for. In back quotes they are code that a package would write, not run. */
function importedPackages(code: string): readonly string[] {
  const names = [...code.matchAll(/(?<!`)(?:\bfrom|\bimport\(?|\brequire\()\s*["']([^"'\n]+)["']/g)].map(
    match => match[1] ?? '',
  )
  const packages = names.filter(name => /^@?[a-z][\w./-]*$/.test(name) && !builtinModules.includes(name))
  return [...new Set(packages)].sort()
}

const scripts = (folder: string) => readdirSync(path.join(dist, folder)).filter(name => /\.c?js$/.test(name))

describe('the build', () => {
  it('carries all it needs but Electron and the notifier’s programs', () => {
    const asked = ['main', 'preload', 'cli'].map(folder => [
      folder,
      [...new Set(scripts(folder).flatMap(name => importedPackages(read(`${folder}/${name}`))))],
    ])
    expect(asked).toEqual([
      ['main', ['electron', 'node-notifier']],
      ['preload', ['electron']],
      ['cli', ['node-notifier']],
    ])
  })
  it('has one file for the preload, since a sandbox loads no second', () => {
    expect(scripts('preload')).toEqual(['preload.cjs'])
  })
  it('has the engine’s thread beside both hosts', () => {
    expect([scripts('main'), scripts('cli')]).toEqual([
      expect.arrayContaining(['main.js', 'engine-thread.js']),
      expect.arrayContaining(['session-monitor.js', 'engine-thread.js']),
    ])
  })
  it('carries the compiled walk for both hosts, in the code of their scan workers', () => {
    const start = Buffer.from('\0asm').toString('base64').slice(0, 5)
    const carrying = ['main', 'cli'].map(folder =>
      scripts(folder).filter(name => read(`${folder}/${name}`).includes(start)),
    )
    expect(carrying.map(names => names.length)).toEqual([1, 1])
  })
  it('has a command line that a shell can start', () => {
    expect(read('cli/session-monitor.js').split('\n')[0]).toBe('#!/usr/bin/env node')
    expect(statSync(path.join(dist, 'cli/session-monitor.js')).mode & 0o111).toBe(0o111)
  })
  it('has a page with nothing inline and a place for the nonce', () => {
    const html = read('renderer/index.html')
    expect(html).toContain('__CSP_NONCE__')
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|https?:\/\//)
  })
})
