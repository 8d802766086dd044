/** Tables and lines of text in any script. Takes a while to load: see `tellLines` for commands that must be quick. */
import stringWidth from 'string-width'
import { createLayout } from './table-layout.ts'

export type { Column, Layout, TableOptions } from './table-layout.ts'
export const anyScript = createLayout(stringWidth)
export const { renderTable, renderPairs, wrapText, cutToWidth } = anyScript
