import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../scripts/root.ts'
import { type CheckClient, openCheckClient } from './check-client.ts'
import { freePort } from './ports.ts'
import { type Running, start } from './process.ts'

export interface VigilOptions {
  /** Path of vigil.yaml, or what stands in it. */
  readonly config: string | object
  /** Members of static.yaml beside the listeners; files in it must be absolute. */
  readonly fixed?: Readonly<Record<string, unknown>>
  /** A Unix socket on which it takes checks, too. */
  readonly socket?: string
  /** Members of its `server` beside `listen`. */
  readonly server?: Readonly<Record<string, unknown>>
}

/** A `vigil serve` that is ready, and a client of its gRPC port. */
export interface VigilProcess extends CheckClient {
  readonly running: Running
  /** Where it takes checks. */
  readonly address: string
  /** The port of it. */
  readonly port: number
  /** Where it tells its metrics. */
  readonly probesPort: number
  probe(path: string): Promise<{ status: number; text: string }>
  /** Sum of all samples of a metric that carry these labels; 0 when there is none. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** SIGTERM, and what it ended with. */
  stop(): Promise<number | NodeJS.Signals>
}

/** Starts the service as an operator does, in a process of its own on free ports. */
export async function startVigil(options: VigilOptions): Promise<VigilProcess> {
  const [port, http] = [await freePort(), await freePort()]
  const folder = mkdtempSync(join(tmpdir(), 'vigil-static-'))
  const file = join(folder, 'static.yaml')
  writeFileSync(file, staticText(port, http, options))
  const args = ['src/main.ts', 'serve', '--static', file, '--config', configIn(folder, options.config)]
  const running = start(process.execPath, args, { cwd: ROOT })
  const address = `127.0.0.1:${port}`
  const client = openCheckClient(address)
  const probe = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${http}${path}`, { signal: AbortSignal.timeout(5000) })
    return { status: response.status, text: await response.text() }
  }
  const stop = async () => {
    client.close()
    await running.stop(20_000)
    rmSync(folder, { recursive: true, force: true })
    return running.ended
  }
  try {
    await running.waitUntil('ready', () => isReady(probe), 60_000)
    // A proof tells its time in whole seconds, and one that looks older than the process would be asked for a nonce.
    await sleep(1000 - (Date.now() % 1000))
  } catch (error) {
    await stop()
    throw error
  }
  const metric: VigilProcess['metric'] = async (name, labels = {}) => {
    // A check is counted a turn of the event loop behind its answer: whoever has been answered may be quicker. Another
    // request has its answer in a later turn.
    await probe('/livez')
    return sumOf((await probe('/metrics')).text, name, labels)
  }
  return { ...client, running, address, port, probesPort: http, probe, metric, stop }
}

function configIn(folder: string, config: string | object): string {
  if (typeof config === 'string') return config
  const file = join(folder, 'vigil.yaml')
  writeFileSync(file, JSON.stringify(config))
  return file
}

/** A new instance key in this folder, for `instanceKeyFile`: with Redis, and for those who share state or begin again. */
export function writeInstanceKey(folder: string): string {
  const file = join(folder, 'instance-key.json')
  const secret = () => randomBytes(32).toString('base64url')
  writeFileSync(file, JSON.stringify({ root: secret(), current: secret() }))
  return file
}

/** JSON is YAML. */
function staticText(port: number, http: number, { fixed, server, socket }: VigilOptions): string {
  const unix = socket === undefined ? [] : [`unix:${socket}`]
  return JSON.stringify({
    ...fixed,
    server: { drainDelaySeconds: 0, ...server, listen: [`127.0.0.1:${port}`, ...unix] },
    probes: { listen: `127.0.0.1:${http}` },
  })
}

async function isReady(probe: VigilProcess['probe']): Promise<boolean> {
  try {
    return (await probe('/readyz')).status === 200
  } catch {
    return false // not listening yet
  }
}

/** Sum of the samples in Prometheus text: `name{label="value",…} number`. */
export function sumOf(text: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf('} ') + 2).split(' ')[0]), 0)
}
