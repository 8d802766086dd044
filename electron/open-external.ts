/**
 * What may leave the app for the user's browser: pages of ours, over https. Whatever stands in a transcript, a click
 * on it can start no other program and send nothing elsewhere.
 */
import { shell } from 'electron'

/** Hosts that our own page links to. */
const ownHosts: ReadonlySet<string> = new Set(['github.com', 'code.claude.com', 'docs.claude.com'])

/** The address to open, or null if it must not be. */
export function externalUrl(url: string): string | null {
  if (url.length > 2_000 || !URL.canParse(url)) return null
  const { protocol, hostname, username, password, port, href } = new URL(url)
  const isPlain = protocol === 'https:' && username === '' && password === '' && port === ''
  return isPlain && ownHosts.has(hostname) ? href : null
}

/** @param onRefused told what was not opened, in words */
export function openExternal(url: string, onRefused: (message: string) => void): void {
  const safe = externalUrl(url)
  if (safe === null) {
    onRefused(`A link was not opened: ${JSON.stringify(url.slice(0, 200))} is no page of ours.`)
    return
  }
  shell.openExternal(safe).catch(error => onRefused(`A link could not be opened: ${error}`))
}
