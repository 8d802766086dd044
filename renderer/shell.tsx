/** The frame around every view: name and phase, the ways to the views, what can be done to all sessions. */
import { ActionIcon, Button, Menu, Progress, Tooltip } from '@mantine/core'
import type { MonitorState } from '../shared/core/monitor-state.ts'
import { AppearanceMenu } from './appearance-menu.tsx'
import { LineIcon } from './icons.tsx'
import { useIsOpen, useIsRunning, useMonitor, useMonitorState, useNowMs, useStore } from './page-context.tsx'
import { hashOf, sessionsView, useView, type View } from './view-state.ts'
import { useWords, type Words } from './words.ts'

const minuteMs = 60_000

export function Header({ onShowShortcuts }: { readonly onShowShortcuts: () => void }) {
  const { t } = useWords()
  return (
    <header className="header">
      <div className="brand">
        <h1>{t('app.title')}</h1>
        <Phase />
      </div>
      <Views />
      <div className="header-actions">
        <CheckNow />
        <Pause />
        <AppearanceMenu />
        <Tooltip label={t('actions.shortcuts')}>
          <ActionIcon
            className="shortcuts-button"
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('actions.shortcuts')}
            onClick={onShowShortcuts}
          >
            <LineIcon name="keyboard" />
          </ActionIcon>
        </Tooltip>
      </div>
      <CycleProgress />
    </header>
  )
}

function Phase() {
  const words = useWords()
  const state = useMonitor(snapshot => snapshot.state)
  const connection = useMonitor(snapshot => snapshot.connection.kind)
  const nowMs = useNowMs(5_000)
  const text =
    connection === 'lost'
      ? words.t('connection.offline')
      : state === null
        ? words.t('connection.connecting')
        : state.progress === null
          ? phaseWords(words, state, nowMs)
          : progressWords(words, state, state.progress)
  return (
    <p className="phase clip" title={text}>
      {text}
    </p>
  )
}

export function phaseWords(words: Words, state: MonitorState, nowMs: number): string {
  const { t, ago } = words
  if (state.paused !== null) {
    const { untilMs } = state.paused
    return untilMs === null ? t('phase.pausedForever') : t('phase.pausedUntil', { when: ago(untilMs, nowMs) })
  }
  if (
    state.phase === 'checkpointing' ||
    state.phase === 'scanning' ||
    state.phase === 'starting' ||
    state.phase === 'stopped'
  ) {
    return t(`phase.${state.phase}`)
  }
  const last =
    state.lastCycle === null ? t('phase.never') : t('phase.checked', { when: ago(state.lastCycle.startedMs, nowMs) })
  if (state.nextCycleAtMs === null) return last
  const when = state.nextCycleAtMs <= nowMs ? t('phase.nextNow') : ago(state.nextCycleAtMs, nowMs)
  return `${last}, ${t('phase.next', { when })}`
}

function Views() {
  const { t } = useWords()
  const { kind } = useView()
  const problems = useMonitorState(({ notices }) => notices.filter(({ level }) => level !== 'info').length, 0)
  const link = (view: View, label: string, isHere: boolean, badge: string | null = null) => (
    <a href={hashOf(view)} aria-current={isHere ? 'page' : undefined}>
      {label}
      {badge !== null && <span className="badge">{badge}</span>}
    </a>
  )
  return (
    <nav className="views" aria-label={t('app.views')}>
      {link(sessionsView([]), t('app.sessions'), kind === 'sessions' || kind === 'session')}
      {link({ kind: 'activity' }, t('app.activity'), kind === 'activity', problems === 0 ? null : String(problems))}
      {link({ kind: 'settings', section: null }, t('app.settings'), kind === 'settings')}
    </nav>
  )
}

function CheckNow() {
  const { t } = useWords()
  const store = useStore()
  const isOpen = useIsOpen()
  const isRunning = useIsRunning('check')
  return (
    <Button
      className="header-button"
      disabled={!isOpen || isRunning}
      leftSection={<LineIcon name="refresh" />}
      onClick={() => void store.checkNow()}
    >
      {isRunning ? t('actions.checking') : t('actions.checkNow')}
    </Button>
  )
}

function Pause() {
  const { t } = useWords()
  const store = useStore()
  const isOpen = useIsOpen()
  const isPaused = useMonitorState(({ paused }) => paused !== null, false)
  if (isPaused) {
    return (
      <Button
        className="header-button"
        variant="filled"
        disabled={!isOpen}
        leftSection={<LineIcon name="play" />}
        onClick={() => void store.resume()}
      >
        {t('actions.resume')}
      </Button>
    )
  }
  const choice = (label: string, minutes: number | null) => (
    <Menu.Item onClick={() => void store.pause(minutes === null ? null : Date.now() + minutes * minuteMs)}>
      {label}
    </Menu.Item>
  )
  return (
    <Menu position="bottom-end" transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button
          className="header-button"
          disabled={!isOpen}
          leftSection={<LineIcon name="pause" />}
          rightSection={<LineIcon name="down" />}
        >
          {t('actions.pause')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown aria-label={t('actions.pause')}>
        {choice(t('actions.pause30'), 30)}
        {choice(t('actions.pause120'), 120)}
        {choice(t('actions.pauseForever'), null)}
      </Menu.Dropdown>
    </Menu>
  )
}

function taskWords({ t }: Words, { phase }: MonitorState): string {
  return phase === 'checkpointing' ? t('phase.checkpointing') : t('phase.scanning')
}

function progressWords(words: Words, state: MonitorState, { done, total, leftMs }: Progressing): string {
  const amount = words.t('phase.progress', { done: words.number(done), total: words.number(total) })
  const left =
    leftMs === undefined || leftMs < 2_000 ? '' : `, ${words.t('phase.left', { time: words.duration(leftMs) })}`
  return `${taskWords(words, state)} ${amount}${left}`
}

type Progressing = NonNullable<MonitorState['progress']>

/** How far it is, along the lower edge of the header: nothing moves when it comes and goes. */
function CycleProgress() {
  const words = useWords()
  const state = useMonitor(snapshot => snapshot.state)
  // What was last known of it says nothing while nobody is there.
  const isOpen = useIsOpen()
  if (!isOpen || state?.progress === undefined || state.progress === null) return null
  const { done, total } = state.progress
  return (
    <Progress.Root className="cycle-progress" size={3} radius={0}>
      <Progress.Section value={(100 * done) / Math.max(1, total)} aria-label={taskWords(words, state)} />
    </Progress.Root>
  )
}
