/**
 * The walk of `shared/wasm/line-walk.ts`, as a {@link RecordSkim} that reads lines only from its own buffer.
 *
 * Its code lies in a build as text and in a checkout beside its source. Where there is none, or where the system
 * forbids WebAssembly, there is no walk, and lines are read by the careful one alone: more slowly, to the same events.
 */
import { readFileSync } from 'node:fs'
import {
  actions,
  blockStride,
  firstBlock,
  keys,
  maxBlocks,
  meaningOf,
  meanings,
  objectNumber,
  passedKeys,
  special,
  valueNames,
  walkInto,
} from './record-grammar.ts'
import type { RecordSkim } from './record-skim.ts'

export interface LineWalk extends RecordSkim {
  /** The only bytes that it can read. Lines must begin in it where a line ended before, or at its start. */
  readonly buffer: Buffer
  /**
   * Finds the line that begins at `from` and walks it: `skim` then says whether that was possible, and all else is of
   * this line.
   *
   * @param filled Bytes of the buffer that are filled.
   * @returns the position of its line end, or -1
   */
  find(from: number, filled: number): number
  /** To be called before the lines of another file are noted, and after any line that was read without the walk. */
  begin(): void
  /**
   * Walks the lines from `from` on and notes what they say, as far as it can.
   *
   * @returns the position after the last line that it noted. If {@link LineNotes.oddEnd} tells of a line after it, that
   *   line is walked as by `find`, and is to be read before anything else.
   */
  run(from: number, filled: number): number
  /** Of the last `run`. */
  readonly notes: LineNotes
}

/** What lines say, in numbers; see `shared/wasm/notes.ts`. */
export interface LineNotes {
  lines(): number
  /** How many of the lines are no JSON. */
  damaged(): number
  /** Epoch ms; infinite where no line has a time. */
  firstMs(): number
  lastMs(): number
  count(): number
  /** The line end of the line that cannot be noted; -1 if there is none. */
  oddEnd(): number
  /** There may be more lines, but there was no room for more notes. */
  isFull(): boolean
  /** By note, {@link noteStride} each: from {@link noteAt} on. */
  readonly ints: Int32Array
  /** By note: epoch ms, NaN where its line tells no time. */
  timeMs(note: number): number
}

export const noteStride = 16
/** Offsets in a note's integers. */
export const noteAt = { kind: 2, flags: 3, end: 4, fields: 5 } as const
export const noteKinds = [
  'origin',
  'prompt',
  'reply',
  'command',
  'edit',
  'result',
  'closed',
  'customTitle',
  'aiTitle',
  'model',
  'fork',
] as const
export const noteFlag = { sidechain: 1, failed: 2 } as const
/** The start of a value, or a mark's upper part, that is the one of the reply noted before. */
export const sameAsBefore = -2

/** Offsets in the module's `state` and `batch`, in doubles and in integers. */
const timeAt = 0
const stateAt = { isWhole: 2, blocks: 3, hasMessage: 4, tailKind: 5, tailAt: 6 } as const
const batchAt = { lines: 4, count: 5, oddEnd: 6, isFull: 7, damaged: 8 } as const
const tableBytes = 48
const nameBytes = 32

/** What both sides must mean alike. */
const agreed: Readonly<Record<string, number>> = {
  recordInts: firstBlock,
  blockInts: blockStride,
  maxBlocks,
  passAction: special.pass,
  contentAction: special.content,
  iterationsAction: special.iterations,
  tailAction: special.tail,
  walkInto,
  recordNumber: objectNumber.record,
  messageNumber: objectNumber.message,
  blockNumber: objectNumber.block,
  inputNumber: objectNumber.input,
  noteInts: noteStride,
  fieldsAt: noteAt.fields,
  same: sameAsBefore,
  ...numbered('Place', valueNames),
  ...numbered('Meaning', meanings),
  ...numbered('Note', noteKinds),
}

function numbered(list: string, names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name, number) => [`${list}.${name}`, number]))
}

interface WasmNumber {
  readonly value: number
}
type Tables = 'places' | 'state' | 'batch' | 'notes' | 'names' | 'lengths' | 'classes' | 'actions' | 'buffer'
type WalkExports = Readonly<Record<Tables | 'maxNames' | 'maxNotes' | 'bufferBytes', WasmNumber>> & {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly start: (nameCount: number) => number
  readonly find: (from: number, filled: number) => number
  readonly begin: () => void
  readonly run: (from: number, filled: number) => number
}

