import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { claudeRoots } from '../../shared/engine/claude-roots.ts'

const home = '/home/ann'
const rootsWith = (env: Record<string, string>, added: readonly string[] = []) =>
  claudeRoots({ env, home, platform: 'linux' }, added)

describe('claudeRoots', () => {
  it.each([
    ['no variable', {}, ['/home/ann/.claude', '/home/ann/.config/claude']],
    ['an empty variable', { CLAUDE_CONFIG_DIR: '' }, ['/home/ann/.claude', '/home/ann/.config/claude']],
    ['blanks and commas only', { CLAUDE_CONFIG_DIR: ' , ' }, ['/home/ann/.claude', '/home/ann/.config/claude']],
    ['another place for settings', { XDG_CONFIG_HOME: '/cfg' }, ['/home/ann/.claude', '/cfg/claude']],
    [
      'a relative place for settings, which does not count',
      { XDG_CONFIG_HOME: 'cfg' },
      ['/home/ann/.claude', '/home/ann/.config/claude'],
    ],
    ['a folder', { CLAUDE_CONFIG_DIR: '/data/claude' }, ['/data/claude']],
    ['a list, with one folder twice', { CLAUDE_CONFIG_DIR: '/a,/b/,/a' }, ['/a', '/b']],
    ['a relative folder', { CLAUDE_CONFIG_DIR: 'x/claude' }, [path.resolve('x/claude')]],
    ['a tilde, which is a name like any other', { CLAUDE_CONFIG_DIR: '~' }, [path.resolve('~')]],
  ])('with %s', (_, env, expected) => {
    expect(rootsWith(env)).toEqual(expected)
  })

  it('adds what the user named, each once', () => {
    expect(rootsWith({ CLAUDE_CONFIG_DIR: '/a' }, ['/b', '/a', '/b'])).toEqual(['/a', '/b'])
    expect(rootsWith({}, ['/b'])).toEqual(['/home/ann/.claude', '/home/ann/.config/claude', '/b'])
  })
})
