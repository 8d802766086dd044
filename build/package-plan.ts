/** Which installers can be made here, and what is missing for the others: a decision on values. Looks at nothing by itself. */

export type PackagePlatform = 'linux' | 'win' | 'mac'
export const targetNames = ['dir', 'AppImage', 'deb', 'tar.gz', 'nsis', 'dmg', 'zip'] as const
export type TargetName = (typeof targetNames)[number]

export const targetsOf: Readonly<Record<PackagePlatform, readonly TargetName[]>> = {
  linux: ['AppImage', 'deb', 'tar.gz'],
  win: ['nsis'],
  mac: ['dmg', 'zip'],
}

export interface PackageFacts {
  /** Where this runs. */
  readonly host: NodeJS.Platform
  /** A folder with Electron for the platform, or null: then it is downloaded. */
  readonly electronDist: string | null
  /** Why downloads are not possible, in words; null if they are. */
  readonly offline: string | null
  /** Absolute path of a program, or null. */
  readonly which: (name: string) => string | null
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface PackagePlan {
  readonly possible: readonly TargetName[]
  readonly impossible: readonly { readonly target: TargetName; readonly missing: string }[]
  /** For electron-builder: programs of the system instead of downloaded ones. */
  readonly env: Readonly<Record<string, string>>
}

export function planPackage(
  platform: PackagePlatform,
  targets: readonly TargetName[],
  facts: PackageFacts,
): PackagePlan {
  const verdicts = targets.map(target => ({ target, missing: whatIsMissing(platform, target, facts) }))
  const sevenZip = facts.env['ELECTRON_BUILDER_7ZIP_PATH'] ?? facts.which('7za')
  return {
    possible: verdicts.flatMap(({ target, missing }) => (missing === null ? [target] : [])),
    impossible: verdicts.flatMap(({ target, missing }) => (missing === null ? [] : [{ target, missing }])),
    env: facts.offline !== null && sevenZip ? { ELECTRON_BUILDER_7ZIP_PATH: sevenZip } : {},
  }
}

/** In words; null if nothing is. */
function whatIsMissing(platform: PackagePlatform, target: TargetName, facts: PackageFacts): string | null {
  if (target === 'dmg' && facts.host !== 'darwin') return 'a Mac: its image is made by macOS itself'
  if (facts.offline === null) return null
  if (facts.electronDist === null) {
    return `Electron for ${platform} (${facts.offline}); name a folder that holds it in ELECTRON_DIST`
  }
  return missingTool(target, facts)
}

function missingTool(target: TargetName, { which, env, offline }: PackageFacts): string | null {
  switch (target) {
    case 'dir':
    case 'dmg':
      return null
    case 'tar.gz':
    case 'zip':
      return env['ELECTRON_BUILDER_7ZIP_PATH'] || which('7za') ? null : `7-Zip (${offline}); Debian: p7zip-full`
    case 'deb':
      return env['CUSTOM_FPM_PATH'] ? null : `fpm (${offline}); name it in CUSTOM_FPM_PATH`
    case 'AppImage':
      return env['APPIMAGE_TOOLS_PATH']
        ? null
        : `the AppImage runtime (${offline}); name its folder in APPIMAGE_TOOLS_PATH`
    case 'nsis':
      return `NSIS with its plugins (${offline})`
  }
}