/** @returns null where WebAssembly cannot be had. @throws {Error} if the code is not of this grammar. */
export function createLineWalk(): LineWalk | null {
  const module = walkModule()
  if (module === null) return null
  const walk = new wasm.Instance(module).exports as WalkExports
  const numbers = walk as unknown as Readonly<Record<string, WasmNumber>>
  for (const [name, value] of Object.entries(agreed)) {
    if (numbers[name]?.value !== value) throw new Error(`line-walk.ts: ${name} is not ${value}`)
  }
  fillTables(walk)
  return walkOf(walk)
}

function fillTables(walk: WalkExports): void {
  const bytes = new Uint8Array(walk.memory.buffer)
  const maxNames = walk.maxNames.value
  // Keys come first: an action is found by a key's number.
  const names = [...new Set([...keys.names.map(String), ...meaningOf.keys(), ...passedKeys])]
  names.forEach((name, number) => {
    bytes.set(Buffer.from(name), walk.names.value + nameBytes * number)
    bytes[walk.lengths.value + number] = name.length
    bytes[walk.classes.value + number] = meanings.indexOf(meaningOf.get(name) ?? 'none')
  })
  actions.forEach((wanted, object) => {
    const at = walk.actions.value + maxNames * object
    bytes.fill(special.pass, at, at + maxNames)
    bytes.set(wanted, at)
  })
  if (walk.start(names.length) === 0) throw new Error('line-walk.ts: the names of the grammar cannot be told apart')
}

function walkOf(walk: WalkExports): LineWalk {
  const { memory, places, state, buffer, bufferBytes, find, begin, run } = walk
  const numbers = new Int32Array(memory.buffer, state.value, tableBytes / 4)
  const times = new Float64Array(memory.buffer, state.value, 1)
  return {
    buffer: Buffer.from(memory.buffer, buffer.value, bufferBytes.value),
    places: new Int32Array(memory.buffer, places.value, firstBlock + maxBlocks * blockStride),
    find,
    begin,
    run,
    notes: notesOf(walk),
    skim: () => numbers[stateAt.isWhole] === 1,
    blocks: () => numbers[stateAt.blocks] ?? 0,
    hasMessage: () => numbers[stateAt.hasMessage] === 1,
    tail: () => numbers[stateAt.tailKind] ?? 0,
    tailAt: () => numbers[stateAt.tailAt] ?? -1,
    timeMs: () => times[timeAt] ?? Number.NaN,
  }
}

function notesOf({ memory, batch, notes, maxNotes }: WalkExports): LineNotes {
  const numbers = new Int32Array(memory.buffer, batch.value, tableBytes / 4)
  const times = new Float64Array(memory.buffer, batch.value, 2)
  const noteTimes = new Float64Array(memory.buffer, notes.value, (maxNotes.value * noteStride) / 2)
  return {
    lines: () => numbers[batchAt.lines] ?? 0,
    damaged: () => numbers[batchAt.damaged] ?? 0,
    firstMs: () => times[0] ?? Number.POSITIVE_INFINITY,
    lastMs: () => times[1] ?? Number.NEGATIVE_INFINITY,
    count: () => numbers[batchAt.count] ?? 0,
    oddEnd: () => numbers[batchAt.oddEnd] ?? -1,
    isFull: () => numbers[batchAt.isFull] === 1,
    ints: new Int32Array(memory.buffer, notes.value, maxNotes.value * noteStride),
    timeMs: note => noteTimes[(note * noteStride) / 2] ?? Number.NaN,
  }
}

/** Put there by the bundler. */
declare const __LINE_WALK__: string | undefined

type WasmModule = object
/** What is used of it: it belongs to no library that this floor is checked against. */
const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (code: Uint8Array) => WasmModule
    readonly Instance: new (module: WasmModule) => { readonly exports: unknown }
  }
}

let known: WasmModule | null | undefined

/** Compiled once for all instances of a thread. */
function walkModule(): WasmModule | null {
  if (known === undefined) known = compiled()
  return known
}

function compiled(): WasmModule | null {
  try {
    return new wasm.Module(
      typeof __LINE_WALK__ === 'string'
        ? Buffer.from(__LINE_WALK__, 'base64')
        : readFileSync(new URL('../wasm/line-walk.wasm', import.meta.url)),
    )
  } catch {
    return null
  }
}
