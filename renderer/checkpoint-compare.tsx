/** What changed between a checkpoint and now, or another one: the files, their lines, and the conversation. */
import { Button, Select } from '@mantine/core'
import { useState } from 'react'
import type { CheckpointDiff, DiffSide, FileDifference, TranscriptDifference } from '../shared/core/checkpoint-diff.ts'
import type { SessionId } from '../shared/core/session.ts'
import { FileLines } from './diff-lines.tsx'
import { LineIcon } from './icons.tsx'
import { useNowMs } from './page-context.tsx'
import { resultWords } from './result-words.ts'
import { NoticeBox } from './ui.tsx'
import { useAnswer } from './use-answer.ts'
import { open, sessionView } from './view-state.ts'
import { useWords, type Words } from './words.ts'

const pageSize = 200

export function CheckpointCompare({ sessionId, seq }: { readonly sessionId: SessionId; readonly seq: number }) {
  const words = useWords()
  const { t } = words
  const nowMs = useNowMs()
  const [to, setTo] = useState<DiffSide>('now')
  const from = `${sessionId}/${seq}`
  const [list] = useAnswer('listCheckpoints', { sessionId })
  const others = list.kind === 'ready' ? list.value.filter(other => other.seq !== seq) : []
  const options = [
    { value: 'now', label: t('session.diff.now') },
    ...others.map(({ id, seq: other, atMs }) => ({
      value: id,
      label: t('session.diff.checkpoint', { seq: words.number(other), when: words.ago(atMs, nowMs) }),
    })),
  ]
  return (
    <section className="compare">
      <div className="session-head">
        <Button
          className="back"
          variant="subtle"
          size="compact-sm"
          leftSection={<LineIcon name="left" />}
          onClick={() => open(sessionView(sessionId))}
        >
          {t('session.diff.back')}
        </Button>
        <h2 tabIndex={-1} data-view-title>
          {t('session.diff.title', { seq: words.number(seq) })}
        </h2>
        <div className="session-actions">
          <Select
            aria-label={t('session.diff.compare')}
            allowDeselect={false}
            value={to}
            data={options}
            onChange={value => setTo(value ?? 'now')}
          />
          <Button
            leftSection={<LineIcon name="restore" />}
            onClick={() => open({ kind: 'session', sessionId, tab: 'restore', seq })}
          >
            {t('session.checkpoints.restore')}
          </Button>
        </div>
      </div>
      <Comparison key={`${from} ${to}`} from={from} to={to} />
    </section>
  )
}

function Comparison({ from, to }: { readonly from: string; readonly to: DiffSide }) {
  const words = useWords()
  const { t, name } = words
  const [limit, setLimit] = useState(pageSize)
  const [asked, again] = useAnswer('diffCheckpoint', { from, to, offset: 0, limit: Math.min(limit, 1_000) })
  if (asked.kind === 'loading') return <p role="status">{t('session.diff.loading')}</p>
  const retry = <Button onClick={again}>{t('app.retry')}</Button>
  if (asked.kind === 'failed') {
    return (
      <NoticeBox level="error" title={t('session.diff.failed')} action={retry}>
        {resultWords(words, asked.result, Date.now())}
      </NoticeBox>
    )
  }
  if (!asked.value.ok) {
    const { message, remedy } = asked.value
    return (
      <NoticeBox level="error" title={t('session.diff.failed')} action={retry}>
        {name(message, 500)} {name(remedy, 500)}
      </NoticeBox>
    )
  }
  return <Differences diff={asked.value.diff} onMore={() => setLimit(limit + pageSize)} />
}

function Differences({ diff, onMore }: { readonly diff: CheckpointDiff; readonly onMore: () => void }) {
  const words = useWords()
  const { t, name } = words
  const [path, setPath] = useState<string | null>(diff.files.items[0]?.path ?? null)
  const { files } = diff
  return (
    <div className="compare-parts">
      <div className="card">
        <h3>{t('session.diff.files')}</h3>
        <p className="quiet">
          {diff.root === null
            ? t('session.diff.noTree')
            : files.total === 0
              ? t('session.diff.none')
              : countWords(words, diff)}
        </p>
        {diff.notes.map(note => (
          <p key={note} className="quiet">
            {name(note, 500)}
          </p>
        ))}
        <ul className="diff-files">
          {files.items.map(file => (
            <FileButton key={file.path} file={file} isShown={file.path === path} onShow={() => setPath(file.path)} />
          ))}
        </ul>
        {files.items.length < files.total && (
          <Button size="xs" onClick={onMore}>
            {t('session.diff.more')}
          </Button>
        )}
        <Conversation diff={diff} />
      </div>
      <div className="card">
        {path === null ? (
          <p className="quiet">{t('session.diff.choose')}</p>
        ) : (
          <FileLines key={path} from={diff.from} to={diff.to} path={path} />
        )}
      </div>
    </div>
  )
}

/** "3 changed, 1 added": what there is none of is not said. */
function countWords({ t, number }: Words, { counts }: CheckpointDiff): string {
  const amounts = { changed: counts.changed + counts.mode, added: counts.added, gone: counts.gone }
  return (['changed', 'added', 'gone'] as const)
    .filter(what => amounts[what] > 0)
    .map(what => t(`session.diff.counts.${what}`, { count: amounts[what], n: number(amounts[what]) }))
    .join(', ')
}

interface FileButtonProps {
  readonly file: FileDifference
  readonly isShown: boolean
  readonly onShow: () => void
}

function FileButton({ file, isShown, onShow }: FileButtonProps) {
  const { t, name, bytes } = useWords()
  const size = (version: FileDifference['before']) =>
    version === null ? t('session.diff.nothing') : version.bytes === null ? t('app.unknown') : bytes(version.bytes)
  return (
    <li>
      <button type="button" aria-pressed={isShown} onClick={onShow}>
        <span className="tag" data-change={file.change}>
          {t(`session.diff.change.${file.change}`)}
        </span>
        <span className="diff-file">
          <bdi className="mono path">{name(file.path, 400)}</bdi>
          <span className="quiet number">
            {t('session.diff.sizes', { before: size(file.before), after: size(file.after) })}
          </span>
        </span>
      </button>
    </li>
  )
}

function Conversation({ diff: { transcript } }: { readonly diff: CheckpointDiff }) {
  const words = useWords()
  const { t, name } = words
  if (transcript === null) return null
  const said = {
    same: t('session.diff.same'),
    grew: t('session.diff.grew', { what: grewWords(words, transcript) }),
    rewritten: t('session.diff.rewritten'),
    gone: t('session.diff.transcriptGone'),
  }[transcript.kind]
  return (
    <section className="diff-conversation">
      <h3>{t('session.diff.conversation')}</h3>
      <p>{said}</p>
      {transcript.lastPrompts.length > 0 && (
        <>
          <p className="quiet">{t('session.diff.lastPrompts')}</p>
          <ol className="prompts">
            {transcript.lastPrompts.map((prompt, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: prompts have no name of their own, and the list never changes
              <li key={index} dir="auto">
                {name(prompt.text, 600)}
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  )
}

function grewWords({ t, number, list }: Words, transcript: TranscriptDifference): string {
  const parts = (['prompts', 'replies', 'toolCalls'] as const)
    .filter(what => transcript[what] > 0)
    .map(what => t(`session.diff.grewBy.${what}`, { count: transcript[what], n: number(transcript[what]) }))
  return parts.length === 0 ? t('session.diff.grewUnsaid') : list(parts)
}
