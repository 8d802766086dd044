/** Where the window goes: to its remembered place if a screen still shows it. Pure. */

export interface Bounds {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface WindowPlace {
  /** Absent: the system chooses, in the middle of a screen. */
  readonly x?: number
  readonly y?: number
  readonly width: number
  readonly height: number
}

/** In device-independent pixels. */
export const defaultSize = { width: 1_100, height: 720 } as const
export const leastSize = { width: 420, height: 320 } as const

/** So much of the window must be on one screen, or it could not be taken hold of. */
const visibleShare = 0.5

/** @param workAreas of the screens that are connected now; a screen that was taken away is not among them */
export function placeFor(remembered: Bounds | null, workAreas: readonly Bounds[]): WindowPlace {
  if (remembered === null || !Object.values(remembered).every(Number.isFinite)) return defaultSize
  const width = Math.round(Math.max(leastSize.width, remembered.width))
  const height = Math.round(Math.max(leastSize.height, remembered.height))
  const wanted = { x: Math.round(remembered.x), y: Math.round(remembered.y), width, height }
  const shown = workAreas.map(area => overlap(wanted, area) / (width * height))
  const best = Math.max(0, ...shown)
  if (best >= visibleShare) return wanted
  return fits(wanted, workAreas) ? { width, height } : defaultSize
}

function overlap(a: Bounds, b: Bounds): number {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return Math.max(0, across) * Math.max(0, down)
}

function fits({ width, height }: Bounds, workAreas: readonly Bounds[]): boolean {
  return workAreas.some(area => width <= area.width && height <= area.height)
}
