/**
 * Power cuts on a real file system: an ext4 image in which processes checkpoint is cloned at random moments, in one
 * atomic step (a reflink on XFS), the clone is mounted, which replays its journal, and the store in it is verified
 * against what had been reported saved before the clone. Needs root, loop devices and the tools of both file systems.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { seededRandom } from '../../support/random.ts'
import type { ScratchHome } from '../../support/scratch.ts'
import { checkStore, pause, startCrew } from './checkpoint-processes.ts'

const run = promisify(execFile)

export interface ImageCutOptions {
  readonly home: ScratchHome
  readonly script: string
  readonly seed: number
  readonly cuts: number
  /** False: a control run, in which nothing is synced. */
  readonly synced: boolean
}

export type ImageCuts =
  | {
      readonly ok: true
      readonly cuts: number
      /** Reported checkpoints looked for in all clones together. */
      readonly looked: number
      /** Clones in which something was not as promised. */
      readonly lossy: number
      readonly failures: readonly string[]
    }
  | { readonly ok: false; readonly why: string }

/** A new file system, and new processes, for so many cuts: verifying takes longer with every checkpoint. */
const cutsPerDisk = 10

export async function cutPowerOfImages(options: ImageCutOptions): Promise<ImageCuts> {
  const rig = await makeRig(options.home.folder)
  if (typeof rig === 'string') return { ok: false, why: rig }
  const total = { cuts: 0, looked: 0, lossy: 0, failures: [] as string[] }
  try {
    for (let disk = 0; total.cuts < options.cuts; disk++) {
      const cuts = Math.min(cutsPerDisk, options.cuts - total.cuts)
      await cutOneDisk({ ...options, cuts, seed: options.seed + disk }, rig, disk, total)
    }
    return { ok: true, ...total }
  } finally {
    await rig.remove()
  }
}

async function cutOneDisk(
  options: ImageCutOptions,
  rig: Rig,
  disk: number,
  total: { cuts: number; looked: number; lossy: number; readonly failures: string[] },
): Promise<void> {
  const random = seededRandom(`${options.seed}/images`)
  const image = await rig.newImage(`disk-${disk}`)
  const crew = startCrew({
    ...options,
    seed: `${options.seed}`,
    folder: path.join(options.home.folder, `crew-${disk}`),
    storeFolder: path.join(image.folder, 'data/store'),
    env: options.home.env,
    processes: 2,
    sessions: 6,
    // A store that is small is verified soon, and fits on a small disk.
    restMs: 60,
  })
  try {
    for (let cut = 0; cut < options.cuts; cut++) {
      await pause(random, 250)
      // What stands in the logs now was reported before the power goes.
      const reported = crew.reported()
      const clone = await rig.cloneAndMount(image.file)
      try {
        const store = path.join(clone.folder, 'data/store')
        const nothingYet = reported.length === 0 && !fs.existsSync(store)
        const { failures } = nothingYet ? { failures: [] } : await checkStore(store, reported)
        total.cuts += 1
        total.looked += reported.length
        total.lossy += failures.length > 0 ? 1 : 0
        total.failures.push(...failures.map(words => `disk ${disk}, cut ${cut}: ${words}`))
      } finally {
        await clone.remove()
      }
    }
    total.failures.push(...(await crew.end()))
  } finally {
    await crew.kill()
    await image.remove()
  }
}

interface Mounted {
  readonly file: string
  readonly folder: string
  remove(): Promise<void>
}

interface Rig {
  newImage(name: string): Promise<Mounted>
  cloneAndMount(image: string): Promise<Mounted>
  remove(): Promise<void>
}

/** The reason, in words, where this machine does not allow it. */
async function makeRig(folder: string): Promise<Rig | string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root on Linux'
  const file = path.join(folder, 'host.xfs')
  const host = path.join(folder, 'host')
  try {
    await run('mkfs.xfs', ['-V'])
    sparseFile(file, 1024 ** 3)
    await run('mkfs.xfs', ['-q', '-m', 'reflink=1', file])
    await mount(file, host)
  } catch (error) {
    return `no XFS on a loop device: ${(error as Error).message.split('\n')[0]} (Debian: xfsprogs)`
  }
  let clones = 0
  const mounted = async (image: string): Promise<Mounted> => {
    const at = `${image}-mounted`
    await mount(image, at)
    const remove = async () => {
      await unmount(at)
      fs.rmSync(image)
    }
    return { file: image, folder: at, remove }
  }
  return {
    newImage: async name => {
      const image = path.join(host, name)
      sparseFile(image, 64 * 1024 ** 2)
      await run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image])
      return mounted(image)
    },
    cloneAndMount: async image => {
      const clone = path.join(host, `clone-${clones++}`)
      fs.copyFileSync(image, clone, fs.constants.COPYFILE_FICLONE_FORCE)
      return mounted(clone)
    },
    remove: () => unmount(host),
  }
}

function sparseFile(at: string, bytes: number): void {
  fs.writeFileSync(at, '')
  fs.truncateSync(at, bytes)
}

async function mount(image: string, at: string): Promise<void> {
  fs.mkdirSync(at)
  await run('mount', ['-o', 'loop', image, at])
}

/** Our own mounts only; a process that is just ending may hold one for a moment. */
async function unmount(at: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    try {
      await run('umount', [at])
      fs.rmdirSync(at)
      return
    } catch {
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  await run('umount', ['-l', at])
}
