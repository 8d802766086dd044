/** One setting as a control, by the kind that its description names: label, control, unit, help, what is wrong. */
import { ActionIcon, Select, Switch, Textarea, TextInput, Tooltip } from '@mantine/core'
import { useId, useState } from 'react'
import type {
  ChoiceField,
  HoursField,
  ListField,
  NumberField,
  SettingField,
  ToggleField,
} from '../shared/core/settings-fields.ts'
import { LineIcon } from './icons.tsx'
import { type SettingsDraft, useSettingsDraft } from './settings-draft.tsx'
import { itemsOf, linesOf } from './settings-lines.ts'
import { positionOf, sliderSteps, valueAtPosition } from './settings-scale.ts'
import { useSettingWords } from './settings-words.ts'
import { NoticeBox } from './ui.tsx'

export function FieldControl({ field }: { readonly field: SettingField }) {
  switch (field.kind) {
    case 'number':
      return <NumberControl field={field} />
    case 'toggle':
      return <ToggleControl field={field} />
    case 'choice':
      return <ChoiceControl field={field} />
    case 'hours':
      return <HoursControl field={field} />
    case 'list':
      return <ListControl field={field} />
  }
}

/** Sections whose numbers are felt rather than known: a slider beside the number. */
const withSlider: ReadonlySet<string> = new Set(['policy'])

function NumberControl({ field }: { readonly field: NumberField }) {
  const draft = useSettingsDraft()
  const words = useSettingWords()
  const id = useId()
  const value = draft.value(field.key)
  const number = typeof value === 'number' ? value : Number.NaN
  const problem = draft.problem(field.key)
  const label = words.label(field)
  const unit = words.unit(field)
  return (
    <div className="setting" data-changed={field.key in draft.changes || undefined}>
      <label htmlFor={id}>{label}</label>
      <p className="setting-help" id={`${id}-help`}>
        {words.help(field)}
      </p>
      <div className="setting-control">
        {withSlider.has(field.section) && (
          <input
            type="range"
            className="slider"
            aria-label={words.t('settings.slider', { label })}
            aria-valuetext={`${words.number(number)} ${unit}`}
            min={0}
            max={sliderSteps}
            value={positionOf(field, number)}
            onChange={event => draft.set({ [field.key]: valueAtPosition(field, Number(event.target.value)) })}
          />
        )}
        <span className="number-box">
          <input
            id={id}
            className="number-input"
            inputMode="decimal"
            autoComplete="off"
            value={shownNumber(value, words.language)}
            aria-invalid={problem !== null}
            aria-describedby={`${id}-help ${id}-note`}
            onChange={event => draft.set({ [field.key]: typedNumber(event.target.value) })}
          />
          <span className="unit">{unit}</span>
        </span>
        <ResetButton field={field} draft={draft} />
      </div>
      <FieldNote id={`${id}-note`} field={field} problem={problem} />
    </div>
  )
}

/** What was typed as it was typed, until it is a number. */
export function shownNumber(value: unknown, language: string): string {
  if (typeof value !== 'number') return String(value ?? '')
  return language.startsWith('de') ? String(value).replace('.', ',') : String(value)
}

/** A number once it is one; until then the text itself, which the check of the settings refuses. */
export function typedNumber(text: string): number | string {
  const plain = text.trim().replace(',', '.')
  // "1." and "1.0" are on the way to a number and must not be turned into one while they are typed.
  return plain !== '' && String(Number(plain)) === plain ? Number(plain) : text
}

function ToggleControl({ field }: { readonly field: ToggleField }) {
  const draft = useSettingsDraft()
  const words = useSettingWords()
  return (
    <div className="setting" data-changed={field.key in draft.changes || undefined}>
      <DescribedSwitch
        checked={draft.value(field.key) === true}
        label={words.label(field)}
        help={words.help(field)}
        onChange={checked => draft.set({ [field.key]: checked })}
      />
    </div>
  )
}

interface DescribedSwitchProps {
  readonly checked: boolean
  readonly label: string
  readonly help: string
  readonly onChange: (checked: boolean) => void
}

/** Its name is the label alone; the help is its description. */
export function DescribedSwitch({ checked, label, help, onChange }: DescribedSwitchProps) {
  const id = useId()
  return (
    <>
      <Switch
        checked={checked}
        label={label}
        aria-describedby={id}
        onChange={event => onChange(event.currentTarget.checked)}
      />
      <p className="setting-help switch-help" id={id}>
        {help}
      </p>
    </>
  )
}

