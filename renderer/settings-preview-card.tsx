/** What the values in the form would mean to the sessions of this moment, and the way to save or drop them. */
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { SessionView } from '../shared/core/monitor-state.ts'
import type { Settings } from '../shared/core/settings.ts'
import type { SettingsChanges } from '../shared/core/settings-change.ts'
import { type PreviewedSession, previewSettings, type SettingsPreview } from '../shared/core/settings-preview.ts'
import { useIsOpen, useIsRunning, useMonitorState, useNowMs, useStore } from './page-context.tsx'
import { type SettingsDraft, undoOf, useSettingsDraft } from './settings-draft.tsx'
import { hashOf, sessionView } from './view-state.ts'
import { useWords, type Words } from './words.ts'

const noSessions: readonly SessionView[] = []

export function PreviewCard() {
  const words = useWords()
  const draft = useSettingsDraft()
  const preview = usePreview(draft.candidate)
  return (
    <aside
      className="card settings-preview"
      aria-labelledby="settings-preview-title"
      data-changed={draft.isChanged || undefined}
    >
      <h3 id="settings-preview-title">{words.t('settings.preview.title')}</h3>
      <p className="preview-count" role="status">
        {draft.isChanged && draft.problems.length === 0
          ? words.t('settings.preview.wouldBeDue', {
              count: preview.due.length,
              n: words.number(preview.due.length, 0),
            })
          : words.t('settings.preview.areDue', { count: preview.due.length, n: words.number(preview.due.length, 0) })}
      </p>
      <div className="preview-lists">
        <PreviewList title={words.t('settings.preview.newlyDue')} sessions={preview.newlyDue} words={words} />
        <PreviewList
          title={words.t('settings.preview.stillDue')}
          sessions={preview.due.filter(({ wasDue }) => wasDue)}
          words={words}
        />
        <PreviewList title={words.t('settings.preview.noLongerDue')} sessions={preview.noLongerDue} words={words} />
      </div>
      <SaveBar draft={draft} words={words} />
    </aside>
  )
}

function usePreview(settings: Settings): SettingsPreview {
  const sessions = useMonitorState(state => state.sessions, noSessions)
  const paused = useMonitorState(state => state.paused, null)
  const nowMs = useNowMs()
  return useMemo(() => {
    const pausedUntilMs = paused === null ? null : (paused.untilMs ?? Number.POSITIVE_INFINITY)
    return previewSettings(sessions, { settings, nowMs, pausedUntilMs })
  }, [sessions, settings, nowMs, paused])
}

interface PreviewListProps {
  readonly title: string
  readonly sessions: readonly PreviewedSession[]
  readonly words: Words
}

const mostShown = 5

function PreviewList({ title, sessions, words }: PreviewListProps) {
  if (sessions.length === 0) return null
  const more = sessions.length - mostShown
  return (
    <div>
      <h4>{title}</h4>
      <ul>
        {sessions.slice(0, mostShown).map(({ view, score }) => (
          <li key={view.sessionId}>
            <a className="clip" href={hashOf(sessionView(view.sessionId))}>
              {words.name(view.title, 80) || words.t('list.untitled')}
            </a>
            <span className="number quiet">{words.number(score.total)}</span>
          </li>
        ))}
        {more > 0 && (
          <li className="quiet">{words.t('settings.preview.more', { count: more, n: words.number(more, 0) })}</li>
        )}
      </ul>
    </div>
  )
}

interface SaveBarProps {
  readonly draft: SettingsDraft
  readonly words: Words
}

function SaveBar({ draft, words }: SaveBarProps) {
  const isOpen = useIsOpen()
  const isSaving = useIsRunning('settings')
  const save = useSave()
  const count = Object.keys(draft.changes).length
  const isGood = draft.problems.length === 0
  return (
    <div className="settings-save">
      <p className="quiet" role="status">
        {!isGood && words.t('settings.fixFirst', { count: draft.problems.length })}
        {isGood && draft.isChanged && words.t('settings.unsaved', { count })}
        {isGood && !draft.isChanged && words.t('settings.allSaved')}
      </p>
      {save.undo !== null && !draft.isChanged && (
        <Button size="xs" variant="subtle" onClick={save.undo}>
          {words.t('settings.undo')}
        </Button>
      )}
      <Button size="xs" disabled={!draft.isChanged} onClick={draft.discard}>
        {words.t('settings.discard')}
      </Button>
      <Button
        size="xs"
        variant="filled"
        disabled={!isOpen || !draft.isChanged || !isGood || isSaving}
        onClick={() => save.now(draft)}
      >
        {words.t(isSaving ? 'settings.saving' : 'settings.save')}
      </Button>
    </div>
  )
}

/** Saving, and one step back. */
function useSave() {
  const store = useStore()
  const words = useWords()
  const [before, setBefore] = useState<SettingsChanges | null>(null)
  const send = (changes: SettingsChanges, onSaved: () => void, said: string) =>
    store.act('settings', async api => {
      const result = await api.changeSettings({ changes })
      if (!result.ok) {
        const message = result.problems.map(problem => problem.message).join('; ')
        return { kind: 'said', isError: true, text: words.t('settings.notSaved', { message }) }
      }
      onSaved()
      return { kind: 'said', text: said }
    })
  const now = (draft: SettingsDraft) => {
    const undo = undoOf(draft.changes, draft.current)
    const onSaved = () => {
      setBefore(undo)
      draft.discard()
    }
    void send(draft.changes, onSaved, words.t('settings.saved'))
  }
  const undo = () => {
    if (before !== null) void send(before, () => setBefore(null), words.t('settings.undone'))
  }
  return { now, undo: before === null ? null : undo }
}
