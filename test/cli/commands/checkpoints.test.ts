import { describe, expect, it } from 'vitest'
import { renderHistory, renderRecord } from '../../../cli/commands/checkpoints.ts'
import { timeStamp } from '../../../cli/session-words.ts'
import { hourMs, idOf, manifestOf, noonMs, recordOf, streamRecordOf, treeFileOf } from '../../support/core-values.ts'
import { createFakeTerminal } from '../fake-terminal.ts'

const { terminal } = createFakeTerminal()
const stamp = timeStamp(noonMs - hourMs)

describe('renderHistory', () => {
  it('lists a session’s checkpoints, newest first, with what each holds and why', () => {
    const records = [recordOf({ seq: 4, tree: null, why: 'asked for by hand' }), recordOf({ seq: 3 })]
    expect(renderHistory(records, noonMs, terminal)).toEqual([
      'Mend the parser',
      idOf(1),
      '',
      'NO  TIME                 AGE      MESSAGES  TRANSCRIPT  FILES  WHY',
      ` 4  ${stamp}  1 h ago        10      1.0 kB      –  asked for by hand`,
      ` 3  ${stamp}  1 h ago        10      1.0 kB      2  2 h since the last checkpoint (limit 2 h)`,
    ])
  })

  it('says so when none can be read', () => {
    expect(renderHistory([], noonMs, terminal)).toEqual(['No checkpoint that can be read.'])
  })
})

describe('renderRecord', () => {
  it('says when, why and what, in words', () => {
    const lines = renderRecord(recordOf(), manifestOf(), noonMs, terminal)
    expect(lines.slice(0, 9)).toEqual([
      'Mend the parser',
      `checkpoint  ${idOf(1)}/3`,
      `taken       ${stamp}, 1 h ago`,
      'why         2 h since the last checkpoint (limit 2 h)',
      'scores      time 1, total 0.3',
      'session     10 messages, 0 compactions, context 25 % full',
      'model       claude-opus-4-5',
      'folder      /home/ann/shop',
      'work tree   branch main at 0123456789ab, 2 files, 600 B; its commit is on a remote',
    ])
    expect(lines.slice(-2)).toEqual(['Resume brief', '  # Mend the parser'])
  })

  it('lists every file with its mode and size, nested ones, deleted ones, and what is not saved', () => {
    const manifest = manifestOf({
      files: [treeFileOf('run.sh', { mode: 0o755, status: '??' }), treeFileOf('now', { kind: 'link' })],
      staged: [{ path: 'run.sh', mode: 0o644, bytes: 5, sha256: 'x', place: null }],
      gone: ['old.txt'],
      skipped: [{ path: 'film.mov', reason: 'too-large', detail: '3 GB' }],
      nested: [
        {
          path: 'lib',
          manifest: manifestOf({
            files: [treeFileOf({ b64: '//4=' }, { torn: true })],
            skipped: [{ path: 'pipe', reason: 'special', detail: 'a FIFO' }],
          }),
        },
      ],
    })
    const lines = renderRecord(recordOf(), manifest, noonMs, terminal)
    const from = lines.indexOf('Work tree files')
    expect(lines.slice(from, from + 10)).toEqual([
      'Work tree files',
      '  ??   755     12 B  run.sh',
      '   M   644     12 B  now (link)',
      '       644      5 B  run.sh (as staged)',
      '  D                  old.txt',
      '   M   644     12 B  lib/(name is not UTF-8, base64 //4=) (changed while it was read)',
      '',
      'Not saved',
      '  film.mov: too large (3 GB)',
      '  lib/pipe: special (a FIFO)',
    ])
  })

  it('says why there is no work tree, and that a transcript was rewritten', () => {
    const record = recordOf({
      tree: null,
      treeError: { code: 'home', message: 'a home folder is never saved as a whole' },
      streams: [{ ...streamRecordOf('main', 2_000_000), generation: 3 }],
    })
    const lines = renderRecord(record, null, noonMs, terminal)
    expect(lines).toContain('work tree   a home folder is never saved as a whole')
    expect(lines).toContain('   2.0 MB  main, rewritten 2 times')
  })

  it('keeps the indentation of the brief and lets no control character through', () => {
    const record = recordOf({ title: 'a\u001b[2Jb', brief: '# Brief\n    code\u0007\n', cwd: '/tmp/\u202exyz' })
    const lines = renderRecord(record, manifestOf({ gone: ['x\u001b]0;owned\u0007'] }), noonMs, terminal)
    expect(lines.at(-1)).toBe('      code')
    expect(lines.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })
})
