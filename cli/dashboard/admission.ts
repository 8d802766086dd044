/**
 * Who may talk to the dashboard: a page of ours, in a browser that was given the link.
 *
 * Invariants (tests cite them by number):
 * 1. Only requests that name this machine's loopback are answered: a foreign name that was made to point here (DNS
 *    rebinding) is refused, whatever else it knows.
 * 2. Who comes from another page (a foreign or missing Origin) opens no connection.
 * 3. A link's token works once, and only the newest one; what it is exchanged for is known to that page alone, is
 *    never sent by a browser by itself, and ends with this process.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

export interface Admission {
  /** A token for a new link. The one before it no longer works. */
  newToken(): string
  /** A page's key for the token; null if it is not the one. */
  exchange(token: unknown): string | null
  isKey(key: string): boolean
}

/** More pages than this forget the oldest one's key. */
const mostKeys = 64

export function createAdmission(): Admission {
  let token: Buffer | null = null
  let keys: Buffer[] = []
  return {
    newToken() {
      const made = randomBytes(32).toString('base64url')
      token = hashOf(made)
      return made
    },
    exchange(given) {
      if (token === null || typeof given !== 'string' || !timingSafeEqual(hashOf(given), token)) return null
      token = null
      const key = randomBytes(32).toString('base64url')
      keys = [...keys, hashOf(key)].slice(-mostKeys)
      return key
    },
    isKey: key => {
      const hash = hashOf(key)
      return keys.filter(one => timingSafeEqual(one, hash)).length > 0
    },
  }
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Any port: a tunnel may have another one at its other end. */
const loopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/

/** True for the name of this machine's loopback, as a browser sends it. */
export function isLoopbackHost(host: string | undefined): host is string {
  return host !== undefined && loopback.test(host)
}

/** True if a page of ours asks: the one that was loaded from this very host. */
export function isOwnOrigin(origin: string | undefined, host: string): boolean {
  return origin === `http://${host}`
}
