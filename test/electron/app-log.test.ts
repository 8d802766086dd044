import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createAppLog } from '../../electron/app-log.ts'
import { logFileName } from '../../shared/engine/log-file.ts'
import { nodeClock, nodeFiles } from '../../shared/engine/node-ports.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const scratch = makeScratchFolder('app-log')
afterAll(() => removeScratchFolder(scratch))
let n = 0

function open() {
  const folder = path.join(scratch, String(++n))
  const said: string[] = []
  const appLog = createAppLog({ clock: nodeClock, files: nodeFiles, folder, say: line => said.push(line) })
  const file = path.join(folder, logFileName)
  return { appLog, said, file, inFile: () => readFileSync(file, 'utf8').trim().split('\n') }
}

describe('the log of the desktop app', () => {
  it('says trouble on the console, and writes nothing while another one is the monitor', () => {
    const { appLog, said, file } = open()
    appLog.log('info', 'Checked.')
    appLog.log('warn', 'The disk is nearly full.')
    expect([said, existsSync(file)]).toEqual([['The disk is nearly full.'], false])
  })
  it('goes into the file while this app is the monitor, and not after it', () => {
    const { appLog, inFile } = open()
    appLog.log('error', 'Before.')
    appLog.begin()
    appLog.log('info', 'Checked.')
    appLog.end()
    appLog.log('error', 'After.')
    appLog.begin()
    appLog.log('error', 'Again.')
    appLog.end()
    expect(inFile()).toEqual([expect.stringMatching(/Checked\.$/), expect.stringMatching(/Again\.$/)])
  })
  it('leaves out what the settings leave out', () => {
    const { appLog, inFile } = open()
    appLog.begin()
    appLog.setLevel('warn')
    appLog.log('info', 'Checked.')
    appLog.log('warn', 'Late.')
    appLog.end()
    expect(inFile()).toEqual([expect.stringMatching(/Late\.$/)])
  })
})
