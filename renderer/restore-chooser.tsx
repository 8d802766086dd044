/** The first step of a restore: from which checkpoint, what, where to, and what to do where something is in the way. */
import { Button, Checkbox, Radio, Select, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { CheckpointSummary } from '../shared/core/checkpoint.ts'
import type { RestoreRefusal, RestoreRequest, RestoreRules } from '../shared/core/restore.ts'
import type { ActionResult } from './monitor-store.ts'
import { useNowMs } from './page-context.tsx'
import { resultWords } from './result-words.ts'
import { NoticeBox } from './ui.tsx'
import { useAnswer } from './use-answer.ts'
import { useWords } from './words.ts'

export interface RestoreChoice extends RestoreRules {
  readonly checkpoint: string
  readonly what: 'whole' | 'files' | 'transcript' | 'paths'
  readonly paths: readonly string[]
  readonly target: 'in-place' | 'side'
  readonly folder: string
}

/** @param checkpoints Newest first; at least one. @param seq The one to begin with, if it is there. */
export function initialChoice(checkpoints: readonly CheckpointSummary[], seq: number | null): RestoreChoice {
  const first = checkpoints.find(checkpoint => checkpoint.seq === seq) ?? checkpoints[0]
  return {
    checkpoint: first?.id ?? '',
    what: 'whole',
    paths: [],
    target: 'in-place',
    folder: '',
    conflicts: 'keep',
    deleted: 'restore',
  }
}

export function requestOf(choice: RestoreChoice): RestoreRequest {
  const { checkpoint, what, paths, target, folder, conflicts, deleted } = choice
  return {
    checkpoint,
    selection: what === 'paths' ? { what, paths } : { what },
    target: target === 'side' ? { kind: 'side', folder: folder.trim() } : { kind: 'in-place' },
    rules: { conflicts, deleted },
  }
}

interface ChooserProps {
  readonly checkpoints: readonly CheckpointSummary[]
  readonly choice: RestoreChoice
  readonly onChange: (change: Partial<RestoreChoice>) => void
  /** Why the last plan could not be made. */
  readonly trouble: RestoreRefusal | ActionResult | null
  readonly planning: boolean
  readonly onNext: () => void
}

export function RestoreChooser({ checkpoints, choice, onChange, trouble, planning, onNext }: ChooserProps) {
  const words = useWords()
  const { t } = words
  const nowMs = useNowMs()
  const [isTried, setTried] = useState(false)
  const problem = problemOf(choice)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (problem === null && !planning) onNext()
  }
  return (
    <form onSubmit={submit} noValidate>
      <h3 tabIndex={-1} data-step-title>
        {t('restore.choose.heading')}
      </h3>
      {trouble !== null && <Trouble trouble={trouble} />}
      <Select
        label={t('restore.choose.checkpoint')}
        allowDeselect={false}
        value={choice.checkpoint}
        data={checkpoints.map(({ id, seq, atMs }) => ({
          value: id,
          label: t('restore.choose.option', {
            seq: words.number(seq),
            when: words.ago(atMs, nowMs),
            date: words.dateTime(atMs),
          }),
        }))}
        onChange={value => onChange({ checkpoint: value ?? choice.checkpoint, paths: [] })}
      />
      <Radio.Group
        label={t('restore.choose.what')}
        value={choice.what}
        onChange={value => onChange({ what: value as RestoreChoice['what'] })}
      >
        {(['whole', 'files', 'transcript', 'paths'] as const).map(what => (
          <Radio key={what} value={what} label={t(`restore.choose.${what}`)} />
        ))}
      </Radio.Group>
      {choice.what === 'paths' && (
        <PathChooser
          checkpoint={choice.checkpoint}
          chosen={choice.paths}
          error={isTried && problem === 'paths' ? t('restore.choose.noPaths') : null}
          onChange={paths => onChange({ paths })}
        />
      )}
      <Radio.Group
        label={t('restore.choose.target')}
        value={choice.target}
        onChange={value => onChange({ target: value as RestoreChoice['target'] })}
      >
        <Radio value="in-place" label={t('restore.choose.inPlace')} description={t('restore.choose.inPlaceHelp')} />
        <Radio value="side" label={t('restore.choose.side')} description={t('restore.choose.sideHelp')} />
      </Radio.Group>
      {choice.target === 'side' ? (
        <TextInput
          label={t('restore.choose.folder')}
          description={t('restore.choose.folderHelp')}
          spellCheck={false}
          autoComplete="off"
          value={choice.folder}
          error={isTried && problem === 'folder' ? t('restore.choose.folderError') : null}
          onChange={event => onChange({ folder: event.currentTarget.value })}
        />
      ) : (
        choice.what !== 'transcript' && <Rules choice={choice} onChange={onChange} />
      )}
      <div className="wizard-actions">
        <Button type="submit" variant="filled" disabled={planning}>
          {t(planning ? 'restore.choose.planning' : 'restore.choose.next')}
        </Button>
        {planning && <span role="status">{t('restore.choose.planning')}</span>}
      </div>
    </form>
  )
}

