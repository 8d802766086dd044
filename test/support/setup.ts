/** Runs before every test file: no test starts unless it cannot reach the user's own data. */
import { tmpdir, userInfo } from 'node:os'
import { assertScratchEnvironment } from './scratch.ts'

assertScratchEnvironment(process.env, tmpdir(), userInfo().homedir)
