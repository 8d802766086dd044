/** What axe-core finds wrong with a page, one line each. Zero is the goal. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeWindow {
  readonly axe: {
    run(options: object): Promise<{ readonly violations: readonly AxeViolation[] }>
  }
}

interface AxeViolation {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[]
}

/** Runs every rule that axe has for WCAG 2.2 A and AA and its best practices, on the page as it is now. */
export async function violations(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as AxeWindow
    const result = await axe.run({ resultTypes: ['violations'] })
    return result.violations.map(({ id, help, nodes }) => ({
      id,
      help,
      nodes: nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary ?? ''}`),
      count: nodes.length,
    }))
  })
  return found.map(({ id, help, nodes, count }) => `${id} (${count}): ${help}\n  ${nodes.join('\n  ')}`)
}
