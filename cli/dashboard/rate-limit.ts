/** So many at once, and so many a second after that. Time comes in as values. */

export interface RateLimit {
  /** @param nowMs Never goes back. @returns false if it is one too many. */
  take(nowMs: number): boolean
}

export function createRateLimit(atOnce: number, perSecond: number): RateLimit {
  let left = atOnce
  let fromMs: number | null = null
  return {
    take(nowMs) {
      left = Math.min(atOnce, left + ((nowMs - (fromMs ?? nowMs)) / 1_000) * perSecond)
      fromMs = nowMs
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
