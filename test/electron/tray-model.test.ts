import { describe, expect, it } from 'vitest'
import { type TrayInput, type TrayItem, trayModel } from '../../electron/tray-model.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { idOf } from '../support/core-values.ts'
import { dueSession, sampleSession, sampleState } from '../support/sample-state.ts'

const cycle = {
  startedMs: 0,
  tookMs: 1,
  found: 0,
  due: 0,
  dueBy: {},
  created: 0,
  heldBy: {},
  notDone: {},
  failed: 0,
  averageMs: null,
  addedBytes: 0,
}
const running = (change: Partial<MonitorState> = {}): TrayInput => ({
  kind: 'running',
  state: sampleState({ lastCycle: cycle, ...change }),
})
const failing = sampleSession({ protection: 'failing' })
const error = { id: 'disk', level: 'error', message: 'The disk is full', remedy: 'Free some space.' } as const

function flat(items: readonly TrayItem[]): readonly TrayItem[] {
  return items.flatMap(item => (item.kind === 'submenu' ? [item, ...flat(item.items)] : [item]))
}
const labels = (input: TrayInput) => flat(trayModel(input).items).flatMap(item => ('label' in item ? [item.label] : []))
const disabled = (input: TrayInput) =>
  flat(trayModel(input).items).flatMap(item => ('enabled' in item && !item.enabled ? [item.id] : []))

describe('the icon of the tray', () => {
  it.each([
    ['waiting', 'nothing is known yet', { kind: 'starting' }],
    ['waiting', 'the first look is not over', running({ lastCycle: null, phase: 'scanning' })],
    ['protected', 'all is saved', running({ sessions: [sampleSession()] })],
    [
      'protected',
      'what is new is within the policy',
      running({ sessions: [sampleSession({ protection: 'changed' })] }),
    ],
    ['at-risk', 'a session is due', running({ sessions: [dueSession()] })],
    ['checkpointing', 'a checkpoint is being made', running({ phase: 'checkpointing', sessions: [dueSession()] })],
    [
      'paused',
      'it is paused, even if a session is due',
      running({ paused: { untilMs: null }, sessions: [dueSession()] }),
    ],
    ['failing', 'a session fails, even if it is paused', running({ paused: { untilMs: null }, sessions: [failing] })],
    [
      'failing',
      'a session fails while another is being saved',
      running({ phase: 'checkpointing', sessions: [failing] }),
    ],
    ['failing', 'there is an error that lasts', running({ notices: [error] })],
    ['failing', 'the engine has ended', { kind: 'broken', reason: 'out of memory' }],
  ] as const)('is "%s" when %s', (icon, _when, input) => {
    expect(trayModel(input).icon).toBe(icon)
  })
})

describe('the menu of the tray', () => {
  it('sums up, and offers everything without a click on the icon', () => {
    expect(labels(running({ sessions: [dueSession(), sampleSession()] }))).toEqual([
      '2 sessions: 1 at risk, 1 protected',
      'Checkpoint now',
      'All due',
      'All changed',
      'Add a login page – shop',
      'Pause',
      '30 minutes',
      '2 hours',
      'Until resumed',
      'Restore …',
      'Open',
      'Settings …',
      'Quit',
    ])
  })
  it('offers each session that fails or is at risk, and the window for the rest of many', () => {
    const many = Array.from({ length: 14 }, (_, n) => dueSession({ sessionId: idOf(n), title: `Title ${n}` }))
    const sessions = [{ ...failing, sessionId: idOf(99), title: '' }, ...many, sampleSession({ title: 'Saved' })]
    const offered = labels(running({ sessions }))
    expect(offered.slice(4, 15)).toEqual([
      '00000000 – shop',
      ...Array.from({ length: 9 }, (_, n) => `Title ${n} – shop`),
      '5 more …',
    ])
  })
  it('leads to the places of the page that it names', () => {
    const items = flat(trayModel(running()).items)
    const actions = items.flatMap(item => (item.kind === 'action' && item.action.kind === 'open' ? [item.action] : []))
    expect(actions).toEqual([
      { kind: 'open', at: { view: 'rescue' } },
      { kind: 'open' },
      { kind: 'open', at: { view: 'settings' } },
    ])
  })
  it('offers to resume instead of to pause while it is paused', () => {
    const paused = labels(running({ paused: { untilMs: null } }))
    expect([paused.includes('Resume'), paused.includes('Pause')]).toEqual([true, false])
  })
  it('can be opened and quit before the engine has answered', () => {
    expect(disabled({ kind: 'starting' })).toEqual(['checkpoint', 'pause-menu'])
  })
  it('shows an error that lasts instead of the sum', () => {
    expect(labels(running({ notices: [error] }))[0]).toBe('The disk is full')
  })
  it('does not change while nothing but time does', () => {
    const before = trayModel(running({ revision: 1, atMs: 1 }))
    expect(trayModel(running({ revision: 2, atMs: 60_001, nextCycleAtMs: 1 }))).toEqual(before)
  })
})

it('keeps hostile texts to one short line', () => {
  const hostile = `a\u202eb\n${'x'.repeat(200_000)}`
  const project = { root: '/x', name: hostile, kind: 'git' } as const
  const inputs: readonly TrayInput[] = [
    { kind: 'broken', reason: hostile },
    running({ sessions: [dueSession({ title: hostile, project })], notices: [{ ...error, message: hostile }] }),
  ]
  const models = inputs.map(trayModel)
  const texts = models.flatMap(({ toolTip, items }) => [
    toolTip,
    ...flat(items).flatMap(item => ('label' in item ? [item.label] : [])),
  ])
  expect(texts.filter(text => text.length > 120 || /[\n\u202e]/.test(text))).toEqual([])
})
