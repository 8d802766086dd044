import { describe, expect, it } from 'vitest'
import type { CommandResult, CommandRunner } from '../../shared/engine/ports.ts'
import { closeToOthers } from '../../shared/engine/windows-access.ts'

const folder = 'D:\\monitor data'
const me = '"PC\\ann","S-1-5-21-1004336348-1177238915-682003330-1001"\r\n'
const answer = (change: Partial<CommandResult> = {}): CommandResult => ({
  code: 0,
  stdout: Buffer.alloc(0),
  stderr: '',
  failure: null,
  ...change,
})

/** Notes what is run, and answers by the program's name. */
function machine(answers: Readonly<Record<string, CommandResult>>) {
  const calls: (readonly string[])[] = []
  const run: CommandRunner['run'] = async (file, args) => {
    calls.push([file, ...args])
    return answers[file.slice(file.lastIndexOf('\\') + 1)] ?? answer({ code: null, failure: 'ENOENT' })
  }
  return { calls, run }
}

describe('a data folder on Windows', () => {
  it('is given to its user, the system and administrators, and takes nothing from the folder above', async () => {
    const { calls, run } = machine({ 'whoami.exe': answer({ stdout: Buffer.from(me) }), 'icacls.exe': answer() })
    expect(await closeToOthers({ run }, folder, { SystemRoot: 'E:\\Windows' })).toBeNull()
    expect(calls).toEqual([
      ['E:\\Windows\\System32\\whoami.exe', '/user', '/fo', 'csv', '/nh'],
      [
        'E:\\Windows\\System32\\icacls.exe',
        folder,
        '/inheritance:r',
        '/grant:r',
        '*S-1-5-21-1004336348-1177238915-682003330-1001:(OI)(CI)F',
        '*S-1-5-18:(OI)(CI)F',
        '*S-1-5-32-544:(OI)(CI)F',
        '/q',
      ],
    ])
  })

  it.each<[string, Readonly<Record<string, CommandResult>>, string, number]>([
    ['nobody says who its user is', {}, 'ENOENT', 1],
    ['the user has no number', { 'whoami.exe': answer({ stdout: Buffer.from('"ann",""') }) }, 'exit code 0', 1],
    [
      'the disk keeps no rights',
      {
        'whoami.exe': answer({ stdout: Buffer.from(me) }),
        'icacls.exe': answer({ code: 50, stderr: 'Not supported' }),
      },
      'Not supported',
      2,
    ],
  ])('is said to be open to others where %s', async (_title, answers, why, runs) => {
    const { calls, run } = machine(answers)
    const notice = await closeToOthers({ run }, folder, {})
    expect(notice).toMatchObject({ id: 'data-folder-open', level: 'warn', message: expect.stringContaining(why) })
    expect(notice?.message).toContain(folder)
    expect(calls).toHaveLength(runs)
  })
})