/** What must be put right before there can be a plan. */
function problemOf({ what, paths, target, folder }: RestoreChoice): 'paths' | 'folder' | null {
  if (what === 'paths' && paths.length === 0) return 'paths'
  return target === 'side' && !/^(\/|[A-Za-z]:[\\/]|\\\\)/.test(folder.trim()) ? 'folder' : null
}

function Rules({ choice, onChange }: Pick<ChooserProps, 'choice' | 'onChange'>) {
  const { t } = useWords()
  return (
    <>
      <Radio.Group
        label={t('restore.choose.conflicts')}
        value={choice.conflicts}
        onChange={value => onChange({ conflicts: value as RestoreRules['conflicts'] })}
      >
        <Radio value="keep" label={t('restore.choose.conflictsKeep')} />
        <Radio value="replace" label={t('restore.choose.conflictsReplace')} />
      </Radio.Group>
      <Radio.Group
        label={t('restore.choose.deleted')}
        value={choice.deleted}
        onChange={value => onChange({ deleted: value as RestoreRules['deleted'] })}
      >
        <Radio value="restore" label={t('restore.choose.deletedRestore')} />
        <Radio value="keep" label={t('restore.choose.deletedKeep')} />
      </Radio.Group>
    </>
  )
}

export function Trouble({ trouble }: { readonly trouble: RestoreRefusal | ActionResult }) {
  const words = useWords()
  const { t, name } = words
  return (
    <NoticeBox level="error" alert title={t('restore.preview.refused')}>
      {'kind' in trouble
        ? resultWords(words, trouble, Date.now())
        : `${name(trouble.message, 500)} ${name(trouble.remedy, 500)}`}
    </NoticeBox>
  )
}

interface PathChooserProps {
  readonly checkpoint: string
  readonly chosen: readonly string[]
  readonly error: string | null
  readonly onChange: (paths: readonly string[]) => void
}

/** More are found by a search. */
const mostPathsShown = 100
const mostPathsAsked = 1_000

function PathChooser({ checkpoint, chosen, error, onChange }: PathChooserProps) {
  const words = useWords()
  const { t, name, number } = words
  const [search, setSearch] = useState('')
  const [asked] = useAnswer('showCheckpoint', { checkpoint, offset: 0, limit: mostPathsAsked })
  if (asked.kind === 'failed') return <Trouble trouble={asked.result} />
  if (asked.kind === 'loading') return <p role="status">{t('restore.choose.pathsLoading')}</p>
  const paths = [...asked.value.files.items.map(file => file.path)]
  const found = paths.filter(path => path.toLowerCase().includes(search.trim().toLowerCase()))
  const shown = found.slice(0, mostPathsShown)
  const more = found.length - shown.length
  const toggle = (path: string) =>
    onChange(chosen.includes(path) ? chosen.filter(each => each !== path) : [...chosen, path])
  return (
    <fieldset className="path-chooser">
      <legend>{t('restore.choose.pathsList')}</legend>
      <TextInput
        type="search"
        aria-label={t('restore.choose.pathsFilter')}
        placeholder={t('restore.choose.pathsFilter')}
        value={search}
        error={error}
        onChange={event => setSearch(event.currentTarget.value)}
      />
      <ul>
        {shown.map(path => (
          <li key={path}>
            <Checkbox
              size="xs"
              label={<bdi className="mono">{name(path, 400)}</bdi>}
              checked={chosen.includes(path)}
              onChange={() => toggle(path)}
            />
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="quiet">{t('restore.choose.pathsNone')}</p>}
      {more > 0 && <p className="quiet">{t('restore.choose.pathsMore', { count: more, n: number(more) })}</p>}
      <p aria-live="polite">{t('restore.choose.pathsChosen', { count: chosen.length })}</p>
    </fieldset>
  )
}
