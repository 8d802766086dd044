import { describe, expect, it } from 'vitest'
import { positionOf, sliderSteps, valueAtPosition } from '../../renderer/settings-scale.ts'
import { numberFields } from '../../shared/core/settings-fields.ts'

describe('the scale of a slider', () => {
  it.each(numberFields.map(field => [field.key, field] as const))(
    'of %s reaches from end to end, always upwards',
    (_, field) => {
      const values = Array.from({ length: sliderSteps + 1 }, (_, step) => valueAtPosition(field, step))
      expect([values[0], values[sliderSteps]]).toEqual([field.min, field.max])
      expect(values.every((value, i) => i === 0 || value >= (values[i - 1] ?? 0))).toBe(true)
      expect(field.whole && values.some(value => !Number.isInteger(value))).toBe(false)
    },
  )

  it.each(numberFields.map(field => [field.key, field] as const))(
    'of %s finds the place of its default',
    (_, field) => {
      const back = valueAtPosition(field, positionOf(field, field.default))
      const neighbours = [-2, 2].map(step => valueAtPosition(field, positionOf(field, field.default) + step))
      expect(back).toBeGreaterThanOrEqual(neighbours[0] ?? 0)
      expect(back).toBeLessThanOrEqual(neighbours[1] ?? 0)
    },
  )

  it('gives hours and minutes room on a way that ends at thirty days', () => {
    const hours = numberFields.find(({ key }) => key === 'thresholds.timeHours')
    const places = [0.25, 2, 24].map(value => (hours ? positionOf(hours, value) / sliderSteps : 0))
    expect(places.map(place => Math.round(place * 100))).toEqual([17, 39, 65])
  })

  it('shows what is no number at the beginning', () => {
    expect(positionOf({ min: 1, max: 9, whole: false }, Number.NaN)).toBe(0)
  })
})
