import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { envoyPath } from '../../scripts/tools/locate.ts'
import { type Running, start } from './process.ts'

/** Which Envoy to start and with what. */
export type EnvoyOptions = {
  /** Path of a YAML file, or the bootstrap itself. */
  bootstrap: string | object
  /** Values for `${NAME}` and for `port_value: 9000 # ${NAME}`. Must hold the admin port somehow. */
  ports?: Record<string, number>
  /** Binary or version; the default version when absent. */
  binary?: string
  version?: string
  /** Relative file names in the bootstrap are looked up here; the clone when absent. */
  cwd?: string
  /** Waits for a check as long as it takes, with `PATIENT_DEADLINE`: this machine may be busy with other things. */
  isPatient?: true
  args?: readonly string[]
}

/** A live Envoy. */
export type Envoy = {
  adminPort: number
  running: Running
  logs(): string
  /** Text of an admin page, e.g. `/stats?filter=ext_authz`. */
  admin(path: string): Promise<string>
  stop(): Promise<void>
}

/** `port_value: 9000 # ${VIGIL_PORT}`: a port that has a default, so that the file also runs as it is. */
const DEFAULTED_PORT = /(\bport_value: *)(\d+)([ }]*# *)\$\{(\w+)\}/g

/** Starts an Envoy and waits until its admin says LIVE. */
export async function startEnvoy(options: EnvoyOptions): Promise<Envoy> {
  const binary = options.binary ?? envoyPath(options.version)
  if (binary === undefined) throw new Error('no Envoy: run `npm run tools`')
  const given = bootstrapText(options.bootstrap, options.ports)
  const text = options.isPatient ? patient(given) : given
  const adminPort = adminPortOf(text)
  const scratch = mkdtempSync(join(tmpdir(), 'vigil-envoy-'))
  const file = join(scratch, 'bootstrap.yaml')
  writeFileSync(file, text)
  // Hot restart would tie Envoys on this machine to each other, and SIGTERM this one when its starter ends.
  const args = ['-c', file, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning']
  const running = start(binary, [...args, ...(options.args ?? [])], { cwd: options.cwd ?? ROOT })
  const stop = async () => {
    await running.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
  try {
    await running.waitUntil('LIVE', () => isLive(adminPort), 20_000)
  } catch (error) {
    await stop()
    throw error
  }
  return { adminPort, running, logs: running.output, admin: (path) => adminPage(adminPort, path), stop }
}

/** The bootstrap's text with ports filled in: `${NAME}` and `port_value: 9000 # ${NAME}`; an unknown name throws. */
export function bootstrapText(bootstrap: string | object, ports: Record<string, number> = {}): string {
  const text = typeof bootstrap === 'string' ? readFileSync(bootstrap, 'utf8') : JSON.stringify(bootstrap)
  const portNamed = (name: string) => {
    if (!(name in ports)) throw new Error(`the bootstrap wants a port named ${name}`)
    return String(ports[name])
  }
  return text
    .replace(
      DEFAULTED_PORT,
      (_, key, byDefault, between, name) => `${key}${ports[name] ?? byDefault}${between}${name}`,
    )
    .replace(/"\$\{(\w+)\}"/g, (_, name) => portNamed(name)) // in JSON a port is a number, not a string
    .replace(/\$\{(\w+)\}/g, (_, name) => portNamed(name))
}

/** `server` of a Vigil behind an Envoy that is patient. */
export const PATIENT_DEADLINE = { deadlineMs: 4000 }

/** Of the shipped bootstraps, in YAML or JSON: how long all tries of a check may take, and each of them. */
function patient(text: string): string {
  const waits = /(\btimeout"?: *"?)0\.5s|(\bmax_interval"?: *"?)0\.2s/g
  if (text.match(waits)?.length !== 2) throw new Error('the bootstrap waits for checks in another way')
  return text.replace(waits, (_, all, each) => (all === undefined ? `${each}5s` : `${all}12s`))
}

type Bootstrap = { admin?: { address?: { socket_address?: { port_value?: number } } } }

function adminPortOf(text: string): number {
  const port = (parse(text) as Bootstrap).admin?.address?.socket_address?.port_value
  if (port === undefined) throw new Error('the bootstrap has no admin port')
  return port
}

async function isLive(adminPort: number): Promise<boolean> {
  try {
    return (await adminPage(adminPort, '/ready')).trim() === 'LIVE'
  } catch {
    return false // not listening yet
  }
}

async function adminPage(adminPort: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${adminPort}${path}`, { signal: AbortSignal.timeout(5000) })
  return response.text()
}
