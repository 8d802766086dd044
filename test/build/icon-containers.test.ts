import { describe, expect, it } from 'vitest'
import { encodeIcns, encodeIco, icnsSizes } from '../../build/icons/containers.ts'

const image = (size: number) => [size, Buffer.from(`png of ${size}`)] as const

describe('an icon file', () => {
  it('of Windows holds its images where its table says', () => {
    const ico = encodeIco(new Map([image(256), image(16)]))
    const entry = (n: number) => {
      const at = 6 + 16 * n
      const [length, offset] = [ico.readUInt32LE(at + 8), ico.readUInt32LE(at + 12)]
      return [ico[at], ico.toString('latin1', offset, offset + length)]
    }
    expect([ico.readUInt16LE(2), ico.readUInt16LE(4), entry(0), entry(1)]).toEqual([
      1,
      2,
      [16, 'png of 16'],
      [0, 'png of 256'],
    ])
  })
  it('of macOS holds every size that it names, and says so when one is missing', () => {
    const icns = encodeIcns(new Map(icnsSizes.map(image)))
    expect([icns.toString('latin1', 0, 4), icns.readUInt32BE(4)]).toEqual(['icns', icns.length])
    expect(icns.toString('latin1', 8, 12)).toBe('ic07')
    expect(() => encodeIcns(new Map([image(16)]))).toThrow('an .icns needs 128 pixels')
  })
})
