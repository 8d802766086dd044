import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { briefLimit, composeBrief } from '../../shared/core/resume-brief.ts'
import type { SessionFacts } from '../../shared/core/session.ts'
import type { TreeManifest } from '../../shared/core/work-tree.ts'
import { changedFileOf, countsOf, factsOf, idOf, manifestOf, noonMs, treeFileOf } from '../support/core-values.ts'
import { madeUpTokens } from '../support/made-up-tokens.ts'

const resume = `To go on: \`claude --resume ${idOf(1)}\` in the folder above.`
const promptOf = (text: string) => ({ text, atMs: noonMs })

describe('composeBrief', () => {
  it('says what was asked, done, left open and changed, newest first, and how to go on', () => {
    const facts = factsOf({
      counts: countsOf({ prompts: 1, replies: 12, compactions: 1 }),
      lastPrompts: [promptOf('First the lexer.'), promptOf('Now the parser:\n\n\t- keep `peek`')],
      lastReply: 'Done.\r\nTests pass.',
      todos: [
        { text: 'Read the grammar', status: 'completed' },
        { text: 'Mend the\nparser', status: 'in_progress' },
        { text: 'Write tests', status: 'pending' },
      ],
      filesChanged: [changedFileOf('/home/ann/shop/lexer.ts', 10), changedFileOf('/home/ann/shop/parser.ts', 20)],
      lastCommands: ['npm ci', 'echo `date` && npm test'],
    })
    const tree = manifestOf({
      branch: 'parser',
      state: 'rebase',
      files: [treeFileOf('parser.ts'), treeFileOf({ b64: 'Zv8=' }, { status: '??' })],
      gone: ['old\nname.ts'],
    })
    expect(composeBrief(facts, tree, 'asked for by hand')).toBe(`# Mend the parser

- Folder: /home/ann/shop
- Branch: parser at 0123456789ab, in the middle of: rebase
- Model: claude-opus-4-5
- Context: 50k of 200k tokens (25 %)
- So far: 1 prompt, 12 replies, 1 compaction
- Checkpointed because: asked for by hand

## Asked last
> Now the parser:
> 
>   - keep \`peek\`
> First the lexer.

## Last reply
> Done.
> Tests pass.

## Open items
- [~] Mend the parser
- [ ] Write tests

## Uncommitted changes
- M parser.ts
- ?? (name is not UTF-8, base64 Zv8=)
- D old name.ts

## Files changed by Claude
- /home/ann/shop/parser.ts
- /home/ann/shop/lexer.ts

## Last commands
- \`echo 'date' && npm test\`
- \`npm ci\`

${resume}
`)
  })

  it('leaves out what is not known', () => {
    const facts = factsOf({ title: ' ', model: null, branch: null, cwd: null, context: null, counts: countsOf() })
    expect(composeBrief(facts, null, 'the session has ended')).toBe(`# Untitled session

- Folder: unknown
- Branch: none
- Model: unknown
- Context: unknown
- So far: 0 prompts, 0 replies, 0 compactions
- Checkpointed because: the session has ended

${resume}
`)
  })

  it.each([
    [
      'the branch that Claude Code recorded where git names none',
      manifestOf({ branch: null, head: null }),
      '- Branch: main',
    ],
    ['no commit where there is none yet', manifestOf({ head: null }), '- Branch: main'],
  ])('shows %s', (_title, tree, line) => {
    expect(composeBrief(factsOf(), tree, 'x').split('\n')).toContain(line)
  })

  it('shows at most 40 changes of the work tree, 30 open items and 25 changed files, and counts the changes left out', () => {
    const numbered = (prefix: string) => Array.from({ length: 60 }, (_, i) => `${prefix}-${i}`)
    const brief = composeBrief(
      factsOf({
        todos: numbered('todo').map(text => ({ text, status: 'pending' })),
        filesChanged: numbered('/changed').map(path => changedFileOf(path, 1)),
      }),
      manifestOf({ files: numbered('tree').map(path => treeFileOf(path)), gone: ['gone-0'] }),
      'x',
    )
    const shown = ['tree-', 'todo-', '/changed-', 'gone-'].map(text => brief.split(text).length - 1)
    expect(shown).toEqual([40, 30, 25, 0])
    expect(brief).toContain('- … and 21 more')
    expect(brief).toContain('- /changed-59\n')
  })

  it('lets no control character of a transcript reach a terminal', () => {
    const hostile = 'a\u001b[2Jb\u009bc\u202ed\u2028e'
    const brief = composeBrief(everywhere(hostile), treeWith(hostile), hostile)
    expect(brief).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}|\u2028/u)
    expect(brief).toContain('> a [2Jb c d e')
  })

  it('keeps the head and the last line when everything is too long, and marks what it cuts', () => {
    const long = 'word '.repeat(4_000)
    const brief = composeBrief(everywhere(long), treeWith(long), long)
    expect(brief.length).toBeLessThanOrEqual(briefLimit)
    expect(brief.length).toBeGreaterThan(briefLimit - 300)
    expect(brief.split('\n')).toEqual(expect.arrayContaining(['## Asked last', '## Last commands', resume]))
    expect(brief).toMatch(/^# word word .*…\n\n- Folder: word word .*…\n- Branch: word .*…/)
  })

  it('cuts nothing that fits, and no more than it must of what does not', () => {
    const full = {
      lastPrompts: Array.from({ length: 5 }, () => promptOf('x'.repeat(1_200))),
      lastReply: 'y'.repeat(800),
    }
    const folders = Array.from({ length: 999 }, (_, n) => '/'.repeat(n + 1))
    const briefs = folders.map(cwd => composeBrief(factsOf({ ...full, cwd }), null, 'x'))
    const lengths = briefs.map(brief => brief.length)
    const fitting = briefLimit - (lengths[0] ?? 0)
    expect(fitting).toBeGreaterThan(100)
    expect(lengths.slice(0, fitting)).toEqual(lengths.slice(0, fitting).map((_, n) => (lengths[0] ?? 0) + n))
    expect(briefs.map(brief => brief.includes('…'))).toEqual(folders.map((_, n) => n >= fitting))
    expect([Math.min(...lengths.slice(fitting)), Math.max(...lengths.slice(fitting))]).toEqual([
      briefLimit - 1,
      briefLimit - 1,
    ])
  })

  it('ends also when folder, branch and model alone are longer than the limit', () => {
    const long = 'x'.repeat(20_000)
    const brief = composeBrief(factsOf({ cwd: long, branch: long, model: long, title: long }), null, long)
    expect(brief.length).toBeLessThan(briefLimit)
    expect(brief).toContain(resume)
  })

  it.each([81, 82])('never exceeds its limit nor breaks a character, whatever the transcript holds (seed %i)', seed => {
    fc.assert(
      fc.property(anyFacts, anyTree, anyText, (facts, tree, why) => {
        const brief = composeBrief(facts, tree, why)
        expect(brief.length).toBeLessThanOrEqual(briefLimit)
        expect(brief.isWellFormed()).toBe(true)
        expect(brief.endsWith(`\n\n${resume}\n`)).toBe(true)
      }),
      { seed, numRuns: 150 },
    )
  })

  it.each([83, 84])(
    'never contains a planted secret, wherever it was planted and wherever text is cut (seed %i)',
    seed => {
      const token = fc.constantFrom(...Object.values(madeUpTokens).map(made => made.token))
      fc.assert(
        fc.property(token, fc.nat(2_100), fc.nat(40), (secret, before, after) => {
          const text = `${'words and '.repeat(before / 10)}${'.'.repeat(before % 10)} ${secret} ${'more '.repeat(after)}`
          const brief = composeBrief(everywhere(text), treeWith(text), text)
          // Not even a piece of it that is long enough to be of use.
          expect(brief).not.toContain(secret.slice(0, 16))
        }),
        { seed, numRuns: 300 },
      )
    },
  )

  it('says in place of a secret what it was', () => {
    const brief = composeBrief(factsOf({ lastCommands: ['export DB_PASSWORD=hunter2-horse'] }), null, 'x')
    expect(brief).toContain('- `export DB_PASSWORD=[secret]`')
  })
})

