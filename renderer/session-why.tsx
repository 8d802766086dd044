/** Why a session is, or is not, due: the sentence, the arithmetic behind it, and the rule that decided. */
import type { SessionView } from '../shared/core/monitor-state.ts'
import { factorNames, type SessionScore } from '../shared/core/scoring.ts'
import { factorValue } from './factor-words.ts'
import { outcomeWords } from './result-words.ts'
import { Bar, NoticeBox, ScrollRegion } from './ui.tsx'
import { decidingFactors, sumWords, whyWords } from './why-words.ts'
import { useWords } from './words.ts'

interface WhyProps {
  readonly session: SessionView
  readonly nowMs: number
}

export function SessionWhy({ session, nowMs }: WhyProps) {
  const words = useWords()
  const { lastOutcome } = session
  return (
    <section className="card why" aria-labelledby="why-title">
      <h3 id="why-title">{words.t('session.why.title')}</h3>
      <p className="why-sentence">{whyWords(words, session, nowMs)}</p>
      {lastOutcome?.kind === 'failed' && <NoticeBox level="error" title={outcomeWords(words, lastOutcome, nowMs)} />}
      <Arithmetic session={session} />
      <p className="quiet">{words.t('session.why.rule')}</p>
    </section>
  )
}

function Arithmetic({ session }: { readonly session: SessionView }) {
  const words = useWords()
  const { t, number } = words
  const { score } = session
  const deciding = decidingFactors(session)
  const isQuiet = session.protection === 'protected' || session.protection === 'excluded'
  const column = (name: 'factor' | 'value' | 'limit' | 'score' | 'weight' | 'share') => (
    <th scope="col">{t(`session.why.table.${name}`)}</th>
  )
  return (
    <ScrollRegion className="table-scroll" label={t('session.why.table.label')}>
      <table className="numbers">
        <caption className="hidden">{t('session.why.table.label')}</caption>
        <thead>
          <tr>
            {column('factor')}
            {column('value')}
            {column('limit')}
            {column('score')}
            {column('weight')}
            {column('share')}
          </tr>
        </thead>
        <tbody>
          {factorNames.map(name => {
            const factor = score.factors[name]
            const decided = deciding.includes(name)
            return (
              <tr key={name} data-decided={decided || undefined}>
                <th scope="row">
                  {t(`factor.long.${name}`)}
                  {decided && <span className="decided">{t('session.why.decided')}</span>}
                </th>
                <td>{factorValue(words, name, factor.value)}</td>
                <td>{factorValue(words, name, factor.threshold)}</td>
                <td>
                  {number(factor.score)}
                  <Bar
                    label={t('session.why.table.score')}
                    score={factor.score}
                    valueText={number(factor.score)}
                    quiet={isQuiet}
                  />
                </td>
                <td>× {number(factor.weight)}</td>
                <td>= {number(factor.weighted)}</td>
              </tr>
            )
          })}
        </tbody>
        <tfoot>
          <Total score={score} decided={isDecidedByTotal(session)} quiet={isQuiet} />
        </tfoot>
      </table>
    </ScrollRegion>
  )
}

function isDecidedByTotal({ decision }: SessionView): boolean {
  return decision.action === 'checkpoint' && decision.cause.kind === 'due' && decision.cause.factors.length === 0
}

interface TotalProps {
  readonly score: SessionScore
  readonly decided: boolean
  readonly quiet: boolean
}

function Total({ score, decided, quiet }: TotalProps) {
  const words = useWords()
  const text = words.number(score.total)
  return (
    <tr data-decided={decided || undefined}>
      <th scope="row" colSpan={3}>
        {words.t('session.why.table.total')}
        {decided && <span className="decided">{words.t('session.why.decided')}</span>}
        <span className="quiet sum">{sumWords(words, score)}</span>
      </th>
      <td>
        <Bar label={words.t('session.why.table.total')} score={score.total} valueText={text} quiet={quiet} />
      </td>
      <td />
      <td>
        <strong>= {text}</strong>
      </td>
    </tr>
  )
}
