/** What a benchmark is to `run.ts`: a name, its options, and reports as they become ready. Types only. */
import type { ParseArgsConfig } from 'node:util'
import type { Report } from './report.ts'

export type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

export interface BenchContext {
  /** Scratch folder of this run, real path; emptied and removed when the run ends. */
  readonly folder: string
  /** A small, short run to see that everything works: its figures mean nothing and are not kept. */
  readonly quick: boolean
  /** Aborted when the user interrupts. Everything that was started must then end. */
  readonly signal: AbortSignal
  /** A line of progress for the user. */
  readonly say: (message: string) => void
}

export interface Benchmark {
  /** One line for the list of benchmarks. */
  readonly summary: string
  /** Its own options, beside the common `--quick`. */
  readonly options: NonNullable<ParseArgsConfig['options']>
  /** Yields each report when it is complete. Leaves nothing running and nothing outside of `context.folder`. */
  run(values: OptionValues, context: BenchContext): AsyncIterable<Report>
}
