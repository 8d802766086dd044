/** The takeover protocol over every interleaving: a model of it here, the real lock in `lock-file.test.ts`. */
import { describe, expect, it } from 'vitest'
import { explore } from '../support/lock-model.ts'

const whole = { states: expect.any(Number), violation: null, stuck: 0 }

describe('every interleaving of the takeover protocol, with crashes at every step', () => {
  it.each([
    { processes: 2, comebacks: 1, silences: 0, sweep: true },
    { processes: 2, comebacks: 1, silences: 1, sweep: true },
    { processes: 3, comebacks: 0, silences: 0, sweep: true },
    { processes: 3, comebacks: 0, silences: 1, sweep: false },
  ])('has no two holders that pass the fence, one record, and nobody stuck: %o', options => {
    expect(explore(options)).toEqual(whole)
  })

  it.each([
    ['the second listing', 0, true, 'two holders, of whom none was silent'],
    ['the number as a claim', 0, false, 'two holders, of whom none was silent'],
    ['the exclusive record', 1, false, 'two records of one session within its cooldown'],
  ] as const)('is broken without %s, and the search finds how', (without, silences, sweep, what) => {
    const { violation } = explore({ processes: 3, comebacks: 0, silences, sweep, without })
    expect(violation).toEqual({ what, trace: expect.arrayContaining([expect.stringContaining('take')]) })
  })
})
