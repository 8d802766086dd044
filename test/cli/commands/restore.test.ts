import { describe, expect, it } from 'vitest'
import { renderRestored } from '../../../cli/commands/restore.ts'
import type { RestoreReport } from '../../../shared/engine/restore-side.ts'
import { hourMs, idOf, noonMs, recordOf } from '../../support/core-values.ts'
import { createFakeTerminal } from '../fake-terminal.ts'

const { terminal } = createFakeTerminal()
const report: RestoreReport = {
  v: 1,
  state: 'complete',
  checkpoint: `${idOf(1)}/3`,
  takenAt: noonMs - hourMs,
  restoredAt: noonMs,
  folder: "/tmp/ann's",
  files: 12,
  links: 1,
  bytes: 4_500,
  heads: [
    { path: '.', commit: 'c', kind: 'taken', files: 9, note: 'clean files are as git keeps them' },
    { path: 'lib', commit: null, kind: 'left-out', files: 0, note: 'only recorded files were restored: no git' },
  ],
  streams: [{ name: 'main', file: `transcript/${idOf(1)}.jsonl`, bytes: 1_000, sha256: 'x' }],
  leftOut: [],
  asKept: [],
  gone: ['old.txt'],
  treeError: null,
}

describe('renderRestored', () => {
  it('says what came back and what to run next, in words for a shell', () => {
    expect(renderRestored(recordOf(), report, '/home/ann/.claude/projects/p/1.jsonl', noonMs, terminal)).toEqual([
      'Restored and verified byte for byte: Mend the parser',
      `checkpoint  ${idOf(1)}/3, taken 1 h ago`,
      "folder      /tmp/ann's",
      'files       12 files, 1 link, 4.5 kB',
      'from git    clean files are as git keeps them',
      '  in lib    only recorded files were restored: no git',
      'deleted     1 path had been deleted and stayed so',
      'transcript  1 file, 1.0 kB',
      '',
      'Next:',
      String.raw`  less '/tmp/ann'\''s/BRIEF.md'`,
      '      what was being done, and where to go on',
      String.raw`  diff -r /home/ann/shop '/tmp/ann'\''s/files'`,
      '      what differs from the project as it is now',
      String.raw`  cp '/tmp/ann'\''s/transcript/${idOf(1)}.jsonl' /home/ann/.claude/projects/p/1.jsonl`,
      '      the transcript is gone: this brings it back',
      `  cd /home/ann/shop && claude --resume ${idOf(1)}`,
      '      goes on with the conversation',
    ])
  })

  it('does not speak of the transcript when it is still there, nor of files when there are none', () => {
    const lines = renderRestored(recordOf({ tree: null }), { ...report, files: 0 }, null, noonMs, terminal).join('\n')
    expect(lines).not.toContain('  cp ')
    expect(lines).not.toContain('diff -r')
  })

  it('lists what could not be restored, at most twenty', () => {
    const leftOut = Array.from({ length: 22 }, (_, n) => ({ path: `f${n}\u001b`, reason: 'too-large: 3 GB' }))
    const lines = renderRestored(recordOf(), { ...report, leftOut }, null, noonMs, terminal)
    const from = lines.indexOf('Not restored')
    expect(lines[from + 1]).toBe('  f0: too-large: 3 GB')
    expect(lines[from + 21]).toBe('  … and 2 more, in RESTORED.json')
  })
})
