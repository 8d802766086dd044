/** Starts `monitor-child.ts`, gives it orders and measures how long each takes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export type Order = { readonly kind: 'checkpoint' } | { readonly kind: 'list'; readonly into: string }

export interface Answer {
  /** What each checkpoint took, ms. */
  readonly savedMs: readonly number[]
  readonly saved: number
  /** Outcomes that are neither saved nor unchanged. */
  readonly problems: readonly string[]
  /** Bytes of the files listed. */
  readonly listed: number
}

export interface MonitorProcess {
  checkpoint(): Promise<Answer & { readonly wallMs: number }>
  list(into: string): Promise<number>
  end(): Promise<void>
}

/** @returns when it stands ready; what the start took counts to the first order's time. */
export async function startMonitorProcess(
  script: string,
  configDir: string,
  dataFolder: string,
  signal: AbortSignal,
): Promise<MonitorProcess> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, [script, configDir, dataFolder], {
    env: process.env,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'ipc'],
    signal,
  })
  const ended = once(child, 'exit')
  await once(child, 'message')
  let startMs = performance.now() - startedMs
  return {
    checkpoint: async () => {
      const fromMs = performance.now()
      const answer = await tell(child, { kind: 'checkpoint' })
      const wallMs = performance.now() - fromMs + startMs
      startMs = 0
      return { ...answer, wallMs }
    },
    list: async into => (await tell(child, { kind: 'list', into })).listed,
    end: async () => {
      child.disconnect()
      await ended
    },
  }
}

async function tell(child: ChildProcess, order: Order): Promise<Answer> {
  const answered = once(child, 'message')
  child.send(order)
  const [answer] = await answered
  return answer as Answer
}
