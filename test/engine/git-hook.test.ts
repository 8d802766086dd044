/** The post-commit hook with real git: ours is chained behind a user's, and taking it out puts that one back. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createGitHook } from '../../shared/engine/git-hook.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { gitEnv } from '../support/repositories.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

const scratches: ScratchHome[] = []
afterEach(() => {
  for (const scratch of scratches.splice(0)) scratch.remove()
})

/** A repository, and a "hook program" that writes down how it was called. */
function world() {
  const scratch = makeScratchHome('git-hook')
  scratches.push(scratch)
  const folder = path.join(scratch.folder, "it's a repository")
  mkdirSync(folder)
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, env: gitEnv(folder), encoding: 'utf8' })
  git('init', '-q', '-b', 'main')
  const script = path.join(scratch.folder, 'our hook.cjs')
  const seen = path.join(scratch.folder, 'seen')
  writeFileSync(
    script,
    `require('fs').appendFileSync(${JSON.stringify(seen)}, process.argv[2] + ' ' + process.cwd() + '\\n')`,
  )
  const hooksFolder = path.join(folder, '.git/hooks')
  const hook = createGitHook({ ports: nodePorts(() => {}), hooksFolder, node: process.execPath, script })
  const own = (text: string) => {
    mkdirSync(hooksFolder, { recursive: true })
    writeFileSync(hook.file, text)
    chmodSync(hook.file, 0o750)
  }
  const commit = () => git('commit', '-q', '--allow-empty', '-m', 'x')
  const seenLines = () => (existsSync(seen) ? readFileSync(seen, 'utf8').trim().split('\n') : [])
  return { scratch, folder, hook, hooksFolder, own, commit, seenLines }
}

describe('the post-commit hook', () => {
  it('tells of a commit, and is gone again when it is taken out', () => {
    const { folder, hook, hooksFolder, commit, seenLines } = world()
    expect(hook.status()).toBe('none')
    expect(hook.install()).toMatchObject({ did: 'installed', backup: null })
    expect(hook.install()).toMatchObject({ did: 'unchanged' })
    commit()
    expect(seenLines()).toEqual([`post-commit ${folder}`])
    expect(hook.uninstall()).toMatchObject({ did: 'removed' })
    expect(readdirSync(hooksFolder).filter(name => !name.endsWith('.sample'))).toEqual([])
  })

  it('runs the hook that was there first, and puts it back, the same file with the same mode', () => {
    const { scratch, hook, own, commit, seenLines } = world()
    const mine = `#!/bin/sh\necho mine >> '${scratch.folder}/mine'\n`
    own(mine)
    const { ino } = statSync(hook.file)
    expect(hook.install()).toMatchObject({ did: 'installed', backup: `${hook.file}.before-session-monitor` })
    commit()
    expect(readFileSync(path.join(scratch.folder, 'mine'), 'utf8')).toBe('mine\n')
    expect(seenLines()).toHaveLength(1)
    expect(hook.uninstall()).toMatchObject({ did: 'removed' })
    expect(readFileSync(hook.file, 'utf8')).toBe(mine)
    expect(statSync(hook.file)).toMatchObject({ ino, mode: 0o100750 })
  })

  it('takes out nothing that is not ours', () => {
    const { hook, own } = world()
    own('#!/bin/sh\n')
    expect(hook.uninstall()).toMatchObject({ did: 'unchanged' })
    hook.install()
    writeFileSync(hook.file, '#!/bin/sh\n# of another tool\n')
    expect(hook.uninstall()).toMatchObject({
      did: 'refused',
      remedy: expect.stringContaining('before-session-monitor'),
    })
    expect(hook.install()).toMatchObject({ did: 'refused' })
    expect(readFileSync(hook.file, 'utf8')).toContain('another tool')
  })

  it('lets a commit through whatever becomes of our program', () => {
    const { scratch, hook, commit } = world()
    hook.install()
    writeFileSync(path.join(scratch.folder, 'our hook.cjs'), 'process.exit(3)')
    expect(() => commit()).not.toThrow()
  })
})
