import { describe, expect, it } from 'vitest'
import { cleanGitEnvironment, complaint, createGit, wasStopped } from '../../shared/engine/git-command.ts'
import type { CommandOptions, CommandResult, CommandRunner } from '../../shared/engine/ports.ts'

const done: CommandResult = { code: 0, stdout: Buffer.alloc(0), stderr: '', failure: null }

/** A runner that finds git where `which` says, and notes what it is asked to run. */
function runner(which: () => string | null) {
  const calls: { readonly file: string; readonly args: readonly string[]; readonly options: CommandOptions }[] = []
  const commands: CommandRunner = {
    which,
    run: async (file, args, options) => {
      calls.push({ file, args, options })
      return done
    },
  }
  return { calls, commands }
}

describe('the environment of git', () => {
  it('is this and nothing else', () => {
    const started = {
      PATH: '/bin',
      TMPDIR: '/tmp',
      HOME: '/home/user',
      XDG_CONFIG_HOME: '/home/user/.config',
      GIT_DIR: '/elsewhere',
      GIT_TRACE: '/elsewhere',
      GIT_CONFIG_COUNT: '1',
      SSH_ASKPASS: 'evil',
      PAGER: 'evil',
    }
    expect(cleanGitEnvironment(started, '/data/git/x')).toEqual({
      PATH: '/bin',
      TMPDIR: '/tmp',
      HOME: '/data/git/x',
      XDG_CONFIG_HOME: '/data/git/x',
      LC_ALL: 'C',
      GIT_DIR: '/data/git/x',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_NO_LAZY_FETCH: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: 'none',
    })
  })
})

describe('createGit', () => {
  it('starts git in its git dir, with monitor, hooks and pager off', async () => {
    const { calls, commands } = runner(() => '/usr/bin/git')
    await createGit(commands, {}).run(['status'], { gitDir: '/data/git/x', env: { GIT_WORK_TREE: '/w' }, timeoutMs: 9 })
    expect(calls).toMatchObject([
      {
        file: '/usr/bin/git',
        args: ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '--no-pager', 'status'],
        options: { cwd: '/data/git/x', timeoutMs: 9, env: { GIT_DIR: '/data/git/x', GIT_WORK_TREE: '/w' } },
      },
    ])
  })

  it('looks for git again until it is there, and then no more', async () => {
    const places = [null, null, '/usr/bin/git', '/other/git']
    const { calls, commands } = runner(() => places.shift() ?? null)
    const git = createGit(commands, {})
    expect(git.isAvailable()).toBe(false)
    expect(await git.run([], { gitDir: '/x', timeoutMs: 1 })).toMatchObject({ code: null, failure: 'ENOENT' })
    for (let i = 0; i < 2; i++) await git.run([], { gitDir: '/x', timeoutMs: 1 })
    expect(calls.map(({ file }) => file)).toEqual(['/usr/bin/git', '/usr/bin/git'])
  })
})

describe('a result', () => {
  it.each([
    ['ETIMEDOUT', true],
    ['EABORTED', true],
    ['ETOOBIG', false],
    [null, false],
  ] as const)('that failed with %s was stopped by us: %s', (failure, stopped) => {
    expect(wasStopped({ ...done, failure })).toBe(stopped)
  })

  it.each([
    ['its first line', { ...done, stderr: '\nfatal: bad\nmore\n' }, 'fatal: bad'],
    ['why it was ended', { ...done, code: null, failure: 'ESIGKILL' }, 'ESIGKILL'],
    ['its exit code', { ...done, code: 128 }, 'exit code 128'],
  ])('is explained by %s', (_title, result, expected) => expect(complaint(result)).toBe(expected))
})
