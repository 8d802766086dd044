import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { itemsOf, linesOf } from '../../renderer/settings-lines.ts'

describe('a list as lines', () => {
  it('is one item a line, without what surrounds it', () => {
    expect(itemsOf(' .env \n\n\tconfig/*.key\n')).toEqual(['.env', 'config/*.key'])
  })
  it('shows what cannot be seen, and takes it as it was', () => {
    const items = ['/home/\u202egnp.exe', 'a\nb']
    expect(linesOf(items)).toBe('/home/\\u{202e}gnp.exe\na\\u{a}b')
    expect(itemsOf(linesOf(items))).toEqual(items)
  })
  it('comes back the same, whatever is in it (seed 8)', () => {
    const item = fc
      .string({ unit: 'binary' })
      .filter(text => text.trim() === text && text !== '' && !text.includes('\\'))
    const property = fc.property(fc.array(item), items => {
      expect(itemsOf(linesOf(items))).toEqual(items)
    })
    fc.assert(property, { seed: 8, numRuns: 500 })
  })
})
