/** How a session's score and context went, with its checkpoints marked; said in words too, since a curve is a picture. */
import { lazy, Suspense, useMemo } from 'react'
import type { CheckpointSummary } from '../shared/core/checkpoint.ts'
import type { SessionView } from '../shared/core/monitor-state.ts'
import type { ScoreSample } from '../shared/core/score-history.ts'
import { useAnswer } from './use-answer.ts'
import { useWords } from './words.ts'

/** Most looks at the list need no chart. */
const TimeChart = lazy(async () => ({ default: (await import('./time-chart.tsx')).TimeChart }))

interface ChartsProps {
  readonly session: SessionView
  readonly nowMs: number
}

const noMarks: readonly CheckpointSummary[] = []

export function SessionHistoryCharts({ session, nowMs }: ChartsProps) {
  const { t } = useWords()
  const { sessionId } = session
  // Asked again whenever the row has changed, but at most once a minute.
  const freshness = `${session.lastCheckpoint?.seq ?? 0}/${Math.floor(nowMs / 60_000)}`
  const [history] = useAnswer('getHistory', { sessionId }, freshness)
  const [checkpoints] = useAnswer('listCheckpoints', { sessionId }, session.lastCheckpoint?.seq ?? 0)
  const marks = checkpoints.kind === 'ready' ? checkpoints.value : noMarks
  return (
    <section className="card" aria-labelledby="history-title">
      <h3 id="history-title">{t('session.history.title')}</h3>
      {history.kind === 'failed' && <p className="quiet">{t('session.history.failed')}</p>}
      {history.kind === 'loading' && <p className="quiet">{t('session.loading')}</p>}
      {history.kind === 'ready' && history.value.samples.length < 2 && (
        <p className="quiet">{t('session.history.empty')}</p>
      )}
      {history.kind === 'ready' && history.value.samples.length >= 2 && (
        <Suspense fallback={<div className="chart" />}>
          <Charts samples={history.value.samples} marks={marks} />
        </Suspense>
      )}
    </section>
  )
}

function Charts({
  samples,
  marks,
}: {
  readonly samples: readonly ScoreSample[]
  readonly marks: readonly CheckpointSummary[]
}) {
  const words = useWords()
  const times = useMemo(() => samples.map(({ atMs }) => atMs / 1_000), [samples])
  const totals = useMemo(() => samples.map(({ total }) => total), [samples])
  const contexts = useMemo(() => samples.map(({ contextPercent }) => contextPercent), [samples])
  const first = samples[0]?.atMs ?? 0
  const seen = useMemo(() => marks.filter(({ atMs }) => atMs >= first).map(({ atMs }) => atMs / 1_000), [marks, first])
  const summary = (key: 'scoreSummary' | 'contextSummary', values: readonly (number | null)[]) => {
    const known = values.filter(value => value !== null)
    return [
      words.t(`session.history.${key}`, {
        count: known.length,
        from: words.dateTime(first),
        to: words.dateTime(samples.at(-1)?.atMs ?? 0),
        now: words.number(known.at(-1) ?? 0),
        highest: words.number(known.reduce((most, value) => Math.max(most, value), 0)),
      }),
      words.t('session.history.marksSummary', { count: seen.length }),
    ].join(' ')
  }
  return (
    <>
      <figure>
        <figcaption>
          {words.t('session.history.score')} <span className="quiet">{words.t('session.history.scoreLegend')}</span>
        </figcaption>
        <TimeChart
          label={summary('scoreSummary', totals)}
          times={times}
          values={totals}
          marks={seen}
          limit={1}
          atLeast={1.2}
        />
      </figure>
      {contexts.some(value => value !== null) && (
        <figure>
          <figcaption>
            {words.t('session.history.context')}{' '}
            <span className="quiet">{words.t('session.history.contextLegend')}</span>
          </figcaption>
          <TimeChart
            label={summary('contextSummary', contexts)}
            times={times}
            values={contexts}
            marks={seen}
            limit={null}
            atLeast={100}
          />
        </figure>
      )}
    </>
  )
}
