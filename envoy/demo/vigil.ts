import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../scripts/root.ts'
import { type Running, start } from '../../test/harness/process.ts'
import { waitUntil } from '../../test/harness/wait.ts'
import type { Files } from './files.ts'

const MAIN = join(ROOT, 'src', 'main.ts')

/** The service as an operator runs it: a process of its own, `vigil serve`. */
export interface Vigil {
  start(): Promise<void>
  stop(): Promise<void>
  /** The newest line of its log that fits; undefined when there is none. */
  lastLog(pattern: RegExp): string | undefined
  /** Tells every line of its log from now on. */
  follow(tell: (line: string) => void): void
  /** A value on its metrics page, that of all its labels together; undefined while there is none. */
  metric(name: string): Promise<number | undefined>
  /** Waits, bounded, until a metric has the wanted value. */
  waitForMetric(name: string, isWanted: (value: number) => boolean): Promise<number>
}

export function createVigil(files: Pick<Files, 'static' | 'config'>, probesPort: number): Vigil {
  const probes = `http://127.0.0.1:${probesPort}`
  let running: Running | undefined
  const metric = async (name: string) => valueIn(await page(`${probes}/metrics`), name)
  return {
    start: async () => {
      const args = [MAIN, 'serve', '--static', files.static, '--config', files.config]
      running = start(process.execPath, args, { cwd: ROOT })
      await running.waitUntil('ready', () => isReady(`${probes}/readyz`), 60_000)
      // A proof tells its time in whole seconds, and one that looks older than the process would be asked for a nonce.
      await sleep(1000 - (Date.now() % 1000))
    },
    stop: async () => {
      await running?.stop()
      running = undefined
    },
    lastLog: (pattern) =>
      running
        ?.output()
        .split('\n')
        .findLast((line) => pattern.test(line)),
    follow: (tell) => running?.onLine(tell),
    metric,
    waitForMetric: async (name, isWanted) => {
      const found = await waitUntil(`metric ${name}`, 15_000, async () => {
        const value = await metric(name)
        return value !== undefined && isWanted(value) ? { value } : undefined
      })
      return found.value
    },
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    return false // not listening yet
  }
}

async function page(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
  return response.text()
}

/** Prometheus text: `name{labels} value`, labels optional; the sum where the labels tell several apart. */
function valueIn(text: string, name: string): number | undefined {
  const values = text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.replace(/^[^ {]+(\{[^}]*\})? /, '').split(' ')[0]))
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value)
}
