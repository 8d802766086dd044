/**
 * The takeover protocol of `lock-file.ts` as a small model, and every state that it can get into.
 *
 * Each process takes the lock once, makes one record and gives the lock back, one file operation per step, in any
 * order with the steps of the others. It may be killed before any step, and may then come back as a new process.
 * Listing a folder, looking at a ticket and `link` are one step each, as the disk makes them; nothing else is.
 * Where the real lock keeps 64 old tickets, a holder of the model may sweep all below its own.
 */

export interface ModelOptions {
  readonly processes: number
  /** How many killed processes come back, each with a new identity. */
  readonly comebacks: number
  /** How often a holder that lives may be taken for silent: it sleeps, and wakes at any later step. */
  readonly silences: number
  /** Whether holders sweep the tickets below their own. */
  readonly sweep: boolean
  /** The protocol with one of its rules left out. */
  readonly without?: 'the second listing' | 'the number as a claim' | 'the exclusive record'
}

/** Where a process stands: the next thing that it does. */
const steps = [
  'list',
  'look',
  'take',
  'list again',
  'read the records',
  'find its ticket',
  'find it the highest',
  'commit',
  'release',
  'discard',
  'done',
] as const
type StepName = (typeof steps)[number]

interface ProcessState {
  readonly at: StepName
  readonly alive: boolean
  /** The highest ticket that it saw, then its own. */
  readonly number: number
  /** The newest record that it saw. */
  readonly seen: number
}

interface ModelState {
  readonly processes: readonly ProcessState[]
  /** By number from 1: the owner's index, `free` when emptied, null when there is none. */
  readonly tickets: readonly (number | 'free' | null)[]
  readonly records: number
  readonly comebacks: number
  readonly silences: number
}

interface Move {
  readonly what: string
  readonly next: ModelState
  readonly isKill: boolean
}

export interface Explored {
  readonly states: number
  /** What went wrong first, with the moves that lead there; null if nothing can. */
  readonly violation: { readonly what: string; readonly trace: readonly string[] } | null
  /** States from which the living can no longer all come to their end, whoever moves. */
  readonly stuck: number
}

/** Visits every reachable state, the nearest first, until one is wrong. */
export function explore(options: ModelOptions): Explored {
  const first = startOf(options)
  const keys: string[] = [keyOf(first)]
  const queue: ModelState[] = [first]
  const numberOf = new Map([[keys[0] ?? '', 0]])
  const cameFrom: { readonly parent: number; readonly what: string }[] = [{ parent: -1, what: 'start' }]
  const reached: number[][] = [[]]
  for (let index = 0; index < queue.length; index += 1) {
    const state = queue[index] as ModelState
    const what = wrongIn(state, options)
    if (what !== null) return { states: queue.length, violation: { what, trace: traceTo(index, cameFrom) }, stuck: 0 }
    for (const move of movesOf(state, options)) {
      const key = keyOf(move.next)
      const known = numberOf.get(key) ?? queue.length
      if (known === queue.length) {
        numberOf.set(key, known)
        queue.push(move.next)
        cameFrom.push({ parent: index, what: move.what })
        reached.push([])
      }
      if (!move.isKill) reached[known]?.push(index)
    }
  }
  return { states: queue.length, violation: null, stuck: queue.length - countThatEnd(queue, reached) }
}

function startOf({ processes, comebacks, silences }: ModelOptions): ModelState {
  const fresh: ProcessState = { at: 'list', alive: true, number: 0, seen: 0 }
  return { processes: Array.from({ length: processes }, () => fresh), tickets: [], records: 0, comebacks, silences }
}

function keyOf(state: ModelState): string {
  const processes = state.processes.map(p => `${steps.indexOf(p.at)}${p.alive ? '+' : '-'}${p.number}.${p.seen}`)
  return `${processes.join(' ')}|${state.tickets.map(ticket => ticket ?? '').join(',')}|${state.records}|${state.comebacks}|${state.silences}`
}

function traceTo(index: number, cameFrom: readonly { readonly parent: number; readonly what: string }[]) {
  const trace: string[] = []
  for (let at = index; at > 0; at = cameFrom[at]?.parent ?? 0) trace.unshift(cameFrom[at]?.what ?? '')
  return trace
}

const holding: readonly StepName[] = ['read the records', 'find its ticket', 'find it the highest', 'commit', 'release']

/** The promises of the protocol; null while they hold. */
function wrongIn(state: ModelState, { silences }: ModelOptions): string | null {
  if (state.records > 1) return 'two records of one session within its cooldown'
  const holders = state.processes.filter(process => process.alive && holding.includes(process.at))
  const passing = holders.filter(process => passesFence(state, process))
  if (passing.length > 1) return 'two holders pass the fence'
  // A holder that was taken for silent learns of it at its next look at the fence, not before.
  return holders.length > 1 && silences === 0 ? 'two holders, of whom none was silent' : null
}

function passesFence(state: ModelState, process: ProcessState): boolean {
  const index = state.processes.indexOf(process)
  return state.tickets[process.number - 1] === index && topOf(state) === process.number
}

function topOf(state: ModelState): number {
  return state.tickets.findLastIndex(ticket => ticket !== null) + 1
}

