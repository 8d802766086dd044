import { describe, expect, it } from 'vitest'
import { defaultSize, placeFor } from '../../electron/window-bounds.ts'

const screen = { x: 0, y: 0, width: 1920, height: 1040 }
const left = { x: -1280, y: 0, width: 1280, height: 1024 }

describe('the place of the window', () => {
  it.each([
    ['the middle of a screen at first', null, [screen], defaultSize],
    ['where it was', { x: 5, y: 6, width: 800, height: 600 }, [screen], { x: 5, y: 6, width: 800, height: 600 }],
    [
      'where it was on a second screen',
      { x: -1200, y: 6, width: 800, height: 600 },
      [screen, left],
      { x: -1200, y: 6, width: 800, height: 600 },
    ],
    [
      'another place when that screen is gone',
      { x: -1200, y: 6, width: 800, height: 600 },
      [screen],
      { width: 800, height: 600 },
    ],
    [
      'another place when hardly any of it could be seen',
      { x: 1900, y: 1000, width: 800, height: 600 },
      [screen],
      { width: 800, height: 600 },
    ],
    [
      'the usual size when it would fit no screen',
      { x: 5_000, y: 0, width: 4_000, height: 3_000 },
      [screen],
      defaultSize,
    ],
    [
      'never smaller than it can be used',
      { x: 5, y: 6, width: 1, height: 1 },
      [screen],
      { x: 5, y: 6, width: 420, height: 320 },
    ],
    [
      'the usual one when what was kept is no number',
      { x: Number.NaN, y: 6, width: 800, height: 600 },
      [screen],
      defaultSize,
    ],
    ['the usual one without any screen', { x: 0, y: 0, width: 800, height: 600 }, [], defaultSize],
  ])('is %s', (_what, remembered, workAreas, place) => {
    expect(placeFor(remembered, workAreas)).toEqual(place)
  })
})
