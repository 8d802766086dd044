/** Settings that no single control shows: muted sessions, the file as a whole, and what the host keeps. */
import { Button } from '@mantine/core'
import { useRef, useState } from 'react'
import type { SessionView } from '../shared/core/monitor-state.ts'
import type { SessionId } from '../shared/core/session.ts'
import { useMonitor, useMonitorState, useStore } from './page-context.tsx'
import { readImport, useSettingsDraft } from './settings-draft.tsx'
import { DescribedSwitch } from './settings-field.tsx'
import { useWords } from './words.ts'

const noSessions: readonly SessionView[] = []
const mutedKey = 'notifications.mutedSessions'
/** A larger file is no settings file. Bytes. */
const largestImport = 1_000_000

/** Sessions that nothing is told about; more are muted in their own view. */
export function MutedSessions() {
  const { t, name } = useWords()
  const draft = useSettingsDraft()
  const sessions = useMonitorState(state => state.sessions, noSessions)
  const muted = draft.value(mutedKey) as readonly SessionId[]
  const titleOf = (id: SessionId) => name(sessions.find(({ sessionId }) => sessionId === id)?.title ?? id, 60)
  return (
    <div className="setting">
      <h4>{t('settings.muted.title')}</h4>
      {muted.length === 0 && <p className="setting-help">{t('settings.muted.none')}</p>}
      <ul className="muted">
        {muted.map(id => (
          <li key={id}>
            <span className="clip">{titleOf(id)}</span>
            <Button
              size="compact-xs"
              aria-label={t('settings.muted.unmute', { title: titleOf(id) })}
              onClick={() => draft.set({ [mutedKey]: muted.filter(other => other !== id) })}
            >
              {t('settings.muted.unmuteShort')}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Shown where the host can do it. */
export function StartAtLogin() {
  const { t } = useWords()
  const store = useStore()
  const host = useMonitor(snapshot => snapshot.host)
  const [wanted, setWanted] = useState<boolean | null>(null)
  if (host === null || !host.can.includes('start-at-login')) return null
  const change = async (enabled: boolean) => {
    setWanted(enabled)
    const answer = await store.askHost('setStartAtLogin', { enabled })
    if (!answer.ok) store.announce(answer.result)
    setWanted(answer.ok ? answer.value.startsAtLogin : null)
  }
  return (
    <div className="setting">
      <DescribedSwitch
        checked={wanted ?? host.startsAtLogin ?? false}
        label={t('settings.startAtLogin')}
        help={t('settings.startAtLoginHelp')}
        onChange={checked => void change(checked)}
      />
    </div>
  )
}

/** The settings as a file, out and in. What comes in only fills the form: it is looked at before it is saved. */
export function ExportImport() {
  const { t } = useWords()
  const store = useStore()
  const draft = useSettingsDraft()
  const picker = useRef<HTMLInputElement>(null)
  const take = async (file: File | undefined) => {
    if (file === undefined) return
    const read = file.size > largestImport ? null : readImport(await file.text())
    if (read === null) return store.announce({ kind: 'said', isError: true, text: t('settings.data.bad') })
    draft.set(read.changes)
    store.announce({ kind: 'said', text: t('settings.data.read', { count: read.wrong }) })
  }
  return (
    <div className="setting">
      <p className="setting-help">{t('settings.data.help')}</p>
      <div className="setting-pair">
        <Button size="xs" onClick={() => saveAs('session-monitor-settings.json', draft.current)}>
          {t('settings.data.export')}
        </Button>
        <Button size="xs" onClick={() => picker.current?.click()}>
          {t('settings.data.import')}
        </Button>
        <input
          ref={picker}
          type="file"
          accept="application/json,.json"
          className="hidden"
          tabIndex={-1}
          aria-label={t('settings.data.import')}
          onChange={event => {
            void take(event.target.files?.[0])
            event.target.value = ''
          }}
        />
      </div>
    </div>
  )
}

function saveAs(name: string, value: unknown): void {
  const address = URL.createObjectURL(new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
