import { describe, expect, it } from 'vitest'
import { createDesktopNotifier, plainNotification, type RawNotifier } from '../../shared/engine/desktop-notifier.ts'

const viaNotifySend = { platform: 'linux', notifySend: true } as const
const options = { platform: 'linux', appName: 'App', appId: 'app', iconOf: () => null } as const

function notifierWith(raw: RawNotifier) {
  return createDesktopNotifier({ ...options, load: async () => raw })
}

describe('the text of a notification', () => {
  it.each([
    ['an option', '--help', '\u200b--help'],
    ['a list', '[a]', '\u200b[a]'],
    ['nothing', '', '\u200b'],
    ['control and direction characters', 'a\u0000b\u0007c\u202ed\re', 'a b c d e'],
    ['half a character', 'a\ud800', 'a\ufffd'],
    ['something ordinary', 'Checkpoint failed: shop', 'Checkpoint failed: shop'],
  ])('has a title that is no trouble when it looks like %s', (_what, title, plain) => {
    expect(plainNotification({ title, body: 'x' }, viaNotifySend).title).toBe(plain)
  })
  it.each([
    ['markup', '<b>x</b> & y', '&lt;b&gt;x&lt;/b&gt; &amp; y'],
    ['a path of Windows', 'C:\\new', 'C:\\\\new'],
    ['an option after markup', '-x', '\u200b-x'],
    ['lines', 'a\n\n  b\u2028c', 'a\nb c'],
  ])('has a body that a Linux server shows as it was written: %s', (_what, body, plain) => {
    expect(plainNotification({ title: 'x', body }, viaNotifySend).body).toBe(plain)
  })
  it('has no escapes where nothing would take them back', () => {
    const windows = { platform: 'win32', notifySend: false } as const
    expect(plainNotification({ title: 'x', body: 'a & <b> \\' }, windows).body).toBe('a & <b> \\')
  })
  it('is bounded, whatever it is made of', () => {
    const huge = '<&\\'.repeat(70_000)
    const { title, body } = plainNotification({ title: huge, body: huge }, viaNotifySend)
    expect([title.length <= 121, body.length <= 6_001]).toEqual([true, true])
  })
})

describe('a notifier', () => {
  it('shows the picture of the tone', async () => {
    const seen: unknown[] = []
    const load = async (): Promise<RawNotifier> => ({
      notify: ({ icon }, done) => {
        seen.push(icon)
        done(null)
      },
    })
    const notifier = createDesktopNotifier({ ...options, iconOf: tone => `/${tone}.png`, load })
    for (const tone of ['info', 'trouble'] as const) await notifier.show({ title: 't', body: 'b' }, tone)
    expect(seen).toEqual(['/info.png', '/trouble.png'])
  })
  it('hands over plain text and the app’s name', async () => {
    const seen: unknown[] = []
    const notifier = notifierWith({
      notify: (given, done) => {
        seen.push(given)
        done(null)
      },
    })
    expect(await notifier.show({ title: 't', body: '<b>' }, 'info')).toEqual({ ok: true })
    expect(seen).toEqual([
      { title: 't', message: '&lt;b&gt;', wait: false, sound: false, 'app-name': 'App', appID: 'app' },
    ])
  })
  it.each([
    [
      'answers with an error',
      { notify: (_given: unknown, done: (error: unknown) => void) => done(new Error('no bus')) },
    ],
    [
      'throws',
      {
        notify: () => {
          throw new Error('no bus')
        },
      },
    ],
  ])('that %s says why and rejects nothing', async (_how, raw) => {
    expect(await notifierWith(raw).show({ title: 't', body: 'b' }, 'info')).toEqual({ ok: false, message: 'no bus' })
  })
  it('that cannot be loaded says so', async () => {
    const load = () => Promise.reject(new Error('Cannot find package'))
    const notifier = createDesktopNotifier({ ...options, load })
    expect(await notifier.show({ title: 't', body: 'b' }, 'info')).toEqual({
      ok: false,
      message: 'Cannot find package',
    })
  })
})
