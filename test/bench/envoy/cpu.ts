import { readdirSync, readFileSync } from 'node:fs'

/**
 * Processor time of a process with all its threads that live, in microseconds (Linux: first number of each `schedstat`, ns).
 * Undefined elsewhere, and when the process is gone.
 */
export function cpuUsOf(pid: number): number | undefined {
  const folder = `/proc/${pid}/task`
  try {
    const threads = readdirSync(folder).map((thread) => readFileSync(`${folder}/${thread}/schedstat`, 'utf8'))
    return threads.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1000
  } catch {
    return undefined
  }
}
