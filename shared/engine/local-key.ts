/**
 * The secret of a data folder, and how two processes show each other that they may read it: the running monitor
 * talks only to its own user, and a command only to its own user's monitor, whatever the system lets connect.
 *
 * Neither side ever sends the secret: each signs the other's random challenge, with its own role in what is signed,
 * so that an answer can be used neither twice nor in the other direction.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import path from 'node:path'
import { readBounded, replaceFile } from './durable-file.ts'
import type { FileStat, FileSystem, Ports } from './ports.ts'

/** Either the value or why there is none, in words. */
export type KeyRead =
  | { readonly ok: true; readonly key: Buffer }
  | { readonly ok: false; readonly reason: 'missing' | 'unsafe'; readonly message: string }

const keyBytes = 32
export type Role = 'monitor' | 'command'

/** 32 hex digits. */
export function newChallenge(): string {
  return randomBytes(16).toString('hex')
}

/** What only a holder of the key can answer to a challenge. */
export function signChallenge(key: Buffer, role: Role, challenge: string): string {
  return createHmac('sha256', key).update(`${role} ${challenge}`).digest('hex')
}

export function isSignature(key: Buffer, role: Role, challenge: string, given: unknown): boolean {
  if (typeof given !== 'string') return false
  const [mine, theirs] = [Buffer.from(signChallenge(key, role, challenge)), Buffer.from(given)]
  return mine.length === theirs.length && timingSafeEqual(mine, theirs)
}

/** Why others might get at what lies at `at`, in words; null if only its user can. @param uid Null on Windows. */
export function whyUnsafe(files: FileSystem, at: string, kind: FileStat['kind'], uid: number | null): string | null {
  const stat = files.lstat(at)
  if (stat.kind !== kind) return `${at} is no ${kind === 'other' ? 'socket' : kind}`
  if (uid === null) return null
  if (stat.uid !== uid) return `${at} belongs to another user`
  // A socket has its mode only a moment after its name; its folder keeps others out.
  return kind === 'other' || (stat.mode & 0o077) === 0 ? null : `others may use ${at}`
}

/** The key for whoever wants to connect: trusted only where nobody else could have put it. */
export function readKey(files: FileSystem, keyFile: string, uid: number | null): KeyRead {
  const read = readBounded(files, keyFile, 1_024)
  if (!read.ok) return { ok: false, reason: read.reason === 'missing' ? 'missing' : 'unsafe', message: read.message }
  const unsafe = whyUnsafe(files, path.dirname(keyFile), 'folder', uid) ?? whyUnsafe(files, keyFile, 'file', uid)
  if (unsafe !== null) return { ok: false, reason: 'unsafe', message: unsafe }
  const key = Buffer.from(read.bytes.toString('latin1').trim(), 'hex')
  if (key.length !== keyBytes) return { ok: false, reason: 'unsafe', message: `${keyFile} holds no key` }
  return { ok: true, key }
}

/** The key for the monitor: the one that is there, or a new one where there is none that can be trusted. */
export function keepKey(
  ports: Pick<Ports, 'clock' | 'files' | 'processes'>,
  keyFile: string,
  uid: number | null,
): Buffer {
  const read = readKey(ports.files, keyFile, uid)
  if (read.ok) return read.key
  const key = randomBytes(keyBytes)
  replaceFile(ports, keyFile, Buffer.from(`${key.toString('hex')}\n`))
  return key
}
