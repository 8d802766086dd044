import path from 'node:path'
import { Menu } from 'electron'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createTray, iconFile } from '../../electron/tray.ts'
import { type TrayIcon, trayModel } from '../../electron/tray-model.ts'
import { becomeReady, control } from '../electron-double/control.ts'
import { nativeImage } from '../electron-double/native-image.ts'
import { sampleState } from '../support/sample-state.ts'

const iconFolder = path.resolve(import.meta.dirname, '../../build/icons/runtime')
const icons: readonly TrayIcon[] = ['protected', 'at-risk', 'checkpointing', 'failing', 'paused', 'waiting']
const starting = trayModel({ kind: 'starting' })

beforeAll(becomeReady)

function newTray() {
  const onAction = vi.fn()
  const view = createTray(starting, { iconFolder, platform: 'linux', onAction })
  const tray = control.trays.at(-1)
  if (tray === undefined) throw new Error('no tray was made')
  return { view, tray, onAction }
}

describe('the icon file', () => {
  it.each([
    ['darwin', 16, true],
    ['win32', 16, false],
    ['linux', 32, false],
  ] as const)('is there for every state on %s, %i pixels wide, template: %s', (platform, width, template) => {
    const images = icons.map(icon => nativeImage.createFromPath(path.join(iconFolder, iconFile(icon, platform))))
    const seen = images.map(image => [image.getSize().width, image.isTemplateImage()])
    expect(seen).toEqual(icons.map(() => [width, template]))
  })
})

describe('createTray', () => {
  it('shows icon, tooltip and menu of the model', () => {
    const { tray } = newTray()
    const labels = tray.menu?.items.map(item => item.label || item.type)
    expect([tray.toolTip, labels]).toEqual([
      'Active Session Monitor: Starting …',
      [
        'Starting …',
        'separator',
        'Checkpoint now',
        'Pause',
        'Restore …',
        'separator',
        'Open',
        'Settings …',
        'separator',
        'Quit',
      ],
    ])
  })
  it('hands on what is clicked, in a submenu too', () => {
    const { view, tray, onAction } = newTray()
    view.show(trayModel({ kind: 'running', state: sampleState() }))
    for (const id of ['open', 'checkpoint-due', 'pause-2-h', 'quit']) tray.menu?.getMenuItemById(id)?.click()
    tray.emit('click')
    expect(onAction.mock.calls.flat()).toEqual([
      { kind: 'open' },
      { kind: 'checkpoint', target: { which: 'due' } },
      { kind: 'pause', forMs: 7_200_000 },
      { kind: 'quit' },
      { kind: 'open' },
    ])
  })
  it('leaves an open menu alone while nothing has changed', () => {
    const { view, tray } = newTray()
    const menu = tray.menu
    view.show(trayModel({ kind: 'starting' }))
    expect(tray.menu).toBe(menu)
    view.show(trayModel({ kind: 'broken', reason: 'out of memory' }))
    expect([tray.menu === menu, tray.toolTip]).toEqual([false, 'Active Session Monitor: Stopped: out of memory'])
  })
  it('is made anew with what it showed, when it was forgotten', () => {
    const { view, tray, onAction } = newTray()
    view.show(trayModel({ kind: 'broken', reason: 'out of memory' }))
    view.renew()
    const renewed = control.trays.at(-1)
    expect([tray.isDestroyed(), renewed?.toolTip]).toEqual([true, 'Active Session Monitor: Stopped: out of memory'])
    renewed?.menu?.getMenuItemById('open')?.click()
    expect(onAction.mock.calls.flat()).toEqual([{ kind: 'open' }])
  })
  it('stays as it is when it cannot be made anew', () => {
    const { view, tray } = newTray()
    const create = vi.spyOn(Menu, 'buildFromTemplate').mockImplementation(() => {
      throw new Error('no bus')
    })
    onTestFinished(() => create.mockRestore())
    expect(() => view.renew()).toThrow('no bus')
    expect(tray.isDestroyed()).toBe(false)
  })
  it('shows an & of a message as one', () => {
    const { view, tray } = newTray()
    view.show(trayModel({ kind: 'broken', reason: 'a & b' }))
    expect(tray.menu?.getMenuItemById('status')?.label).toBe('Stopped: a && b')
  })
})
