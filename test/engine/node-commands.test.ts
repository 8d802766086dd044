import { expect, it } from 'vitest'
import { nodeCommands } from '../../shared/engine/node-commands.ts'

it.skipIf(process.platform === 'win32')(
  'answers at the time limit though a child that left the group holds the output open (needs setsid)',
  async () => {
    const leave = ['-c', 'setsid sleep 20 & echo begun; sleep 600']
    const result = await nodeCommands.run('/bin/sh', leave, {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      timeoutMs: 500,
    })
    expect(result).toEqual({ code: null, stdout: Buffer.from('begun\n'), stderr: '', failure: 'ETIMEDOUT' })
  },
)
