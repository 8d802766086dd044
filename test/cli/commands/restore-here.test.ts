import { describe, expect, it } from 'vitest'
import { renderDone, renderPlan, selectionOf } from '../../../cli/commands/restore-here.ts'
import { noonMs } from '../../support/core-values.ts'
import { restoreDone, restoreEntries, restorePlan } from '../../support/restore-values.ts'
import { createFakeTerminal } from '../fake-terminal.ts'

const { terminal } = createFakeTerminal()
const { checkpoint } = restorePlan.request

describe('renderPlan', () => {
  it('says what would happen to what, what is left, and how to go on', () => {
    expect(renderPlan(restorePlan, restoreEntries, noonMs, terminal)).toEqual([
      'Plan: nothing has been written yet',
      `checkpoint  ${checkpoint}, taken 1 h ago`,
      'project     /home/dev/work',
      'files       1 file to write, 60 B; 0 B kept for an undo',
      'transcript  The conversation went on since.',
      `  goes to   ${restorePlan.transcript?.file}`,
      '',
      '! 1 file in conflict: what is there now is in no checkpoint. Will be left; --replace-conflicts replaces them',
      '+ 1 file not there now: will be written. --keep-deleted leaves them deleted',
      '',
      '  ! src/a.ts  (140 B → 120 B)',
      '  + notes.md  (60 B)',
      'A session is open here (busy): Mend the parser. Better let it rest first.',
      '',
      'Not in the checkpoint',
      '  huge.bin: too large: 3 GB',
      '',
      'Next:',
      `  session-monitor restore ${checkpoint} --in-place --yes`,
      '      does this; a safety checkpoint is taken first, and it can be undone',
      `  session-monitor restore ${checkpoint} --to <folder>`,
      '      gives everything back into a new folder instead',
    ])
  })

  it('has nothing to suggest when there is nothing to do', () => {
    const nothing = { ...restorePlan, writes: { files: 0, bytes: 0 }, transcript: null, atWork: [], leftOut: [] }
    expect(renderPlan(nothing, [], noonMs, terminal).at(-1)).toBe('There is nothing to do.')
  })
})

describe('renderDone', () => {
  it('says what was written, what holds the state before, and how to undo it', () => {
    expect(renderDone(restoreDone, terminal)).toEqual([
      'Done: 1 file written, 60 B',
      'project     /home/dev/work',
      'left        1 file as they are',
      'transcript  The conversation went on since.',
      `safety      checkpoint ${restoreDone.safety} holds how it was before`,
      '',
      'Next:',
      '  session-monitor undo 0123456789abcdef',
      '      puts everything back as it was',
    ])
  })

  it('tells what could not be written, and why', () => {
    const failures = [{ path: 'a.txt', reason: 'another program has it open; close it and resume' }]
    const lines = renderDone({ ...restoreDone, kind: 'incomplete', failures }, terminal)
    expect(lines[0]).toBe('Not all of it: 1 file written, 60 B')
    expect(lines).toContain('  a.txt: another program has it open; close it and resume')
  })
})

describe('selectionOf', () => {
  it.each([
    [{}, { what: 'whole' }],
    [{ files: true }, { what: 'files' }],
    [{ transcript: true }, { what: 'transcript' }],
    [{ only: ['src', 'a.txt'] }, { what: 'paths', paths: ['src', 'a.txt'] }],
  ])('takes %j for %j', (options, value) => {
    expect(selectionOf(options)).toEqual({ ok: true, value })
  })
})
