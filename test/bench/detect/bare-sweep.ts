/** The least that a next run of the monitor could do to see that nothing is new: a process that looks at every file. */
import path from 'node:path'
import { sayDone, sayResult } from '../child-voice.ts'
import { sweepFolder } from './sweep-folder.ts'

const [, , configDir = ''] = process.argv
const seen = sweepFolder(path.join(configDir, 'projects'))
sayDone()
sayResult({ seen })
