import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SERVE_FLAGS } from '../../../bin/runtime.js'
import { ROOT } from '../../../scripts/root.ts'
import { freePort } from '../../harness/ports.ts'
import { type Running, start } from '../../harness/process.ts'
import { sumOf } from '../../harness/vigil.ts'
import { waitUntil } from '../../harness/wait.ts'

/** One `vigil serve` that can go and come again on the same port, with a folder of its own as a Pod has its mounts. */
export interface Vigil {
  readonly port: number
  /** File for its records. */
  readonly records: string
  /** `vigil.yaml` from now on, swapped in by one rename; a text as it is. */
  configure(settings: object | string): void
  /** Starts it with these members of `static.yaml` and waits until it is ready. */
  start(fixed: object, env?: Readonly<Record<string, string>>): Promise<void>
  /** The process that runs now, or ran last. */
  running(): Running
  stop(): Promise<void>
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
}

/** Longest wait for the end of one. */
const PATIENCE_MS = 15_000

export async function createVigil(parent: string, name: string): Promise<Vigil> {
  const port = await freePort()
  const probes = `http://127.0.0.1:${await freePort()}`
  const folder = join(parent, name)
  const config = join(folder, 'config')
  mkdirSync(config, { recursive: true })
  let running: Running | undefined
  let edits = 0
  const get = async (path: string) => {
    const response = await fetch(probes + path, { signal: AbortSignal.timeout(5000) })
    return { isOk: response.ok, text: await response.text() }
  }
  const isReady = () =>
    get('/readyz').then(
      ({ isOk }) => isOk,
      () => false,
    )
  return {
    port,
    records: join(folder, 'audit.jsonl'),
    configure: (settings) => {
      const text = typeof settings === 'string' ? settings : JSON.stringify(settings) // JSON is YAML
      const next = join(folder, `next-${++edits}.yaml`)
      writeFileSync(next, text)
      renameSync(next, join(config, 'vigil.yaml'))
    },
    start: async (fixed, env = {}) => {
      const file = join(folder, 'static.yaml')
      const probesAt = probes.slice('http://'.length)
      writeFileSync(file, JSON.stringify(withListeners(fixed, port, probesAt)))
      const serve = [...SERVE_FLAGS, join(ROOT, 'src/main.ts'), 'serve']
      const files = ['--static', file, '--config', join(config, 'vigil.yaml')]
      running = start(process.execPath, [...serve, ...files], { cwd: ROOT, env })
      await running.waitUntil('ready', isReady, 60_000)
    },
    running: () => {
      if (running === undefined) throw new Error(`${name} was never started`)
      return running
    },
    stop: async () => {
      if (running === undefined || running.hasEnded()) return
      running.kill('SIGCONT')
      // As a person at a terminal would: it drains, and waits for nobody to see that it does.
      running.kill('SIGINT')
      await Promise.race([running.ended, sleep(PATIENCE_MS, undefined, { ref: false })])
      await running.stop()
    },
    metric: async (metric, labels = {}) => sumOf((await get('/metrics')).text, metric, labels),
  }
}

const withListeners = (fixed: object, port: number, probes: string): object => {
  const { server } = fixed as { server?: object }
  return { ...fixed, server: { ...server, listen: [`127.0.0.1:${port}`] }, probes: { listen: probes } }
}

/** Waits until a metric of all of them is as wanted. */
export async function waitForMetric(
  vigils: readonly Vigil[],
  name: string,
  isWanted: (value: number) => boolean,
): Promise<void> {
  await waitUntil(`metric ${name}`, 15_000, async () => {
    const values = await Promise.all(vigils.map((vigil) => vigil.metric(name).catch(() => Number.NaN)))
    return values.every(isWanted)
  })
}

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })
