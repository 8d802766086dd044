/** A list too long for one message, handed over in pieces. Values only. */

export interface PageRequest {
  /** Items before the first one wanted. */
  readonly offset: number
  /** At most {@link mostPerPage}. */
  readonly limit: number
}

export interface Page<T> {
  readonly offset: number
  /** Items in all. */
  readonly total: number
  readonly items: readonly T[]
}

export const mostPerPage = 1_000

export function pageOf<T>(all: readonly T[], { offset, limit }: PageRequest): Page<T> {
  return { offset, total: all.length, items: all.slice(offset, offset + limit) }
}
