import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { start } from './process.ts'

/** A Prometheus that scrapes one target every second under namespace, job and pod. */
export interface Prometheus {
  /** The samples of an expression now. @throws when it cannot be evaluated */
  query(expr: string): Promise<readonly Sample[]>
  /** Name and state of every alert that is pending or firing. */
  alerts(): Promise<readonly { readonly name: string; readonly state: string }[]>
  /** What went wrong with rules when they were evaluated. */
  ruleErrors(): Promise<readonly string[]>
  readonly url: string
  stop(): Promise<void>
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** @param program path of `prometheus` */
export async function startPrometheus(
  program: string,
  target: string,
  ruleFile: string,
): Promise<Prometheus> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'vigil-prometheus-'))
  const config = join(folder, 'prometheus.yml')
  writeFileSync(config, configOf(target, ruleFile))
  const url = `http://127.0.0.1:${port}`
  const running = start(program, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  const get = async (path: string) => {
    const response = await fetch(`${url}/api/v1/${path}`, { signal: AbortSignal.timeout(10_000) })
    const { data, error } = (await response.json()) as { data?: unknown; error?: string }
    if (error !== undefined) throw new Error(`${decodeURIComponent(path)}: ${error}`)
    return data
  }
  const stop = async () => {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await running.waitUntil('ready', () => isReady(url), 30_000)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    stop,
    query: async (expr) =>
      ((await get(`query?query=${encodeURIComponent(expr)}`)) as { result: Sample[] }).result,
    alerts: async () => {
      const { alerts } = (await get('alerts')) as {
        alerts: { labels: { alertname: string }; state: string }[]
      }
      return alerts.map(({ labels, state }) => ({ name: labels.alertname, state }))
    },
    ruleErrors: async () => {
      const { groups } = (await get('rules')) as {
        groups: { rules: { name: string; lastError?: string }[] }[]
      }
      return groups
        .flatMap(({ rules }) => rules)
        .flatMap(({ name, lastError }) => (lastError === undefined ? [] : [`${name}: ${lastError}`]))
    },
  }
}

/** JSON is YAML. */
function configOf(target: string, ruleFile: string): string {
  const labels = { namespace: 'vigil', pod: 'vigil-0' }
  return JSON.stringify({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [ruleFile],
    scrape_configs: [{ job_name: 'vigil', static_configs: [{ targets: [target], labels }] }],
  })
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    return false // not listening yet
  }
}
