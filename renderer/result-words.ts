/** What an action came to, in the words of the page's language. Pure. */
import type { CheckpointOutcome } from '../shared/core/checkpoint.ts'
import type { ActionResult } from './monitor-store.ts'
import type { Words } from './words.ts'

export function resultWords(words: Words, result: ActionResult, nowMs: number): string {
  const { t } = words
  switch (result.kind) {
    case 'not-connected':
      return t('result.notConnected')
    case 'failed':
      return t('result.failed', { message: words.name(result.message, 500) })
    case 'outcomes':
      return outcomesWords(words, result.outcomes, nowMs)
    case 'checked': {
      const { found, created, failed } = result.cycle
      return t('result.checked', { count: found, created: words.number(created), failed: words.number(failed) })
    }
    case 'paused':
      return result.untilMs === null
        ? t('result.paused')
        : t('result.pausedUntil', { when: words.ago(result.untilMs, nowMs) })
    case 'resumed':
      return t('result.resumed')
    case 'copied':
      return t('result.copied')
    case 'said':
      return result.text
  }
}

/** True for what the user should not miss. */
export function isTrouble(result: ActionResult): boolean {
  switch (result.kind) {
    case 'failed':
    case 'not-connected':
      return true
    case 'outcomes':
      return result.outcomes.some(({ kind }) => kind === 'failed')
    case 'checked':
      return result.cycle.failed > 0
    case 'said':
      return result.isError === true
    default:
      return false
  }
}

function outcomesWords(words: Words, outcomes: readonly CheckpointOutcome[], nowMs: number): string {
  const [only] = outcomes
  if (only === undefined) return words.t('result.nothing')
  if (outcomes.length === 1) return outcomeWords(words, only, nowMs)
  const countOf = (kind: CheckpointOutcome['kind']) => outcomes.filter(outcome => outcome.kind === kind).length
  const [saved, failed] = [countOf('saved'), countOf('failed')]
  const values = { saved: words.number(saved), failed: words.number(failed), count: outcomes.length }
  return failed === 0 ? words.t('result.manySaved', values) : words.t('result.manySavedFailed', values)
}

export function outcomeWords(words: Words, outcome: CheckpointOutcome, nowMs: number): string {
  const { t } = words
  switch (outcome.kind) {
    case 'saved': {
      const values = { seq: words.number(outcome.seq), size: words.bytes(outcome.addedBytes) }
      return outcome.warnings.length === 0
        ? t('result.saved', values)
        : t('result.savedWith', { ...values, warnings: words.name(outcome.warnings.join('; '), 500) })
    }
    case 'unchanged':
      return outcome.sinceSeq === null
        ? t('result.empty')
        : t('result.unchanged', { seq: words.number(outcome.sinceSeq) })
    case 'cooling-down':
      return t('result.coolingDown', { when: words.ago(outcome.untilMs, nowMs) })
    case 'locked-elsewhere':
      return t('result.lockedElsewhere', { owner: words.name(outcome.owner) })
    case 'put-off':
      return t(`result.putOff.${outcome.why}`)
    case 'failed':
      return t('result.failedWith', {
        message: sentence(words.name(outcome.message, 500)),
        remedy: sentence(words.name(outcome.remedy, 500)),
      }).trimEnd()
  }
}

function sentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`
}
