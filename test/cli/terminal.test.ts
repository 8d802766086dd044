import { describe, expect, it } from 'vitest'
import { problemLine, safeJson } from '../../cli/terminal.ts'
import { createFakeTerminal } from './fake-terminal.ts'

describe('a terminal', () => {
  it('paints on a terminal', () => {
    expect(createFakeTerminal({ columns: 80 }).terminal.paint('red', 'no')).toBe('\u001b[31mno\u001b[39m')
  })

  it.each([
    ['a pipe', { columns: null }],
    ['NO_COLOR', { columns: 80, env: { NO_COLOR: '1' } }],
    ['a dumb terminal', { columns: 80, env: { TERM: 'dumb' } }],
  ])('does not paint for %s', (_title, options) => {
    expect(createFakeTerminal(options).terminal.paint('red', 'no')).toBe('no')
  })

  it('takes an empty NO_COLOR as not set', () => {
    expect(createFakeTerminal({ columns: 80, env: { NO_COLOR: '' } }).terminal.paint('red', 'no')).toContain('\u001b')
  })

  it('has its own width, and none where it is a pipe', () => {
    expect(createFakeTerminal({ columns: 133 }).terminal.width()).toBe(133)
    expect(createFakeTerminal().terminal.width()).toBe(Infinity)
    expect(createFakeTerminal().terminal.barWidth()).toBeNull()
  })

  it('drops what follows when its reader has gone, and tells', () => {
    const { terminal, out, breakOut } = createFakeTerminal()
    terminal.print('one')
    breakOut('EPIPE')
    terminal.print('two')
    expect(out()).toBe('one\n')
    expect(terminal.gone.aborted).toBe(true)
  })

  it('does not swallow any other failure of its stream', () => {
    expect(() => createFakeTerminal().breakOut('EIO')).toThrow('EIO')
  })
})

describe('safeJson', () => {
  it('gives the same value and no character that a terminal obeys', () => {
    const value = { title: 'a\u001b[2Jb\u009b31m\u202ec\u2028\u007f' }
    const text = safeJson(value)
    expect(JSON.parse(text)).toEqual(value)
    expect(text).toMatch(/^[\n\u0020-\u007e]*$/)
  })
})

describe('problemLine', () => {
  it('says what and what to do', () => {
    expect(problemLine({ what: 'no room', remedy: 'make some' })).toBe('session-monitor: no room; make some')
    expect(problemLine({ what: 'no room', remedy: '' })).toBe('session-monitor: no room')
  })
})
