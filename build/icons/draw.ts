/**
 * Draws the tray icons and the window's icon: `node build/icons/draw.ts` writes `build/icons/runtime/*.png`.
 *
 * Each state has an outline of its own (shield, triangle, arrow, octagon, disc, ring) and a mark of its own, so that no
 * one has to tell colours apart. Coloured ones carry fills of middle brightness, which stand out from light and
 * dark panels alike; macOS gets black templates with the mark cut out. Shapes live on a 16 × 16 grid.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Bitmap, encodePng } from './png.ts'

/** The states the tray can tell; names of the files too. */
export const iconStates = ['protected', 'at-risk', 'checkpointing', 'failing', 'paused', 'waiting'] as const
export type IconState = (typeof iconStates)[number]

/** True where a point of the 16 × 16 grid (y down) is covered. */
type Shape = (x: number, y: number) => boolean
type Point = readonly [x: number, y: number]
type Colour = readonly [red: number, green: number, blue: number]

interface Icon {
  readonly outline: Shape
  readonly mark: Shape
  /** Contrast with white and with black both at least 3:1; a test holds that. */
  readonly fill: Colour
}

/** Samples per pixel and axis: large icons have few pixels on an edge. */
const samplesFor = (size: number): number => (size > 256 ? 2 : size > 64 ? 3 : 8)
const white: Colour = [255, 255, 255]
const black: Colour = [0, 0, 0]

// Straight edges lie on whole numbers, so that they stay sharp at 16 pixels.
const shield = polygon(
  [1, 2],
  [8, 0],
  [15, 2],
  [15, 8],
  [13.8, 11],
  [11.5, 13.7],
  [8, 16],
  [4.5, 13.7],
  [2.2, 11],
  [1, 8],
)
const triangle = polygon([7, 1], [9, 1], [16, 13.5], [15, 15], [1, 15], [0, 13.5])
const arrow = anyOf(
  polygon([5, 0], [11, 0], [11, 5], [15, 5], [8, 12], [1, 5], [5, 5]),
  polygon([1, 13], [15, 13], [15, 16], [1, 16]),
)
const octagon = polygon([4.7, 0], [11.3, 0], [16, 4.7], [16, 11.3], [11.3, 16], [4.7, 16], [0, 11.3], [0, 4.7])
const disc = circle([8, 8], 8)
const ring: Shape = (x, y) => disc(x, y) && !circle([8, 8], 5.5)(x, y)

const icons: { readonly [K in IconState]: Icon } = {
  protected: { outline: shield, mark: stroke(1.15, [4.5, 7.7], [7, 10.2], [11.5, 5.3]), fill: [26, 143, 74] },
  'at-risk': {
    outline: triangle,
    mark: anyOf(polygon([7, 5], [9, 5], [9, 10], [7, 10]), polygon([7, 11], [9, 11], [9, 13], [7, 13])),
    fill: [196, 113, 0],
  },
  checkpointing: { outline: arrow, mark: () => false, fill: [43, 125, 233] },
  failing: {
    outline: octagon,
    mark: anyOf(stroke(1.15, [5, 5], [11, 11]), stroke(1.15, [11, 5], [5, 11])),
    fill: [217, 54, 54],
  },
  paused: {
    outline: disc,
    mark: anyOf(polygon([5, 4], [7, 4], [7, 12], [5, 12]), polygon([9, 4], [11, 4], [11, 12], [9, 12])),
    fill: [115, 120, 128],
  },
  waiting: { outline: ring, mark: () => false, fill: [115, 120, 128] },
}

/** Every file of `runtime`, by name. */
export function drawAll(): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const state of iconStates) {
    for (const [suffix, scale] of [
      ['', 1],
      ['@2x', 2],
    ] as const) {
      files.set(`${state}-16${suffix}.png`, encodePng(drawColoured(state, 16 * scale)))
      files.set(`${state}-32${suffix}.png`, encodePng(drawColoured(state, 32 * scale)))
      files.set(`${state}Template${suffix}.png`, encodePng(drawTemplate(state, 16 * scale)))
    }
  }
  files.set('app.png', encodePng(drawApp(256)))
  return files
}

