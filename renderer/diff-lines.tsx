/** One file of a comparison, line by line: each changed line has its sign, not its colour alone. */
import { Button } from '@mantine/core'
import type { DiffHunk, DiffSide } from '../shared/core/checkpoint-diff.ts'
import { printable } from '../shared/core/format.ts'
import { resultWords } from './result-words.ts'
import { NoticeBox, ScrollRegion } from './ui.tsx'
import { useAnswer } from './use-answer.ts'
import { useWords } from './words.ts'

interface LinesProps {
  readonly from: string
  readonly to: DiffSide
  readonly path: string
}

export function FileLines({ from, to, path }: LinesProps) {
  const words = useWords()
  const { t, name } = words
  const [asked, again] = useAnswer('diffFile', { from, to, path })
  if (asked.kind === 'loading') return <p role="status">{t('session.diff.loading')}</p>
  if (asked.kind === 'failed' || !asked.value.ok) {
    const why =
      asked.kind === 'failed'
        ? resultWords(words, asked.result, Date.now())
        : asked.value.ok
          ? ''
          : `${name(asked.value.message, 500)} ${name(asked.value.remedy, 500)}`
    return (
      <NoticeBox
        level="error"
        title={t('session.diff.failed')}
        action={<Button onClick={again}>{t('app.retry')}</Button>}
      >
        {why}
      </NoticeBox>
    )
  }
  const { diff } = asked.value
  return (
    <>
      <h3 className="mono path">
        <bdi>{name(path, 400)}</bdi>
      </h3>
      {diff.kind === 'opaque' ? (
        <p className="quiet">{t('session.diff.opaque', { why: name(diff.why, 400) })}</p>
      ) : (
        <ScrollRegion className="diff" label={t('session.diff.lines', { path: name(path, 200) })}>
          {diff.hunks.map(hunk => (
            <Hunk key={`${hunk.beforeStart}/${hunk.afterStart}`} hunk={hunk} />
          ))}
          {diff.cut && <p className="quiet">{t('session.diff.cut')}</p>}
        </ScrollRegion>
      )}
    </>
  )
}

function Hunk({ hunk }: { readonly hunk: DiffHunk }) {
  const { t } = useWords()
  return (
    <table>
      <tbody>
        {numbered(hunk).map(({ key, before, after, sign, text }) => (
          <tr key={key} data-sign={sign}>
            <td className="line-number">{before}</td>
            <td className="line-number">{after}</td>
            <td>
              <span className="sign">{sign}</span>
              {sign !== ' ' && (
                <span className="hidden">{t(sign === '+' ? 'session.diff.added' : 'session.diff.removed')}</span>
              )}
              <bdi>{text}</bdi>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface NumberedLine {
  readonly key: number
  readonly before: number | null
  readonly after: number | null
  readonly sign: '+' | '-' | ' '
  readonly text: string
}

/** Each line with its numbers on both sides; what only remarks on a missing line end is left out. */
export function numbered(hunk: DiffHunk): readonly NumberedLine[] {
  let before = hunk.beforeStart
  let after = hunk.afterStart
  return hunk.lines.flatMap((line, key): readonly NumberedLine[] => {
    const sign = line[0]
    // Tabs stay; nothing else that would move or turn what follows it.
    const text = line.slice(1).split('\t').map(printable).join('\t')
    if (sign === '+') return [{ key, before: null, after: after++, sign, text }]
    if (sign === '-') return [{ key, before: before++, after: null, sign, text }]
    return sign === ' ' ? [{ key, before: before++, after: after++, sign, text }] : []
  })
}
