/** One curve over time, drawn by uPlot in the page's colours, with marks at the foot and a line at the limit. */
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import { usePreferences } from './preferences.ts'
import { useWords, type Words } from './words.ts'

export interface TimeChartProps {
  /** What the curve says, in words. */
  readonly label: string
  /** Epoch seconds, ascending. */
  readonly times: readonly number[]
  /** One per time; null where it is not known. */
  readonly values: readonly (number | null)[]
  /** Epoch seconds. */
  readonly marks: readonly number[]
  /** Where a line is drawn; null for none. */
  readonly limit: number | null
  /** The scale reaches at least this far. */
  readonly atLeast: number
}

const heightPx = 150

export function TimeChart({ label, times, values, marks, limit, atLeast }: TimeChartProps) {
  const words = useWords()
  const place = useRef<HTMLDivElement>(null)
  const scheme = useComputedColorScheme('light')
  const { contrast } = usePreferences()
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the style sheet, which follows scheme and contrast
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const highest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), atLeast)
    const options = chartOptions(words, element, { marks, limit, highest: highest * 1.05 })
    const chart = new UPlot(options, [[...times], [...values]], element)
    const observer = new ResizeObserver(() => chart.setSize({ width: widthOf(element), height: heightPx }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      chart.destroy()
    }
  }, [words, times, values, marks, limit, atLeast, scheme, contrast])
  return <div className="chart" ref={place} role="img" aria-label={label} />
}

function widthOf(element: HTMLElement): number {
  return Math.max(120, element.clientWidth)
}

interface Drawn {
  readonly marks: readonly number[]
  readonly limit: number | null
  readonly highest: number
}

function chartOptions(words: Words, element: HTMLElement, { marks, limit, highest }: Drawn): UPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const font = `11px ${style.fontFamily}`
  const axis = { stroke: colour('--quiet'), font, grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } }
  return {
    width: widthOf(element),
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: { y: { range: [0, highest] } },
    axes: [
      {
        ...axis,
        size: 26,
        grid: { show: false },
        values: (_chart, ticks) => ticks.map(tick => tickWords(words, tick, ticks)),
      },
      { ...axis, size: 36, values: (_chart, ticks) => ticks.map(tick => words.number(tick)) },
    ],
    series: [
      {},
      {
        stroke: colour('--accent'),
        width: 2,
        fill: `color-mix(in srgb, ${colour('--accent')} 12%, transparent)`,
        points: { show: false },
        spanGaps: true,
      },
    ],
    hooks: {
      draw: [
        chart => {
          if (limit !== null) drawLimit(chart, limit, colour('--at-risk'))
          for (const mark of marks) drawMark(chart, mark, colour('--protected'))
        },
      ],
    },
  }
}

/** The day where the ticks lie days apart, else the time. */
function tickWords({ region }: Words, tick: number, ticks: readonly number[]): string {
  const apart = (ticks[1] ?? tick) - (ticks[0] ?? tick)
  const format: Intl.DateTimeFormatOptions =
    apart >= 43_200 ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' }
  return new Date(tick * 1_000).toLocaleString(region, format)
}

function drawLimit({ ctx, bbox, valToPos }: UPlot, limit: number, colour: string): void {
  const y = Math.round(valToPos(limit, 'y', true))
  ctx.save()
  ctx.strokeStyle = colour
  ctx.setLineDash([6, 4])
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  ctx.restore()
}

/** A checkpoint: a thin line with a diamond at its foot, told apart by its shape. */
function drawMark({ ctx, bbox, valToPos }: UPlot, mark: number, colour: string): void {
  const x = Math.round(valToPos(mark, 'x', true))
  if (x < bbox.left || x > bbox.left + bbox.width) return
  const foot = bbox.top + bbox.height
  const size = 5 * devicePixelRatio
  ctx.save()
  ctx.strokeStyle = colour
  ctx.fillStyle = colour
  ctx.globalAlpha = 0.45
  ctx.beginPath()
  ctx.moveTo(x, bbox.top)
  ctx.lineTo(x, foot)
  ctx.stroke()
  ctx.globalAlpha = 1
  ctx.beginPath()
  ctx.moveTo(x, foot - 2 * size)
  ctx.lineTo(x + size, foot - size)
  ctx.lineTo(x, foot)
  ctx.lineTo(x - size, foot - size)
  ctx.fill()
  ctx.restore()
}
