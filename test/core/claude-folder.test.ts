import { describe, expect, it } from 'vitest'
import { projectFolderName } from '../../shared/core/claude-folder.ts'

describe('projectFolderName', () => {
  it.each([
    ['/home/me/enc/a-b.c_d e', '-home-me-enc-a-b-c-d-e'],
    ['/home/me/enc/a b-c d e', '-home-me-enc-a-b-c-d-e'],
    ['/home/me/enc/ünïcode-项目-😀', '-home-me-enc--n-code------'],
    ['/home/me/enc/.hidden.dir', '-home-me-enc--hidden-dir'],
    ['C:\\Users\\me\\my_proj', 'C--Users-me-my-proj'],
  ])('gives %j the folder that Claude Code gives it', (cwd, folder) => {
    expect(projectFolderName(cwd)).toBe(folder)
  })

  it('cuts a long name and tells two of them apart', () => {
    const long = `/home/dev/${'x'.repeat(300)}`
    const [one, other] = [projectFolderName(`${long}/a`), projectFolderName(`${long}/b`)]
    expect(one).toMatch(/^-home-dev-x{190}-[0-9a-z]+$/)
    expect(one).not.toBe(other)
  })
})