/** The app's own icon, for large sizes: the shield of the tray with round edges, in two tones, with room around it. */
export function drawApp(size: number): Bitmap {
  const { mark } = icons.protected
  const grown = (value: number) => (value - 8) * 1.12 + 8
  return draw(size, (column, row) => {
    const [x, y] = [grown(column), grown(row)]
    if (!roundShield(x, y)) return null
    if (mark(x, y)) return white
    return x < 8 ? [32, 158, 84] : [22, 128, 66]
  })
}

/** Straight above, and a quarter of a cosine to the point below. */
function roundShield(x: number, y: number): boolean {
  const half = y <= 7 ? 7 : 7 * Math.cos((((y - 7) / 9) * Math.PI) / 2)
  return y <= 16 && Math.abs(x - 8) <= half && y >= 0.6 + 1.6 * Math.sin((Math.abs(x - 8) / 7) * (Math.PI / 2)) ** 2
}

/** White mark on the state's colour. */
export function drawColoured(state: IconState, size: number): Bitmap {
  const { outline, mark, fill } = icons[state]
  return draw(size, (x, y) => (outline(x, y) ? (mark(x, y) ? white : fill) : null))
}

/** Black, with the mark cut out: macOS paints it in the menu bar's colour. */
export function drawTemplate(state: IconState, size: number): Bitmap {
  const { outline, mark } = icons[state]
  return draw(size, (x, y) => (outline(x, y) && !mark(x, y) ? black : null))
}

/** `paint` gives the colour at a point of the grid, or null for none; each pixel is the mean of its samples. */
function draw(size: number, paint: (x: number, y: number) => Colour | null): Bitmap {
  const rgba = new Uint8Array(size * size * 4)
  const samples = samplesFor(size)
  for (let pixel = 0; pixel < size * size; pixel++) {
    rgba.set(meanColour(pixel % size, Math.floor(pixel / size), 16 / size, samples, paint), pixel * 4)
  }
  return { size, rgba }
}

function meanColour(
  column: number,
  row: number,
  step: number,
  samples: number,
  paint: (x: number, y: number) => Colour | null,
): readonly number[] {
  const sum = [0, 0, 0, 0] as [number, number, number, number]
  for (let sample = 0; sample < samples * samples; sample++) {
    const across = ((sample % samples) + 0.5) / samples
    const down = (Math.floor(sample / samples) + 0.5) / samples
    const colour = paint((column + across) * step, (row + down) * step)
    if (colour === null) continue
    for (const channel of [0, 1, 2] as const) sum[channel] += colour[channel]
    sum[3]++
  }
  const covered = Math.max(1, sum[3])
  return [...sum.slice(0, 3).map(total => Math.round(total / covered)), Math.round((255 * sum[3]) / samples ** 2)]
}

function circle([cx, cy]: Point, radius: number): Shape {
  return (x, y) => Math.hypot(x - cx, y - cy) <= radius
}

/** A line of round ends through `points`, `halfWidth` to either side. */
function stroke(halfWidth: number, ...points: readonly Point[]): Shape {
  const segments = points.slice(1).map((to, index) => [points[index] as Point, to] as const)
  return (x, y) => segments.some(([from, to]) => distanceToSegment([x, y], from, to) <= halfWidth)
}

function distanceToSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay]
  const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)))
  return Math.hypot(x - ax - along * dx, y - ay - along * dy)
}

/** Even-odd rule. */
function polygon(...points: readonly Point[]): Shape {
  const edges = points.map((from, index) => [from, points[(index + 1) % points.length] as Point] as const)
  return (x, y) =>
    edges.filter(([[ax, ay], [bx, by]]) => ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax).length %
      2 ===
    1
}

function anyOf(...shapes: readonly Shape[]): Shape {
  return (x, y) => shapes.some(shape => shape(x, y))
}

if (import.meta.main) {
  const folder = path.join(import.meta.dirname, 'runtime')
  mkdirSync(folder, { recursive: true })
  for (const [name, png] of drawAll()) writeFileSync(path.join(folder, name), png)
}
