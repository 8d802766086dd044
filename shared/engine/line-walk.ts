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
  objectNumber,
  placeOf,
  special,
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
}

/** Offsets in the module's `state`, in doubles and in integers. */
const timeAt = 0
const stateAt = { isWhole: 2, blocks: 3, hasMessage: 4, tailKind: 5, tailAt: 6 } as const
const stateBytes = 32
const nameBytes = 32

/** What both sides must mean alike. */
const agreed = {
  recordInts: firstBlock,
  blockInts: blockStride,
  maxBlocks,
  timestampPlace: placeOf.timestamp,
  wordsPlace: placeOf.words,
  passAction: special.pass,
  contentAction: special.content,
  iterationsAction: special.iterations,
  tailAction: special.tail,
  walkInto,
  recordNumber: objectNumber.record,
  messageNumber: objectNumber.message,
  blockNumber: objectNumber.block,
} as const

interface WasmNumber {
  readonly value: number
}
type Numbers = 'places' | 'state' | 'names' | 'lengths' | 'actions' | 'maxKeys' | 'buffer' | 'bufferBytes'
type WalkExports = Readonly<Record<Numbers | keyof typeof agreed, WasmNumber>> & {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly start: (keyCount: number) => number
  readonly find: (from: number, filled: number) => number
}

/** @returns null where WebAssembly cannot be had. @throws {Error} if the code is not of this grammar. */
export function createLineWalk(): LineWalk | null {
  const module = walkModule()
  if (module === null) return null
  const walk = new wasm.Instance(module).exports as WalkExports
  for (const [name, value] of Object.entries(agreed)) {
    if (walk[name as keyof typeof agreed].value !== value) throw new Error(`line-walk.ts: ${name} is not ${value}`)
  }
  fillTables(walk)
  return walkOf(walk)
}

function fillTables(walk: WalkExports): void {
  const bytes = new Uint8Array(walk.memory.buffer)
  const maxKeys = walk.maxKeys.value
  keys.names.forEach((name, number) => {
    bytes.set(name, walk.names.value + nameBytes * number)
    bytes[walk.lengths.value + number] = name.length
  })
  actions.forEach((wanted, object) => {
    const at = walk.actions.value + maxKeys * object
    bytes.fill(special.pass, at, at + maxKeys)
    bytes.set(wanted, at)
  })
  if (walk.start(keys.names.length) === 0) throw new Error('line-walk.ts: the keys of the grammar cannot be told apart')
}

function walkOf({ memory, places, state, buffer, bufferBytes, find }: WalkExports): LineWalk {
  const numbers = new Int32Array(memory.buffer, state.value, stateBytes / 4)
  const times = new Float64Array(memory.buffer, state.value, 1)
  return {
    buffer: Buffer.from(memory.buffer, buffer.value, bufferBytes.value),
    places: new Int32Array(memory.buffer, places.value, firstBlock + maxBlocks * blockStride),
    find,
    skim: () => numbers[stateAt.isWhole] === 1,
    blocks: () => numbers[stateAt.blocks] ?? 0,
    hasMessage: () => numbers[stateAt.hasMessage] === 1,
    tail: () => numbers[stateAt.tailKind] ?? 0,
    tailAt: () => numbers[stateAt.tailAt] ?? -1,
    timeMs: () => times[timeAt] ?? Number.NaN,
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
