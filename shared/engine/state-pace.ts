/** How fast the state goes out to another thread or process, so that whoever receives it keeps answering its user. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pace } from '../core/state-stream.ts'

/** A piece takes a millisecond or two to receive; in between the other end does what it is there for. */
const afterPieceMs = 4
/** Nobody sees more than so many changes a second. */
const afterUpdateMs = 50

export const statePace: Pace = after => sleep(after === 'piece' ? afterPieceMs : afterUpdateMs)
