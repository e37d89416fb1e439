import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { SoakResult, Variant } from './summary.ts'

export interface SoakPlan {
  readonly variant: Variant
  readonly checks: number
  readonly seed: number
  /** So many more are done. */
  readonly onChecks?: (more: number) => void
}

/** Runs one variant in a process of its own, under the flags of `vigil serve` and with a collector that can be asked. */
export function runSoak({ variant, checks, seed, onChecks }: SoakPlan): Promise<SoakResult> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'run.ts'), [String(checks), String(seed), variant], {
      execArgv: ['--expose-gc'],
    })
    let result: SoakResult | undefined
    let before = 0
    child.on('message', (message: { done: number; result?: SoakResult }) => {
      onChecks?.(message.done - before)
      before = message.done
      result = message.result ?? result
    })
    child.on('exit', (code) => {
      if (result === undefined) reject(new Error(`the soak ended with ${code}`))
      else resolve(result)
    })
  })
}
