/** A user who has only a keyboard: goes to what is wanted by Tab, and knows where the focus is by role and name. */
import type { Page } from 'playwright-core'

export interface Focused {
  readonly role: string
  readonly name: string
}

/** What has the focus now, as a screen reader would say it. */
export async function focused(page: Page): Promise<Focused> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (element === null || element === document.body) return { role: 'none', name: '' }
    const labelledBy = element.getAttribute('aria-labelledby')?.split(' ') ?? []
    const labels = labelledBy.map(id => document.getElementById(id)?.textContent ?? '')
    const field = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element : null
    const own = element.getAttribute('aria-label') ?? ''
    const fieldLabel = field?.labels?.[0]?.textContent ?? ''
    const name = labels.join(' ') || own || fieldLabel || (element.textContent ?? '')
    const roles: Readonly<Record<string, string>> = { A: 'link', BUTTON: 'button', H2: 'heading', H3: 'heading' }
    const role = element.getAttribute('role') ?? field?.type ?? roles[element.tagName] ?? element.tagName.toLowerCase()
    return { role, name: name.trim() }
  })
}

/** @throws {Error} that names every stop on the way when it is not reached within 120 steps. */
export async function tabTo(page: Page, role: string, name: string | RegExp): Promise<void> {
  const stops: string[] = []
  for (let step = 0; step < 120; step++) {
    const at = await focused(page)
    stops.push(`${at.role} “${at.name}”`)
    const isThere = at.role === role && (typeof name === 'string' ? at.name === name : name.test(at.name))
    if (isThere) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`no way by Tab to ${role} ${name}; the stops were:\n${stops.join('\n')}`)
}
