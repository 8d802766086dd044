import { describe, expect, it } from 'vitest'
import { runHistory } from '../support/restore-world.ts'

describe('a history of edits, checkpoints, restores, crashes, power cuts and undos', () => {
  it.each(Array.from({ length: 40 }, (_, n) => n + 1))('keeps every promise of a restore (seed %i)', async seed => {
    expect((await runHistory(seed, 12)).failures).toEqual([])
  })
})