/** Facts with the same text wherever a transcript puts text. */
function everywhere(text: string): SessionFacts {
  return factsOf({
    title: text,
    model: text,
    branch: text,
    cwd: text,
    lastPrompts: Array.from({ length: 5 }, () => promptOf(text)),
    lastReply: text,
    lastCommands: Array.from({ length: 10 }, () => text),
    todos: [{ text, status: 'pending' }],
    filesChanged: [changedFileOf(text, 1)],
  })
}

function treeWith(text: string): TreeManifest {
  return manifestOf({ branch: text, state: text, files: [treeFileOf(text)], gone: [text] })
}

const unit = fc.oneof(
  fc.constantFrom('word ', '😀', '\n', '> '),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
)
const anyText = fc
  .tuple(fc.array(unit, { maxLength: 12 }), fc.constantFrom(1, 1, 10, 200))
  .map(([units, times]) => units.join('').repeat(times))
const anyFacts = fc
  .record({
    title: anyText,
    cwd: fc.option(anyText),
    branch: fc.option(anyText),
    model: fc.option(anyText),
    lastReply: fc.option(anyText),
    lastPrompts: fc.array(anyText.map(promptOf), { maxLength: 5 }),
    lastCommands: fc.array(anyText, { maxLength: 10 }),
    todos: fc.array(
      anyText.map(text => ({ text, status: 'pending' as const })),
      { maxLength: 40 },
    ),
    filesChanged: fc.array(
      anyText.map(text => changedFileOf(text, 1)),
      { maxLength: 40 },
    ),
  })
  .map(factsOf)
const anyTree = fc.option(
  fc
    .record({
      state: anyText,
      files: fc.array(
        anyText.map(text => treeFileOf(text)),
        { maxLength: 50 },
      ),
    })
    .map(manifestOf),
)
