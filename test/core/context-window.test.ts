import { describe, expect, it } from 'vitest'
import { compactionOutlook, compactionPoint, contextFill, windowTokensOf } from '../../shared/core/context-window.ts'

describe('windowTokensOf', () => {
  it.each([
    ['claude-opus-5-5', 'claude-opus-5-5', 0, 1_000_000],
    ['claude-opus-4-8', null, 0, 1_000_000],
    ['claude-haiku-5-5', null, 0, 1_000_000],
    ['claude-fable-5-2', null, 0, 1_000_000],
    ['claude-opus-4-6', 'claude-opus-4-6', 0, 200_000],
    ['claude-opus-4-6', 'claude-opus-4-6[1m]', 0, 1_000_000],
    ['claude-sonnet-4-5', null, 199_000, 200_000],
    ['claude-3-5-haiku-20241022', null, 0, 200_000],
    ['claude-haiku-4-5-20251001', null, 0, 200_000],
    ['us.anthropic.claude-opus-4-5-20251101-v1:0', null, 0, 200_000],
    ['us.anthropic.claude-sonnet-5-v1:0', null, 0, 1_000_000],
    ['claude-opus-5-5@20260901', null, 0, 1_000_000],
    ['claude-opus-5-latest', null, 0, 1_000_000],
    // An alias that is served by another model: what answered counts.
    ['claude-opus-5-5', 'claude-opus-4-1', 0, 1_000_000],
    [null, 'claude-sonnet-5', 0, 1_000_000],
    ['claude-made-up-9', 'claude-made-up-9', 200_000, 200_000],
    ['claude-made-up-9', 'claude-made-up-9', 200_001, 1_000_000],
    ['gpt-oss', null, 0, 200_000],
    [null, null, 0, 200_000],
    // Held to 200,000 by name, yet seen beyond it.
    ['claude-sonnet-4-5', null, 350_000, 1_000_000],
  ])('%s asked for as %s, seen with %i tokens: %i', (model, requested, largest, expected) => {
    expect(windowTokensOf(model, requested, largest)).toBe(expected)
  })
})

describe('contextFill', () => {
  it.each([
    [15_354, 1_000_000, 2],
    [150_912, 200_000, 75],
    [1_000, 200_000, 1],
    [999, 200_000, 0],
    [250_000, 200_000, 125],
  ])('%i of %i is %i %%', (tokens, windowTokens, percent) => {
    expect(contextFill(tokens, windowTokens)).toEqual({ tokens, windowTokens, percent })
  })
})

describe('compactionPoint', () => {
  it('is what Claude Code was seen to do', () => {
    expect(compactionPoint(1_000_000)).toEqual({ turnTokens: 967_000, loopTokens: 977_000 })
    expect(compactionPoint(200_000)).toEqual({ turnTokens: 167_000, loopTokens: 177_000 })
  })
})

describe('compactionOutlook', () => {
  it.each([
    ['half way', 83_500, [], { leftTokens: 83_500, leftPercent: 50, turnsLeft: null }],
    ['past the point', 180_000, [100_000], { leftTokens: 0, leftPercent: 0, turnsLeft: 0 }],
    ['one turn of 7,000 tokens', 97_000, [90_000], { leftTokens: 70_000, leftPercent: 42, turnsLeft: 10 }],
    ['turns of 10,000 tokens on average', 97_000, [67_000, 68_000, 96_000], { leftTokens: 70_000, turnsLeft: 7 }],
    ['less than a turn left', 160_000, [140_000], { leftTokens: 7_000, turnsLeft: 0 }],
    ['turns that add nothing', 90_000, [90_000, 90_000], { turnsLeft: null }],
    ['a context that shrank', 80_000, [90_000], { turnsLeft: null }],
    ['turns that add next to nothing', 90_001, [90_000], { turnsLeft: 1_000 }],
  ])('%s', (_title, tokens, turnStarts, expected) => {
    expect(compactionOutlook(contextFill(tokens, 200_000), turnStarts)).toMatchObject({
      atTokens: 167_000,
      ...expected,
    })
  })
})
