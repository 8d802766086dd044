/**
 * Checks one session's transcript streams over all of its records, reading each frame once.
 *
 * A growing stream is stored as a chain that later records prolong, so checking record by record would read the
 * oldest bytes as often as there are records. Here the longest chain is walked once, and every record's hash is
 * compared where its part of the chain ends. Writes nothing.
 */
import { createHash } from 'node:crypto'
import type { CheckpointRecord, StreamRecord } from '../core/checkpoint.ts'
import type { PackReader } from './pack-reader.ts'
import { damage, type Finding, packDamage, packOf } from './record-check.ts'

/** A stream as one record has it. */
interface Version {
  readonly record: CheckpointRecord
  readonly stream: StreamRecord
  /** One key per segment; equal keys are the same frame. */
  readonly keys: readonly string[]
}

/**
 * @param records of one session, with places that are inside their packs
 * @param goOn asked after each frame; false ends the check early
 */
export async function checkStreams(
  reader: PackReader,
  records: readonly CheckpointRecord[],
  goOn: () => Promise<boolean>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const versions = records.flatMap(record => record.streams.map(stream => versionOf(record, stream)))
  for (const ofName of Map.groupBy(versions, version => version.stream.name).values()) {
    let left = ofName.toSorted((a, b) => b.keys.length - a.keys.length)
    for (let longest = left[0]; longest; longest = left[0]) {
      const chain = longest
      findings.push(
        ...(await walk(
          reader,
          chain,
          left.filter(version => isPart(version, chain)),
          goOn,
        )),
      )
      left = left.filter(version => !isPart(version, chain))
    }
  }
  return findings
}

function versionOf(record: CheckpointRecord, stream: StreamRecord): Version {
  return { record, stream, keys: stream.segments.map(([index, ...rest]) => `${record.packs[index]}:${rest.join(':')}`) }
}

function isPart(version: Version, chain: Version): boolean {
  return version.keys.every((key, at) => key === chain.keys[at])
}

async function walk(
  reader: PackReader,
  { record, stream }: Version,
  parts: readonly Version[],
  goOn: () => Promise<boolean>,
): Promise<readonly Finding[]> {
  const hash = createHash('sha256')
  const wrong: Finding[] = []
  for (let count = 0; ; count++) {
    const sha256 = hash.copy().digest('hex')
    const ending = parts.filter(part => part.keys.length === count)
    wrong.push(...ending.filter(part => part.stream.sha256 !== sha256).map(wrongHash))
    const place = stream.segments[count]
    if (!place || !(await goOn())) return wrong
    const read = reader.frame(packOf(record, place), place, null)
    if (!read.ok) {
      const hurt = parts.filter(part => part.keys.length > count)
      return [...wrong, ...hurt.map(part => packDamage(part.record, read.problem, `Stream ${stream.name}`))]
    }
    hash.update(read.content)
  }
}

function wrongHash({ record, stream }: Version): Finding {
  return damage(record, 'stream-damaged', `Stream ${stream.name} does not have its recorded hash`)
}
