import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { drawAll, drawColoured, drawTemplate, iconStates } from '../../build/icons/draw.ts'
import { type Bitmap, decodePng, encodePng } from '../../build/icons/png.ts'

const runtime = path.resolve(import.meta.dirname, '../../build/icons/runtime')
const pairs = iconStates.flatMap((a, index) => iconStates.slice(index + 1).map(b => [a, b] as const))

function pixels({ rgba }: Bitmap): readonly (readonly number[])[] {
  return Array.from({ length: rgba.length / 4 }, (_, index) => [...rgba.subarray(index * 4, index * 4 + 4)])
}

/** Share of the pixels whose coverage differs by more than half. */
function shapeDifference(a: Bitmap, b: Bitmap): number {
  const [alphaA, alphaB] = [pixels(a), pixels(b)].map(all => all.map(pixel => pixel[3] as number)) as [
    number[],
    number[],
  ]
  return alphaA.filter((alpha, index) => Math.abs(alpha - (alphaB[index] as number)) > 127).length / alphaA.length
}

/** WCAG 2 relative luminance of an sRGB colour. */
function luminance(colour: readonly number[]): number {
  const [red, green, blue] = colour.slice(0, 3).map(value => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** The colour that most of the opaque pixels have. */
function mainColour(bitmap: Bitmap): readonly number[] {
  const opaque = pixels(bitmap).filter(pixel => pixel[3] === 255)
  const votes = Map.groupBy(opaque, pixel => pixel.join())
  return [...votes.values()].sort((a, b) => b.length - a.length)[0]?.[0] ?? []
}

describe('the icons', () => {
  it('are in the repository as the script draws them', () => {
    const drawn = drawAll()
    expect(readdirSync(runtime).sort()).toEqual([...drawn.keys()].sort())
    // Pixels, not bytes: another zlib may pack them differently.
    const inRepository = [...drawn.keys()].map(name => decodePng(readFileSync(path.join(runtime, name))))
    expect(inRepository).toEqual([...drawn.values()].map(decodePng))
  }, 60_000)
  it('keep their pixels through the file format', () => {
    const bitmap = { size: 2, rgba: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]) }
    expect(decodePng(encodePng(bitmap))).toEqual(bitmap)
  })
  it.each(pairs)('tell %s from %s by shape alone at 16 pixels', (a, b) => {
    expect(shapeDifference(drawTemplate(a, 16), drawTemplate(b, 16))).toBeGreaterThan(0.1)
  })
  it.each(iconStates)('stand out from white and from black: %s', state => {
    const brightness = luminance(mainColour(drawColoured(state, 32)))
    expect(1.05 / (brightness + 0.05)).toBeGreaterThan(3)
    expect((brightness + 0.05) / 0.05).toBeGreaterThan(3)
  })
  it.each(iconStates)('are black and transparent only where macOS paints them: %s', state => {
    const colours = new Set(pixels(drawTemplate(state, 32)).map(pixel => pixel.slice(0, 3).join()))
    expect([...colours]).toEqual(['0,0,0'])
  })
})
