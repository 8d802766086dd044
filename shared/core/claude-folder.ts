/** How Claude Code names the folder of a project below `projects`. Lossy: only for finding a place to write. Pure. */

const longestName = 200

/** @param cwd absolute, without links */
export function projectFolderName(cwd: string): string {
  const name = cwd.replaceAll(/[^a-zA-Z0-9]/g, '-')
  return name.length <= longestName ? name : `${name.slice(0, longestName)}-${hashOf(cwd)}`
}

/** The usual 31-times hash over UTF-16 units, as Claude Code 2.1 appends it. */
function hashOf(text: string): string {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  return Math.abs(hash).toString(36)
}
