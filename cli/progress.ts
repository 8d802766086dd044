/**
 * Long work made visible on standard error: a bar on a terminal, now and then a plain line elsewhere.
 *
 * Short work shows nothing: the first sign comes after a moment. Never touches standard output.
 */
import { formatBytes, formatCount, formatDuration, oneLine } from '../shared/core/format.ts'
import type { Progress } from '../shared/core/monitor-state.ts'
import type { Clock } from '../shared/engine/ports.ts'
import { cutToWidth } from './print-table.ts'
import type { Terminal } from './terminal.ts'

export interface ProgressView {
  /** Shows where the work is; null when it is done. */
  show(progress: Progress | null): void
}

interface Pace {
  /** The first sign of a piece of work comes after so many ms, the next ones no closer than `everyMs`. */
  readonly firstMs: number
  readonly everyMs: number
}

const barPace: Pace = { firstMs: 300, everyMs: 80 }
const linePace: Pace = { firstMs: 2_000, everyMs: 10_000 }

export const noProgress: ProgressView = { show: () => {} }

export function createProgress(terminal: Terminal, clock: Pick<Clock, 'monotonicMs' | 'sleep'>): ProgressView {
  if (terminal.barWidth() === null) {
    return paced(clock, linePace, progress => {
      if (progress !== null) terminal.note(renderLine(progress))
    })
  }
  return paced(clock, barPace, progress => {
    terminal.bar(progress && renderBar(progress, (terminal.barWidth() ?? 80) - 1))
  })
}

/** Draws the latest when its time has come, even if the work gives no further sign: it may be waiting. */
function paced(
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
  pace: Pace,
  draw: (progress: Progress | null) => void,
): ProgressView {
  let latest: Progress | null = null
  let nextMs = 0
  let waiting: AbortController | null = null
  const drawNow = () => {
    waiting?.abort()
    waiting = null
    nextMs = clock.monotonicMs() + pace.everyMs
    draw(latest)
  }
  const drawLater = () => {
    const mine = new AbortController()
    waiting = mine
    void clock.sleep(nextMs - clock.monotonicMs(), mine.signal).then(() => {
      if (!mine.signal.aborted) drawNow()
    })
  }
  return {
    show: progress => {
      if (latest === null) nextMs = clock.monotonicMs() + pace.firstMs
      latest = progress
      if (progress === null) {
        waiting?.abort()
        waiting = null
        draw(null)
      } else if (clock.monotonicMs() >= nextMs) drawNow()
      else if (waiting === null) drawLater()
    },
  }
}

const barCells = 24

/** "Reading sessions  [#########---------------]  120 of 300, 1.2 GB of 2.3 GB, 4 s left", at most `width` columns. */
export function renderBar(progress: Progress, width: number): string {
  const { done, total } = progress
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0
  const filled = Math.round(share * barCells)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(barCells - filled)}]`
  const amount = amountOf(progress)
  const room = width - bar.length - amount.length - 4
  // Too narrow for a bar: the words alone say it.
  if (room < 8) return cutToWidth(renderLine(progress), width)
  return `${cutToWidth(oneLine(progress.task, 200), room)}  ${bar}  ${amount}`
}

/** "Reading sessions: 120 of 300". */
export function renderLine(progress: Progress): string {
  const amount = amountOf(progress)
  return `${oneLine(progress.task, 200)}: ${amount}`
}

/** "120 of 300, 1.2 GB of 2.3 GB, 4 s left". */
function amountOf({ done, total, bytes, leftMs }: Progress): string {
  const parts = [`${formatCount(done)} of ${formatCount(total)}`]
  if (bytes !== undefined) parts.push(`${formatBytes(bytes.done)} of ${formatBytes(bytes.total)}`)
  if (leftMs !== undefined) parts.push(`${formatDuration(leftMs)} left`)
  return parts.join(', ')
}
