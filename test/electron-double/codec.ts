/**
 * Values of the structured clone algorithm as JSON, as far as IPC and the context bridge need them.
 *
 * Runs on both sides: the main process imports it, a page gets its source text. So it must use nothing from
 * outside itself.
 */

export interface Codec {
  /** @throws {Error} in Electron's words for what cannot be cloned. */
  encode(value: unknown): unknown
  decode(json: unknown): unknown
}

/** A tagged value: `$` says what `v` was. */
interface Tagged {
  readonly $: string
  readonly v: unknown
}

/**
 * @param functionOut Gives a function a name to cross with, or null: functions cannot be cloned.
 * @param functionIn Makes a callable of such a name, or null.
 */
export function makeCodec(
  functionOut: ((value: (...args: unknown[]) => unknown) => unknown) | null,
  functionIn: ((name: unknown) => unknown) | null,
): Codec {
  const refuse = (): never => {
    throw new Error('An object could not be cloned.')
  }
  const bytesOf = (value: ArrayBuffer | ArrayBufferView): Uint8Array =>
    ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value)
  const encodeObject = (value: object, above: readonly object[]): unknown => {
    if (above.includes(value)) return refuse() // a real clone keeps cycles; no message of ours may have one
    const inside = [...above, value]
    const each = (item: unknown) => encode(item, inside)
    if (value instanceof Error) return { $: 'error', v: { name: value.name, message: value.message } }
    if (value instanceof Date) return { $: 'date', v: value.getTime() }
    if (value instanceof Map) return { $: 'map', v: [...value].map(pair => pair.map(each)) }
    if (value instanceof Set) return { $: 'set', v: [...value].map(each) }
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return { $: 'bytes', v: Array.from(bytesOf(value)) }
    if (Array.isArray(value)) return value.map(each)
    const record = value as Record<string, unknown>
    if (typeof record['then'] === 'function' || typeof record['nodeType'] === 'number') return refuse()
    return { $: 'object', v: Object.keys(record).map(key => [key, each(record[key])]) }
  }
  const encode = (value: unknown, above: readonly object[] = []): unknown => {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        return Number.isFinite(value) ? value : { $: 'number', v: String(value) }
      case 'undefined':
        return { $: 'undefined', v: null }
      case 'bigint':
        return { $: 'bigint', v: String(value) }
      case 'symbol':
        return refuse()
      case 'function':
        return functionOut === null ? refuse() : { $: 'function', v: functionOut(value as () => unknown) }
      default:
        return value === null ? null : encodeObject(value as object, above)
    }
  }
  const decoders: Record<string, (v: never) => unknown> = {
    number: (v: string) => Number(v),
    undefined: () => undefined,
    bigint: (v: string) => BigInt(v),
    date: (v: number) => new Date(v),
    map: (v: unknown[][]) => new Map(v.map(pair => pair.map(decode) as [unknown, unknown])),
    set: (v: unknown[]) => new Set(v.map(decode)),
    bytes: (v: number[]) => new Uint8Array(v),
    error: (v: { name: string; message: string }) => Object.assign(new Error(v.message), { name: v.name }),
    function: (v: unknown) => (functionIn === null ? refuse() : functionIn(v)),
    object: (v: [string, unknown][]) => Object.fromEntries(v.map(([key, item]) => [key, decode(item)])),
  }
  const decode = (json: unknown): unknown => {
    if (json === null || typeof json !== 'object') return json
    if (Array.isArray(json)) return json.map(decode)
    const { $, v } = json as Tagged
    return (decoders[$] as (value: unknown) => unknown)(v)
  }
  return { encode: value => encode(value), decode }
}
