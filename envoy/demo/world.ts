import { join } from 'node:path'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { ensureTools } from '../../scripts/tools/ensure.ts'
import { envoyPath, valkeyPath } from '../../scripts/tools/locate.ts'
import { startEnvoy } from '../../test/harness/envoy.ts'
import { startRedis } from '../../test/harness/redis.ts'
import { type Client, createClient } from './ask.ts'
import { type DeviceManagement, startDeviceManagement } from './device-management.ts'
import { type Files, prepareFiles } from './files.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import { choosePorts, type Ports } from './ports.ts'
import { seedHabits } from './seed.ts'
import { startUpstream } from './upstream.ts'
import { createVigil, type Vigil } from './vigil.ts'

/** Everything that runs, from the authorization server to Envoy. */
export interface World {
  readonly ports: Ports
  readonly files: Files
  readonly issuer: Issuer
  readonly devices: DeviceManagement
  readonly client: Client
  readonly vigil: Vigil
}

/** A world and how to end it. */
export interface Stage {
  readonly world: World
  /** Ends everything in reverse order and removes the folder. Safe to call twice, and before the start was done. */
  strike(): Promise<void>
}

export interface StageOptions {
  readonly store: 'memory' | 'redis'
  /** Where the page of the report goes; absent: into a new folder for temporary files. */
  readonly report: string | undefined
  /** Never the default ports. */
  readonly isAlwaysFree: boolean
  readonly say: (line: string) => void
}

type Ending = () => Promise<void> | void

/** Starts everything, or nothing: what already runs is ended when something later cannot start. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const endings: Ending[] = []
  const strike = async () => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
  }
  try {
    return { world: await startAll(options, (end) => void endings.push(end)), strike }
  } catch (error) {
    await strike()
    throw error
  }
}

async function startAll(options: StageOptions, atEnd: (end: Ending) => void): Promise<World> {
  const { store, say } = options
  const binaries = fetchTools(store, say)
  const ports = await choosePorts(options.isAlwaysFree)
  const files = prepareFiles(ports, store, options.report)
  atEnd(files.remove)

  say(`authorization server (oidc-provider) on 127.0.0.1:${ports.ISSUER_PORT}`)
  const issuer = await startIssuer(ports.ISSUER_PORT)
  atEnd(issuer.stop)
  const devices = await startDeviceManagement(issuer)
  const upstream = await startUpstream(ports.APP_PORT)
  atEnd(upstream.stop)

  if (binaries.valkey !== undefined) {
    say(`Valkey on 127.0.0.1:${ports.STORE_PORT}`)
    const valkey = await startRedis({ server: binaries.valkey, port: ports.STORE_PORT })
    atEnd(valkey.stop)
  }
  await seedHabits({ issuer: issuer.url, files, ports, store })

  say(`Vigil on 127.0.0.1:${ports.VIGIL_PORT}, ${store} store`)
  const vigil = createVigil(files, ports.PROBES_PORT)
  atEnd(vigil.stop)
  await vigil.start()

  say(`Envoy ${DEFAULT_ENVOY} on 127.0.0.1:${ports.PLAIN_PORT}, application behind it on ${ports.APP_PORT}`)
  const bootstrap = join(import.meta.dirname, 'bootstrap.yaml')
  const envoy = await startEnvoy({ bootstrap, ports, binary: binaries.envoy, cwd: files.folder })
  atEnd(envoy.stop)
  return { ports, files, issuer, devices, vigil, client: createClient(ports, files, upstream) }
}

/** Paths of what runs outside of Node; fetched first when it is not there. @throws Error that says what to run */
function fetchTools(
  store: 'memory' | 'redis',
  say: (line: string) => void,
): { envoy: string; valkey?: string } {
  const names = [`envoy-${DEFAULT_ENVOY}`, ...(store === 'redis' ? ['valkey'] : [])]
  const isThere = (name: string) => (name === 'valkey' ? valkeyPath() : envoyPath()) !== undefined
  const missing = ensureTools(
    names.filter((name) => !isThere(name)),
    say,
  )
  const envoy = envoyPath()
  const valkey = store === 'redis' ? valkeyPath() : undefined
  if (envoy === undefined || missing.length > 0) {
    throw new Error(`${names.join(', ')} could not be had; try \`npm run tools\` and read what it says`)
  }
  return { envoy, ...(valkey !== undefined && { valkey }) }
}
