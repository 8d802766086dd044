import { describe, expect, it } from 'vitest'
import { renderReport } from '../../../cli/commands/verify.ts'
import type { Finding } from '../../../shared/engine/record-check.ts'
import { idOf } from '../../support/core-values.ts'
import { createFakeTerminal } from '../fake-terminal.ts'

const { terminal } = createFakeTerminal()
const whole = { complete: true, findings: [], sessions: 2, checkpoints: 5, packs: 3, packBytes: 4_200_000 }
const damage: Finding = {
  code: 'stream-damaged',
  severity: 'damage',
  sessionId: idOf(1),
  seq: 2,
  pack: null,
  message: 'main is damaged',
}
const note: Finding = {
  code: 'unexpected-entry',
  severity: 'note',
  sessionId: null,
  seq: null,
  pack: null,
  message: 'packs/\u001b[2Jx is none of ours',
}

describe('renderReport', () => {
  it('says what was checked and how deeply', () => {
    expect(renderReport(whole, false, terminal, false)).toEqual([
      'Checked 5 checkpoints of 2 sessions in 3 packs (4.2 MB); places were checked, not every byte: --read-data does.',
      'No damage found.',
    ])
    expect(renderReport({ ...whole, complete: false }, true, terminal, false)[0]).toBe(
      'Checked 5 checkpoints of 2 sessions in 3 packs (4.2 MB); every byte was read and hashed. Stopped early.',
    )
  })

  it('names the checkpoint of each damage before the notes, and says what to do', () => {
    const lines = renderReport({ ...whole, findings: [note, damage] }, true, terminal, false)
    expect(lines[0]).toBe(`damage  ${idOf(1)}/2: main is damaged`)
    expect(lines[1]).toBe('note    packs/ [2Jx is none of ours')
    expect(lines[3]).toContain('Damage found in 1 place. Nothing was changed')
    expect(lines[3]).toContain('session-monitor checkpoint')
  })

  it('is only the damage when quiet', () => {
    expect(renderReport({ ...whole, findings: [note, damage] }, true, terminal, true)).toHaveLength(1)
    expect(renderReport({ ...whole, findings: [note] }, true, terminal, true)).toEqual([])
  })
})
