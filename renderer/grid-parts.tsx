/**
 * Rows and cells of a grid whose rows are placed by hand: a table element cannot do that, so their roles are said.
 * Focus and keys are the grid's.
 */
import type { CSSProperties, ReactNode, RefObject } from 'react'

interface CellProps {
  /** Also the name of its place in the style sheet. */
  readonly name: string
  /** Cut with "…" where there is no room. */
  readonly clip?: boolean
  readonly span?: number
  readonly children: ReactNode
}

export function Cell({ name, clip = false, span, children }: CellProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above
    // biome-ignore lint/a11y/useFocusableInteractive: see above
    <span className={`cell-${name}${clip ? ' clip' : ''}`} role="gridcell" aria-colspan={span}>
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
  readonly expanded?: boolean
  readonly selected?: boolean
  /** Absent for a row that never has the focus. */
  readonly tabIndex?: number
  readonly style?: CSSProperties
  readonly data?: Readonly<Record<`data-${string}`, string | number>>
  readonly onFocus?: () => void
  readonly onClick?: () => void
  readonly children: ReactNode
}

export function Line({ className, rowIndex, labelledBy, expanded, selected, data, children, ...rest }: LineProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above
    // biome-ignore lint/a11y/useFocusableInteractive: see above
    <div
      className={`line ${className}`}
      role="row"
      aria-rowindex={rowIndex}
      aria-labelledby={labelledBy}
      aria-expanded={expanded}
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
