import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, splitLines } from './plain-reader.ts'

const folder = path.resolve(import.meta.dirname, '../fixtures/claude-code')
const files = fs
  .readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(name => fs.statSync(path.join(folder, name)).isFile())
const transcripts = files.filter(name => /(?:projects|moments).*\.jsonl$/.test(name))
const recordsOf = (name: string) =>
  splitLines(fs.readFileSync(path.join(folder, name))).complete.map(line => parse(line) ?? {})

/** Where the vendor's own texts were: every string below is blanked unless it is a name, an id or a number. */
const vendorParts = (record: Readonly<Record<string, unknown>>): unknown[] => {
  const attachment = record['attachment'] as { type?: string } | undefined
  const blanked = ['prompt_snapshot', 'skill_listing', 'agent_listing_delta', 'instructions', 'plan_mode', 'auto_mode']
  const ofType = /^api-request-(?:shape|blob)$/.test(String(record['type'])) ? [record] : []
  return [record['rendered'], ...ofType, ...(blanked.includes(attachment?.type ?? '') ? [attachment] : [])]
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.includes(' ') && Buffer.byteLength(value) >= 12 ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

describe('the real transcripts in test/fixtures/claude-code', () => {
  it('are whole lines of JSON objects, all of them', () => {
    expect(transcripts.length).toBeGreaterThan(18)
    for (const name of transcripts) {
      expect(recordsOf(name).filter(record => record['type'] === undefined)).toEqual([])
      expect(splitLines(fs.readFileSync(path.join(folder, name))).torn).toHaveLength(0)
    }
  })

  it('hold none of the vendor’s prompt texts', () => {
    const texts = transcripts.flatMap(name => recordsOf(name).flatMap(record => textsIn(vendorParts(record))))
    expect(texts.length).toBeGreaterThan(1000)
    expect(texts.filter(text => !text.startsWith('lorem ipsum'))).toEqual([])
  })

  it('hold no key of any service, and nothing of the machine they were made on', () => {
    const secret = /sk-ant-|ghp_|AKIA[0-9A-Z]{16}|xox[bp]-|PRIVATE KEY|"\/(?:root|work)\//
    expect(files.filter(name => secret.test(fs.readFileSync(path.join(folder, name), 'latin1')))).toEqual([])
  })

  it('stay below 4 MB, and the README names every session', () => {
    const sizes = files.map(name => fs.statSync(path.join(folder, name)).size)
    expect(sizes.reduce((a, b) => a + b)).toBeLessThan(4_000_000)
    const readme = fs.readFileSync(path.join(folder, 'README.md'), 'utf8')
    const sessions = files.filter(name => /proj1\/[0-9a-f-]{36}\.jsonl$/.test(name) && name.startsWith('config-dir'))
    for (const name of sessions) expect(readme).toContain(`\`${path.basename(name).slice(0, 8)}\``)
  })
})
