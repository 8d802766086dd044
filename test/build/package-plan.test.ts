import { describe, expect, it } from 'vitest'
import { type PackageFacts, planPackage, targetsOf } from '../../build/package-plan.ts'

const offline = 'github.com cannot be reached: ENOTFOUND'
const online: PackageFacts = { host: 'linux', electronDist: null, offline: null, which: () => null, env: {} }
const cut: PackageFacts = { ...online, offline, electronDist: '/electron' }
const missing = (platform: 'linux' | 'win' | 'mac', facts: PackageFacts) =>
  planPackage(platform, targetsOf[platform], facts).impossible.map(({ target, missing }) => `${target}: ${missing}`)

describe('what can be packaged', () => {
  it('is everything where downloads are possible, but a disk image of a Mac only on one', () => {
    expect([missing('linux', online), missing('win', online), missing('mac', online)]).toEqual([
      [],
      [],
      ['dmg: a Mac: its image is made by macOS itself'],
    ])
    expect(missing('mac', { ...online, host: 'darwin' })).toEqual([])
  })
  it('is nothing without Electron, and says how to hand it in', () => {
    expect(missing('win', { ...cut, electronDist: null })).toEqual([
      `nsis: Electron for win (${offline}); name a folder that holds it in ELECTRON_DIST`,
    ])
  })
  it('names each tool that would have to be downloaded', () => {
    expect(missing('linux', cut)).toEqual([
      `AppImage: the AppImage runtime (${offline}); name its folder in APPIMAGE_TOOLS_PATH`,
      `deb: fpm (${offline}); name it in CUSTOM_FPM_PATH`,
      `tar.gz: 7-Zip (${offline}); Debian: p7zip-full`,
    ])
  })
  it('uses the tools of the system instead of downloads', () => {
    const env = { CUSTOM_FPM_PATH: '/fpm', APPIMAGE_TOOLS_PATH: '/tools' }
    const which = (name: string) => (name === '7za' ? '/usr/bin/7za' : null)
    expect(planPackage('linux', targetsOf.linux, { ...cut, which, env })).toEqual({
      possible: ['AppImage', 'deb', 'tar.gz'],
      impossible: [],
      env: { ELECTRON_BUILDER_7ZIP_PATH: '/usr/bin/7za' },
    })
  })
  it('is the unpacked app wherever Electron is', () => {
    expect(planPackage('win', ['dir'], cut).possible).toEqual(['dir'])
  })
})
