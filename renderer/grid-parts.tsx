/**
 * Rows and cells of a grid whose rows are placed by hand: a table element cannot do that, so their roles are said.
 * Focus and keys are the grid's.
 */
import type { CSSProperties, KeyboardEvent, ReactNode, RefObject } from 'react'

interface GridProps {
  readonly label: string
  /** Rows that can be folded make it a tree. */
  readonly isTree: boolean
  /** The head included. */
  readonly rows: number
  readonly columns: number
  /** For the style sheet. */
  readonly layout: string
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly children: ReactNode
}

export function Grid({ label, isTree, rows, columns, layout, onKeyDown, children }: GridProps) {
  const rest = { className: 'grid', 'data-layout': layout, tabIndex: -1, onKeyDown }
  return (
    <div
      role={isTree ? 'treegrid' : 'grid'}
      {...rest}
      {...{ 'aria-label': label, 'aria-rowcount': rows, 'aria-colcount': columns, 'aria-multiselectable': true }}
    >
      {children}
    </div>
  )
}

interface CellProps {
  /** Also the name of its place in the style sheet. */
  readonly name: string
  /** Cut with "…" where there is no room. */
  readonly clip?: boolean
  readonly span?: number
  /** The head of its column, for where there is none. */
  readonly label?: string
  readonly children: ReactNode
}

export function Cell({ name, clip = false, span, label, children }: CellProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above
    // biome-ignore lint/a11y/useFocusableInteractive: see above
    <span className={`cell-${name}${clip ? ' clip' : ''}`} role="gridcell" aria-colspan={span} data-label={label}>
      {children}
    </span>
  )
}

interface HeadCellProps extends CellProps {
  readonly sorted?: 'ascending' | 'descending' | 'none'
}

export function HeadCell({ name, sorted, children }: HeadCellProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above
    // biome-ignore lint/a11y/useFocusableInteractive: see above
    <span className={`cell-${name}`} role="columnheader" aria-sort={sorted}>
      {children}
    </span>
  )
}

interface LineProps {
  readonly className: string
  /** From 1, the head included. */
  readonly rowIndex: number
  readonly labelledBy?: string
  /** Only in a tree. */
  readonly expanded?: boolean
  /** From 1. Only in a tree. */
  readonly level?: number
  readonly selected?: boolean
  /** Absent for a row that never has the focus. */
  readonly tabIndex?: number
  readonly style?: CSSProperties
  readonly data?: Readonly<Record<`data-${string}`, string | number>>
  readonly onFocus?: () => void
  readonly onClick?: () => void
  readonly children: ReactNode
}

export function Line({
  className,
  rowIndex,
  labelledBy,
  expanded,
  level,
  selected,
  data,
  children,
  ...rest
}: LineProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above
    // biome-ignore lint/a11y/useFocusableInteractive: see above
    <div
      className={`line ${className}`}
      role="row"
      aria-rowindex={rowIndex}
      aria-labelledby={labelledBy}
      aria-expanded={expanded}
      aria-level={level}
      aria-selected={selected}
      {...data}
      {...rest}
    >
      {children}
    </div>
  )
}

interface RowGroupProps {
  readonly className: string
  readonly ref?: RefObject<HTMLDivElement | null>
  readonly style?: CSSProperties
  readonly children: ReactNode
}

export function RowGroup({ className, ref, style, children }: RowGroupProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above
    <div className={className} role="rowgroup" ref={ref} style={style}>
      {children}
    </div>
  )
}
