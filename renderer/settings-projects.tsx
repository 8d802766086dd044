/** Settings for one folder and all below it: excluded, or with thresholds of its own. */

import { Autocomplete, Button, Switch } from '@mantine/core'
import { useId, useMemo, useState } from 'react'
import { oneLine } from '../shared/core/format.ts'
import type { SessionView } from '../shared/core/monitor-state.ts'
import type { ProjectOverride, Thresholds } from '../shared/core/settings.ts'
import { type NumberField, numberFields } from '../shared/core/settings-fields.ts'
import { useMonitorState } from './page-context.tsx'
import { useSettingsDraft } from './settings-draft.tsx'
import { shownNumber, typedNumber } from './settings-field.tsx'
import { useSettingWords } from './settings-words.ts'

const noSessions: readonly SessionView[] = []
const thresholdFields = numberFields.filter(({ key }) => key.startsWith('thresholds.'))

export function ProjectOverrides() {
  const words = useSettingWords()
  const draft = useSettingsDraft()
  const overrides = draft.value('projects') as readonly ProjectOverride[]
  const replace = (index: number, override: ProjectOverride | null) =>
    draft.set({ projects: overrides.flatMap((old, i) => (i === index ? (override ?? []) : old)) })
  return (
    <>
      <p className="setting-help">{words.t('settings.projects.help')}</p>
      {overrides.length === 0 && <p className="quiet">{words.t('settings.projects.none')}</p>}
      <ul className="overrides">
        {overrides.map((override, index) => (
          <li key={override.path}>
            <OverrideCard
              override={override}
              problem={draft.problem(`projects.${index}`)}
              onChange={changed => replace(index, changed)}
            />
          </li>
        ))}
      </ul>
      <AddOverride
        taken={overrides.map(({ path }) => path)}
        onAdd={path => draft.set({ projects: [...overrides, { path, excluded: true }] })}
      />
    </>
  )
}

interface OverrideCardProps {
  readonly override: ProjectOverride
  readonly problem: string | null
  readonly onChange: (override: ProjectOverride | null) => void
}

function OverrideCard({ override, problem, onChange }: OverrideCardProps) {
  const words = useSettingWords()
  return (
    <fieldset className="override">
      <legend className="mono">{words.name(override.path, 300)}</legend>
      <Switch
        checked={override.excluded === true}
        label={words.t('settings.projects.excluded')}
        onChange={event => onChange({ ...override, excluded: event.currentTarget.checked })}
      />
      {override.excluded !== true && (
        <div className="override-thresholds">
          {thresholdFields.map(field => (
            <OwnThreshold key={field.key} field={field} override={override} onChange={onChange} />
          ))}
        </div>
      )}
      {problem !== null && (
        <p className="setting-note" data-problem>
          {problem}
        </p>
      )}
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        aria-label={words.t('settings.projects.removeOne', { path: words.name(override.path, 300) })}
        onClick={() => onChange(null)}
      >
        {words.t('settings.projects.remove')}
      </Button>
    </fieldset>
  )
}

interface OwnThresholdProps {
  readonly field: NumberField
  readonly override: ProjectOverride
  readonly onChange: (override: ProjectOverride) => void
}

/** Empty: what holds elsewhere holds here. */
function OwnThreshold({ field, override, onChange }: OwnThresholdProps) {
  const words = useSettingWords()
  const draft = useSettingsDraft()
  const id = useId()
  const key = field.key.replace('thresholds.', '') as keyof Thresholds
  const { [key]: own, ...others } = override.thresholds ?? {}
  const set = (text: string) => {
    const thresholds = text.trim() === '' ? others : { ...others, [key]: typedNumber(text) }
    onChange({ ...override, thresholds: thresholds as Partial<Thresholds> })
  }
  return (
    <div>
      <label htmlFor={id}>{words.label(field)}</label>
      <span className="number-box">
        <input
          id={id}
          className="number-input"
          inputMode="decimal"
          autoComplete="off"
          placeholder={words.number(Number(draft.value(field.key)))}
          value={shownNumber(own, words.language)}
          onChange={event => set(event.target.value)}
        />
        <span className="unit">{words.unit(field)}</span>
      </span>
    </div>
  )
}

interface AddOverrideProps {
  readonly taken: readonly string[]
  readonly onAdd: (path: string) => void
}

function AddOverride({ taken, onAdd }: AddOverrideProps) {
  const { t } = useSettingWords()
  const sessions = useMonitorState(state => state.sessions, noSessions)
  const [path, setPath] = useState('')
  const known = useMemo(() => {
    const roots = sessions.flatMap(({ project }) => (project === null ? [] : project.root))
    return [...new Set(roots)].filter(root => !taken.includes(root)).sort()
  }, [sessions, taken])
  const wanted = path.trim()
  const isPath = /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(wanted) && !taken.includes(wanted)
  const add = () => {
    if (!isPath) return
    onAdd(wanted)
    setPath('')
  }
  return (
    <div className="setting-pair">
      <Autocomplete
        renderOption={({ option }) => <bdi>{oneLine(option.value, 300)}</bdi>}
        label={t('settings.projects.folder')}
        placeholder={t('settings.projects.folderHint')}
        data={known}
        limit={20}
        value={path}
        onChange={setPath}
        error={wanted !== '' && !isPath ? t('settings.projects.badFolder') : undefined}
        onKeyDown={event => event.key === 'Enter' && add()}
      />
      <Button size="sm" disabled={!isPath} onClick={add}>
        {t('settings.projects.add')}
      </Button>
    </div>
  )
}
