/**
 * The work tree of a project at one instant: what differs from HEAD, and where its bytes lie in the store.
 *
 * The manifest is one JSON frame in a pack. Clean tracked files belong to HEAD and are not in it.
 */
import { z } from 'zod'
import { framePlaceSchema } from './checkpoint.ts'
import { treePathKey } from './tree-name.ts'

/** A path relative to the work tree's root with '/' between parts; bytes that are no UTF-8 as `{ b64 }`. */
export const treePathSchema = z.union([z.string(), z.strictObject({ b64: z.base64() })])
export type TreePath = z.infer<typeof treePathSchema>

const size = z.int().nonnegative()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** A regular file or symbolic link that was saved. */
export const treeFileSchema = z.looseObject({
  path: treePathSchema,
  /** `link`: the content is the link's text. */
  kind: z.enum(['file', 'link']),
  /** Permission bits, such as 0o755. */
  mode: z.int().min(0).max(0o7777),
  bytes: size,
  sha256,
  /** Null only in a survey that stored nothing. */
  place: framePlaceSchema.nullable(),
  /** Identity on disk when read: `mtimeNs:ctimeNs:ino:size`. Equal keys, old enough, mean equal content. */
  statKey: z.string(),
  /** git's two status letters, `??` for untracked, `!!` for ignored but chosen. */
  status: z.string().max(2),
  /** True when the file kept changing while it was read: the bytes may mix two versions. */
  torn: z.boolean().optional(),
})
export type TreeFile = z.infer<typeof treeFileSchema>

const hash = /^[0-9a-f]{64}$/
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** What {@link treeFileSchema} says, at a fraction of its cost: a manifest may list 50,000 of them. */
export function isTreeFile(value: unknown): value is TreeFile {
  if (typeof value !== 'object' || value === null) return false
  const { path, kind, mode, bytes, sha256, place, statKey, status, torn } = value as Record<string, unknown>
  return (
    (typeof path === 'string' || treePathSchema.safeParse(path).success) &&
    (kind === 'file' || kind === 'link') &&
    isCount(mode) &&
    mode <= 0o7777 &&
    isCount(bytes) &&
    typeof sha256 === 'string' &&
    hash.test(sha256) &&
    (place === null || (Array.isArray(place) && place.length === 4 && place.every(isCount))) &&
    typeof statKey === 'string' &&
    typeof status === 'string' &&
    status.length <= 2 &&
    (torn === undefined || typeof torn === 'boolean')
  )
}

export const skipReasons = [
  'too-large',
  'snapshot-full',
  'unreadable',
  'special',
  'too-deep',
  'unstable',
  'unsafe-name',
] as const
export const skippedPathSchema = z.looseObject({
  path: treePathSchema,
  reason: z.enum(skipReasons),
  /** Numbers or the system's error code, in words. */
  detail: z.string(),
})
export type SkippedPath = z.infer<typeof skippedPathSchema>

const pinPart = { place: framePlaceSchema, sha256, bytes: size, commits: z.array(z.string()) }

const manifestShape = {
  v: z.literal(1),
  root: z.string(),
  head: z.string().nullable(),
  branch: z.string().nullable(),
  state: z.string(),
  base: z.enum(['on-remote', 'pinned', 'not-pinned', 'no-commits', 'no-git']),
  /** Thin git pack of unpushed commits, if `base` is `pinned`. It builds on `earlier`, which are applied first, in order. */
  basePin: z.looseObject({ ...pinPart, earlier: z.array(z.looseObject(pinPart)).optional() }).nullable(),
  /** Why unpushed commits could not be pinned, in words. */
  baseNote: z.string().optional(),
  files: z.custom<TreeFile[]>(value => Array.isArray(value) && value.every(isTreeFile)),
  /** Content that is only in the index (`git add -p`). */
  staged: z.array(
    z.looseObject({
      path: treePathSchema,
      /** As git keeps it, such as 0o100644. */
      mode: z.int(),
      bytes: size,
      sha256,
      place: framePlaceSchema.nullable(),
      /** Name of the blob in git. */
      object: z.string().optional(),
    }),
  ),
  /** Tracked paths that do not exist in the work tree. */
  gone: z.array(treePathSchema),
  skipped: z.array(skippedPathSchema),
  /** Left out beyond those that `skipped` names. */
  skippedMore: size.optional(),
  fingerprint: sha256,
  /**
   * Set when git could not list exactly. `no-head`, `git-failed`: everything was taken as new. `corrupt-index`:
   * compared with HEAD alone, or taken as new. `too-many-untracked`: only tracked files were saved.
   */
  degraded: z.string().nullable(),
  /** Packs that `place` indexes above 0 point to. */
  packs: z.array(sha256),
}

/** Saved state of one work tree; `nested` holds submodules and embedded repositories by path. */
export interface TreeManifest extends z.infer<z.ZodObject<typeof manifestShape>> {
  nested: { path: TreePath; manifest: TreeManifest }[]
}

export const treeManifestSchema: z.ZodType<TreeManifest> = z.looseObject({
  ...manifestShape,
  get nested() {
    return z.array(z.looseObject({ path: treePathSchema, manifest: treeManifestSchema }))
  },
}) as unknown as z.ZodType<TreeManifest>

/** Paths below the outer root whose content, mode or presence differs between two manifests, nested ones included. */
export function changedTreePaths(before: TreeManifest | null, after: TreeManifest): readonly string[] {
  const [old, now] = [contentByPath(before, ''), contentByPath(after, '')]
  const added = [...now].filter(([path, content]) => old.get(path) !== content).map(([path]) => path)
  return [...added, ...[...old.keys()].filter(path => !now.has(path))]
}

function contentByPath(manifest: TreeManifest | null, prefix: string): Map<string, string> {
  const found = new Map<string, string>()
  if (manifest === null) return found
  for (const file of manifest.files)
    found.set(prefix + treePathKey(file.path), `${file.kind} ${file.mode} ${file.sha256}`)
  for (const path of manifest.gone) found.set(prefix + treePathKey(path), 'gone')
  for (const { path, manifest: inner } of manifest.nested) {
    for (const [name, content] of contentByPath(inner, `${prefix}${treePathKey(path)}/`)) found.set(name, content)
  }
  return found
}
