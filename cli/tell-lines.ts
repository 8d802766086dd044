/** Lines laid out without loading what measures every script, unless there is text that needs it. */
import { createLayout, isPlainText, type Layout } from './table-layout.ts'

const colours = /\u001b\[[0-9;]*m/g

/** @param render makes the lines by the layout that it is given; may be asked twice */
export async function tellLines(render: (layout: Layout) => readonly string[]): Promise<readonly string[]> {
  let isPlain = true
  const lines = render(
    createLayout(text => {
      const shown = text.includes('\u001b') ? text.replace(colours, '') : text
      isPlain &&= isPlainText(shown)
      return shown.length
    }),
  )
  return isPlain ? lines : render((await import('./print-table.ts')).anyScript)
}
