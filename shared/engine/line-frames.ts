/** Messages on a stream of bytes: one line each, as JSON text never holds a line end. Holds one incomplete line at most. */

const lineEnd = 0x0a

/**
 * Takes the chunks of a stream and hands over each whole line, without its end.
 *
 * @param maxBytes Of one line. The first longer one is told to `onTooLong`, once, and nothing is read any more.
 */
export function createLineReader(
  maxBytes: number,
  onLine: (line: string) => void,
  onTooLong: () => void,
): (chunk: Buffer) => void {
  let begun: Buffer[] = []
  let begunBytes = 0
  let broken = false
  const give = (end: Buffer) => {
    const line = begunBytes === 0 ? end : Buffer.concat([...begun, end])
    begun = []
    begunBytes = 0
    onLine(line.toString('utf8'))
  }
  const isTooLong = (bytes: number) => {
    if (begunBytes + bytes <= maxBytes) return false
    broken = true
    begun = []
    onTooLong()
    return true
  }
  return chunk => {
    for (let from = 0; from < chunk.length && !broken; ) {
      const end = chunk.indexOf(lineEnd, from)
      const part = chunk.subarray(from, end < 0 ? chunk.length : end)
      if (isTooLong(part.length)) return
      if (end >= 0) give(part)
      else {
        begun.push(part)
        begunBytes += part.length
      }
      from = end < 0 ? chunk.length : end + 1
    }
  }
}
