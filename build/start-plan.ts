/** What `npm start` does on this machine: a decision on values. Looks at nothing by itself. */

export interface StartFacts {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** Effective user is root. False where there is no such thing. */
  readonly isRoot: boolean
  /** `--headless` was given. */
  readonly headlessAsked: boolean
  /** Electron's program, or null. */
  readonly electron: string | null
  /** What became of the download; null: not tried. */
  readonly downloadFailure: string | null
}

export type StartPlan =
  | { readonly kind: 'desktop'; readonly electron: string }
  /** Fetch Electron once, then decide again. */
  | { readonly kind: 'download' }
  | { readonly kind: 'headless'; readonly why: string }

/** The desktop app where it can run; otherwise headless, with the first reason that applies. Never downloads in vain. */
export function planStart(facts: StartFacts): StartPlan {
  const why = whyNoDesktop(facts)
  if (why !== null) return { kind: 'headless', why }
  if (facts.electron !== null) return { kind: 'desktop', electron: facts.electron }
  if (facts.downloadFailure !== null) return { kind: 'headless', why: facts.downloadFailure }
  if (isSet(facts.env['SESSION_MONITOR_NO_DOWNLOAD'])) {
    return { kind: 'headless', why: 'Electron is not installed and SESSION_MONITOR_NO_DOWNLOAD is set' }
  }
  return { kind: 'download' }
}

/** Why no desktop app could run here, whatever is installed; null if one could. */
function whyNoDesktop({ platform, env, isRoot, headlessAsked }: StartFacts): string | null {
  if (headlessAsked) return '--headless was given'
  if (platform !== 'linux') return null
  if (!isSet(env['DISPLAY']) && !isSet(env['WAYLAND_DISPLAY'])) {
    return 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)'
  }
  return isRoot ? 'Electron does not run its sandbox as root' : null
}

/** True if something that goes into the build is newer than the build. Epoch ms; null: there is no build. */
export function needsBuild(newestSourceMs: number, builtMs: number | null): boolean {
  return builtMs === null || newestSourceMs > builtMs
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0'
}
