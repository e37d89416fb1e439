import { readFileSync } from 'node:fs'
import type { Vigil } from './vigils.ts'

const LOOK_MS = 200

/** Watches the resident memory of these processes; `stop` tells the most that one of them had, in MiB. */
export function watchMemory(vigils: readonly Vigil[]): { stop(): number | undefined } {
  let most: number | undefined
  const look = () => {
    for (const vigil of vigils) {
      const now = residentMiB(vigil)
      if (now !== undefined && now > (most ?? 0)) most = now
    }
  }
  const timer = setInterval(look, LOOK_MS)
  return {
    stop: () => {
      clearInterval(timer)
      return most
    },
  }
}

/** Linux only; undefined elsewhere and where the process is gone. */
export function residentMiB(vigil: Vigil): number | undefined {
  try {
    const status = readFileSync(`/proc/${vigil.running().pid}/status`, 'utf8')
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024)
  } catch {
    return undefined
  }
}
