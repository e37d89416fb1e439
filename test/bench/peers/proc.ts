import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { Usage } from '../grpc/usage.ts'

/** What the system accounts to a program that cannot be asked itself. */
export type Accounted = Pick<Usage, 'cpuUs' | 'rssBytes'>

/** Whether it does so where we look: on Linux. */
export const isAccounted = existsSync('/proc/self/stat')

/**
 * CPU time out of /proc/PID/stat: that of all threads, also of those that have ended, in user mode and in the kernel.
 * proc_pid_stat(5): fields 14 and 15, in clock ticks; the name in field 2 may hold blanks and parentheses.
 */
export function cpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Resident memory out of /proc/PID/status. */
export const rssBytes = (status: string): number =>
  1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN)

let perSecond: number | undefined

function ticksPerSecond(): number {
  perSecond ??= Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100
  return perSecond
}

/** Of a process that runs; its CPU time to a clock tick, which is 10 ms. */
export function accountOf(pid: number): Accounted {
  const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8')
  return {
    cpuUs: (cpuTicks(read('stat')) / ticksPerSecond()) * 1e6,
    rssBytes: rssBytes(read('status')),
  }
}
