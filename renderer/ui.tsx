/** The few parts that every view is made of. */
import { type ReactNode, useId } from 'react'
import type { Protection } from '../shared/core/monitor-state.ts'
import type { FactorName, FactorScore } from '../shared/core/scoring.ts'
import { factorValue, meterPercent } from './factor-words.ts'
import { LevelIcon, LineIcon, type LineName, ProtectionIcon } from './icons.tsx'
import { useWords } from './words.ts'

/** Shape, word and colour. */
export function ProtectionMark({ protection }: { readonly protection: Protection }) {
  const { t } = useWords()
  return (
    <span className="protection" data-protection={protection}>
      <ProtectionIcon protection={protection} />
      {t(`protection.${protection}`)}
    </span>
  )
}

/** A factor against its threshold, as a bar with the value in words. */
export function FactorMeter({ name, factor, quiet }: FactorMeterProps) {
  const words = useWords()
  const value = factorValue(words, name, factor.value)
  const limit = factorValue(words, name, factor.threshold)
  const isOver = factor.score >= 1
  const valueText =
    factor.value === null
      ? words.t('factor.neverSaved')
      : words.t(isOver ? 'factor.overLimit' : 'factor.ofLimit', { value, limit })
  return (
    <span
      className="factor"
      data-label={words.t(`factor.${name}`)}
      title={`${words.t(`factor.long.${name}`)}: ${valueText}`}
    >
      <span className="factor-value" aria-hidden="true">
        {factorValue(words, name, factor.value, true)}
        {isOver && !quiet && <span className="over">!</span>}
      </span>
      <Bar label={words.t(`factor.long.${name}`)} score={factor.score} valueText={valueText} quiet={quiet} />
    </span>
  )
}

interface FactorMeterProps {
  readonly name: FactorName
  readonly factor: FactorScore
  /** Nothing is at stake: drawn without alarm. */
  readonly quiet: boolean
}

interface BarProps {
  readonly label: string
  /** 1 is the limit. */
  readonly score: number
  readonly valueText: string
  readonly quiet: boolean
}

/** A bar with a notch at its limit. */
export function Bar({ label, score, valueText, quiet }: BarProps) {
  // A tiny number would be written with an exponent, which no screen reader takes for a number.
  const shown = Number.isFinite(score) ? Math.round(score * 1_000) / 1_000 : 0
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw a meter element each in their own way, without a notch
    <span
      className="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(1, shown)}
      aria-valuenow={shown}
      aria-valuetext={valueText}
      data-over={shown >= 1 && !quiet ? true : undefined}
      data-quiet={quiet || undefined}
    >
      <span style={{ width: `${meterPercent(shown)}%` }} />
    </span>
  )
}

interface EmptyProps {
  readonly icon: LineName
  readonly title: string
  readonly children?: ReactNode
}

/** Nothing to show: why, and what to do. */
export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div className="empty">
      <LineIcon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  )
}

interface NoticeProps {
  readonly level: 'info' | 'warn' | 'error'
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
  /** An alert is read out at once. */
  readonly alert?: boolean
}

export function NoticeBox({ level, title, children, action, alert = false }: NoticeProps) {
  const id = useId()
  return (
    <div
      className="notice"
      data-level={level}
      {...(alert ? { role: 'alert' } : { role: 'group', 'aria-labelledby': id })}
    >
      <LevelIcon level={level} />
      <p>
        <strong id={id}>{title}</strong> {children}
      </p>
      {action}
    </div>
  )
}

interface ScrollRegionProps {
  readonly className: string
  readonly label: string
  readonly children: ReactNode
}

/** What may be wider than the page, so that it scrolls by itself: keys must reach it. */
export function ScrollRegion({ className, label, children }: ScrollRegionProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it nobody could scroll it by keys
    <section className={className} aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}

interface CheckBoxProps {
  readonly label: string
  readonly checked: boolean
  /** Some of what it stands for is checked. */
  readonly isMixed?: boolean
  readonly tabIndex?: number
  readonly onChange: () => void
}

/** The browser's own, in our colour: a list draws very many of them. */
export function CheckBox({ label, checked, isMixed = false, tabIndex, onChange }: CheckBoxProps) {
  return (
    <input
      type="checkbox"
      className="check"
      aria-label={label}
      tabIndex={tabIndex}
      checked={checked}
      ref={input => {
        if (input !== null) input.indeterminate = isMixed
      }}
      onChange={onChange}
    />
  )
}