function ChoiceControl({ field }: { readonly field: ChoiceField }) {
  const draft = useSettingsDraft()
  const words = useSettingWords()
  return (
    <div className="setting" data-changed={field.key in draft.changes || undefined}>
      <Select
        label={words.label(field)}
        description={words.help(field)}
        data={field.choices.map(value => ({ value, label: words.choice(field, value) }))}
        value={String(draft.value(field.key))}
        allowDeselect={false}
        onChange={value => draft.set({ [field.key]: value })}
      />
    </div>
  )
}

const firstQuietHours = { from: '22:00', to: '07:00' }

function HoursControl({ field }: { readonly field: HoursField }) {
  const draft = useSettingsDraft()
  const words = useSettingWords()
  const hours = draft.value(field.key) as { readonly from: string; readonly to: string } | null
  const set = (change: Partial<typeof firstQuietHours>) =>
    draft.set({ [field.key]: { ...(hours ?? firstQuietHours), ...change } })
  return (
    <div className="setting" data-changed={field.key in draft.changes || undefined}>
      <DescribedSwitch
        checked={hours !== null}
        label={words.label(field)}
        help={words.help(field)}
        onChange={checked => draft.set({ [field.key]: checked ? firstQuietHours : null })}
      />
      {hours !== null && (
        <div className="setting-pair">
          <TextInput
            type="time"
            label={words.t('settings.from')}
            value={hours.from}
            onChange={event => set({ from: event.currentTarget.value })}
          />
          <TextInput
            type="time"
            label={words.t('settings.to')}
            value={hours.to}
            onChange={event => set({ to: event.currentTarget.value })}
          />
        </div>
      )}
      <FieldNote id={`note-${field.key}`} field={field} problem={draft.problem(field.key)} />
    </div>
  )
}

/** One text a line. What is typed stays as it is typed, for as long as it means what the draft holds. */
function ListControl({ field }: { readonly field: ListField }) {
  const draft = useSettingsDraft()
  const words = useSettingWords()
  const id = useId()
  const items = draft.value(field.key) as readonly string[]
  const [typed, setTyped] = useState('')
  const text = linesOf(itemsOf(typed)) === linesOf(items) ? typed : linesOf(items)
  const problem = draft.problem(field.key)
  const set = (next: string) => {
    setTyped(next)
    draft.set({ [field.key]: itemsOf(next) })
  }
  return (
    <div className="setting" data-changed={field.key in draft.changes || undefined}>
      <label htmlFor={id}>{words.label(field)}</label>
      <p className="setting-help" id={`${id}-help`}>
        {words.help(field)} {words.t('settings.onePerLine')}
      </p>
      <Textarea
        id={id}
        rows={Math.min(12, Math.max(2, items.length + 1))}
        spellCheck={false}
        placeholder={words.t(`settings.listHint.${field.item}`)}
        classNames={{ input: 'mono' }}
        value={text}
        error={problem !== null}
        aria-describedby={`${id}-help ${id}-note`}
        onChange={event => set(event.currentTarget.value)}
      />
      {field.item === 'pattern' && items.length > 0 && problem === null && (
        <NoticeBox level="warn" title={words.t('settings.secrets')} />
      )}
      <FieldNote id={`${id}-note`} field={field} problem={problem} />
    </div>
  )
}

function ResetButton({ field, draft }: { readonly field: NumberField; readonly draft: SettingsDraft }) {
  const words = useSettingWords()
  const name = words.t('settings.resetOne', { label: words.label(field), value: words.number(field.default) })
  return (
    <Tooltip label={name}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={name}
        data-idle={draft.value(field.key) === field.default || undefined}
        disabled={draft.value(field.key) === field.default}
        onClick={() => draft.set({ [field.key]: field.default })}
      >
        <LineIcon name="undo" />
      </ActionIcon>
    </Tooltip>
  )
}

interface FieldNoteProps {
  readonly id: string
  readonly field: SettingField
  readonly problem: string | null
}

/** What is wrong with the value, or that somebody else has changed it meanwhile. */
function FieldNote({ id, field, problem }: FieldNoteProps) {
  const draft = useSettingsDraft()
  const words = useSettingWords()
  const elsewhere = draft.elsewhere(field.key)
  return (
    <p className="setting-note" id={id} data-problem={problem !== null || undefined}>
      {problem !== null && words.problem(field, problem)}
      {problem === null &&
        elsewhere !== undefined &&
        words.t('settings.elsewhere', { value: typeof elsewhere === 'number' ? words.number(elsewhere) : '…' })}
    </p>
  )
}