function movesOf(state: ModelState, options: ModelOptions): readonly Move[] {
  return state.processes.flatMap((process, index) => {
    if (!process.alive) return comeBack(state, process, index)
    if (process.at === 'done') return []
    const killed = replace(state, index, { ...process, alive: false })
    const kill: Move = { what: `${index} is killed before: ${process.at}`, next: killed, isKill: true }
    const own = stepsOf(state, process, index, options).map(({ next, what = process.at }) => {
      return { what: `${index}: ${what}`, next, isKill: false }
    })
    return [kill, ...own]
  })
}

/** As a new process: the old one stays dead, so its ticket can be judged. */
function comeBack(state: ModelState, process: ProcessState, index: number): readonly Move[] {
  if (state.comebacks === 0 || process.at === 'done') return []
  const buried = replace(state, index, { ...process, at: 'done' })
  const fresh: ProcessState = { at: 'list', alive: true, number: 0, seen: 0 }
  const next = { ...buried, processes: [...buried.processes, fresh], comebacks: state.comebacks - 1 }
  return [{ what: `${index} comes back as ${buried.processes.length}`, next, isKill: true }]
}

interface Step {
  readonly next: ModelState
  readonly what?: string
}

function stepsOf(state: ModelState, process: ProcessState, index: number, options: ModelOptions): readonly Step[] {
  const go: Go = (at, change = {}, world = {}) => {
    return { next: replace({ ...state, ...world }, index, { ...process, at, ...change }) }
  }
  const { number, seen } = process
  const sweeps = options.sweep && holding.includes(process.at) ? sweepSteps(state, number, index) : []
  switch (process.at) {
    case 'list':
      return [go('look', { number: topOf(state) })]
    case 'look':
      return lookSteps(state, number, go)
    case 'take':
      return [take(state, process, index, options)]
    case 'list again':
      return [topOf(state) === number ? go('read the records') : go('discard')]
    case 'read the records':
      return [...sweeps, state.records > 0 ? go('release') : go('find its ticket', { seen: state.records })]
    case 'find its ticket':
      return [...sweeps, state.tickets[number - 1] === index ? go('find it the highest') : go('release')]
    case 'find it the highest':
      return [...sweeps, topOf(state) === number ? go('commit') : go('release')]
    case 'commit': {
      const isFirst = state.records === seen || options.without === 'the exclusive record'
      return [...sweeps, go('release', {}, { records: isFirst ? state.records + 1 : state.records })]
    }
    case 'release':
      return [...sweeps, go('done', { number: 0, seen: 0 }, { tickets: emptied(state, index) })]
    case 'discard':
      return [go('list', { number: 0 }, { tickets: emptied(state, index) })]
    case 'done':
      return []
  }
}

type Go = (at: StepName, change?: Partial<ProcessState>, world?: Partial<ModelState>) => Step

/** What looking at a ticket may say: one answer, or two when silence is a matter of how long one looked. */
function lookSteps(state: ModelState, number: number, go: Go): readonly Step[] {
  const ticket = state.tickets[number - 1] ?? 'free'
  if (ticket === 'free' || !state.processes[ticket]?.alive) return [go('take')]
  const waits = go('list', { number: 0 })
  if (state.silences === 0) return [waits]
  const follows = { ...go('take', {}, { silences: state.silences - 1 }), what: `takes ${ticket} for silent` }
  return [waits, follows]
}

function take(state: ModelState, process: ProcessState, index: number, options: ModelOptions): Step {
  // The rule that is left out: whoever judged a ticket's owner dead removes the ticket and makes it anew.
  const reuse = options.without === 'the number as a claim' && process.number > 0
  const number = reuse ? process.number : process.number + 1
  const isTaken = (state.tickets[number - 1] ?? null) !== null
  if (isTaken && !reuse) return { next: replace(state, index, { ...process, at: 'list', number: 0 }) }
  const tickets = Array.from({ length: Math.max(state.tickets.length, number) }, (_, n) => state.tickets[n] ?? null)
  tickets[number - 1] = index
  const at = options.without === 'the second listing' ? 'read the records' : 'list again'
  return { next: replace({ ...state, tickets }, index, { ...process, at, number }) }
}

function emptied(state: ModelState, index: number): ModelState['tickets'] {
  return state.tickets.map(ticket => (ticket === index ? 'free' : ticket))
}

function sweepSteps(state: ModelState, below: number, index: number): readonly Step[] {
  return state.tickets.flatMap((ticket, n) => {
    if (ticket === null || n + 1 >= below) return []
    const tickets = state.tickets.with(n, null)
    return [{ what: `sweeps ticket ${n + 1} (holder ${index})`, next: { ...state, tickets } }]
  })
}

function replace(state: ModelState, index: number, process: ProcessState): ModelState {
  return { ...state, processes: state.processes.with(index, process) }
}

/** How many states the end of all living processes can be reached from, without anybody being killed. */
function countThatEnd(states: readonly ModelState[], reachedFrom: readonly (readonly number[])[]): number {
  const ends = states.flatMap((state, index) =>
    state.processes.every(p => !p.alive || p.at === 'done') ? [index] : [],
  )
  const seen = new Set(ends)
  const waiting = [...ends]
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    for (const before of reachedFrom[index] ?? []) {
      if (seen.has(before)) continue
      seen.add(before)
      waiting.push(before)
    }
  }
  return seen.size
}
