import { fork } from 'node:child_process'
import { join } from 'node:path'
import { pinned } from '../pin.ts'
import { table } from '../stats.ts'
import { budgetOf } from './budget.ts'
import type { Figure } from './measure.ts'

export type { Figure } from './measure.ts'

/** Cases, and a little for what is made ready before. */
const CASES = 28
export const pipelineSeconds = (msPerCase: number): number => (CASES * msPerCase) / 1000

/** Measures the pipeline in a process of its own. */
export function runPipeline(
  msPerCase: number,
  say: (line: string, seconds: number) => void,
): Promise<Figure[]> {
  const child = fork(join(import.meta.dirname, 'child.ts'), [String(msPerCase)], {
    ...pinned('subject'),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const figures: Figure[] = []
  return new Promise((resolve, reject) => {
    child.on('message', ({ begun, figure }: { begun?: string; figure?: Figure }) => {
      if (begun !== undefined) say(`pipeline: ${begun}`, msPerCase / 1000)
      if (figure !== undefined) figures.push(figure)
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve(figures)
      else reject(new Error(`the pipeline bench ended with ${code}`))
    })
  })
}

export function pipelineTable(figures: readonly Figure[]): string {
  const whole = (value: number) => value.toLocaleString('en')
  const budget = ({ name, medianNs }: Figure) => {
    const ns = budgetOf(name)
    if (ns === undefined) return ''
    return medianNs > ns ? `${whole(ns)} OVER` : whole(ns)
  }
  return table([
    ['in process, one call', 'median ns', 'p99 ns of batches', 'CPU ns (mean)', 'heap bytes', 'budget ns'],
    ...figures.map((figure) => [
      figure.name,
      whole(figure.medianNs),
      whole(figure.p99Ns),
      whole(figure.cpuNs),
      whole(figure.bytes),
      budget(figure),
    ]),
  ])
}
