/** What the odd cases of transcripts are built on. */
import type { ToolCall } from './tool-calls.ts'
import { writeTurn } from './transcript-builder.ts'
import type { Age, TranscriptWriter } from './transcript-writer.ts'

export interface TranscriptCase {
  readonly name: string
  /** Ages of the tool that wrote such things. */
  readonly ages: readonly Age[]
  readonly write: (writer: TranscriptWriter) => void
}

export const all: readonly Age[] = ['current', 'early-2.1', 'old']
export const current: readonly Age[] = ['current']
export const since2: readonly Age[] = ['current', 'early-2.1']
export const beforeCurrent: readonly Age[] = ['early-2.1', 'old']

export const at = (writer: TranscriptWriter, relative: string) => `${writer.options.cwd}/${relative}`
export const somePath = (writer: TranscriptWriter) => at(writer, writer.filler.path())

export function turn(writer: TranscriptWriter, rounds: readonly (readonly ToolCall[])[]): void {
  writeTurn(writer, writer.filler.prompt(), rounds, writer.filler.prose(writer.random.int(40, 400)))
}
