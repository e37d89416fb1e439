import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Envoy, startEnvoy } from '../../harness/envoy.ts'
import { freePorts } from '../../harness/ports.ts'
import { makeSigner, type ProofSigner } from '../../harness/proofs.ts'
import { keys } from '../../harness/tokens.ts'
import { writeInstanceKey } from '../../harness/vigil.ts'
import { edgeBootstrap } from './bootstrap.ts'
import { type App, type Load, startApp, startLoad } from './children.ts'
import { createIssuer, type Issuer } from './issuer.ts'
import { createRedis, type Redis } from './redis.ts'
import { fixedOf, type Pace, settingsOf } from './settings.ts'
import { createVigil, removeFolder, type Vigil } from './vigils.ts'

/** Everything that takes part: load -> Envoy -> two Vigils -> Redis and issuer; and the application behind Envoy. */
export interface World {
  readonly pace: Pace
  readonly folder: string
  readonly redis: Redis
  readonly issuer: Issuer
  readonly vigils: readonly [Vigil, Vigil]
  readonly envoy: Envoy
  readonly listenerPort: number
  readonly app: App
  readonly load: Load
  readonly signers: readonly ProofSigner[]
  /** `static.yaml` as it is but for these members. */
  fixed(changes?: object): object
  /** `vigil.yaml` for both, as it is but for these members. */
  configure(changes?: (vigil: Vigil) => object): void
  /** Ends both Vigils and starts them, with these members of `static.yaml`. */
  restart(changes?: object): Promise<void>
  /** The same where they run with others now. */
  use(changes?: object): Promise<void>
  stop(): Promise<void>
}

/** As many clients that prove. */
const SIGNERS = 20

/** @param servers paths of the store’s server and of Envoy */
export async function openWorld(servers: { redis: string; envoy: string }, pace: Pace): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-chaos-'))
  const ports = await freePorts('listener', 'admin', 'app', 'redis', 'issuer')
  const redis = createRedis(servers.redis, ports.redis)
  const issuer = createIssuer(ports.issuer, [keys.es256])
  const vigils = [await createVigil(folder, 'vigil-0'), await createVigil(folder, 'vigil-1')] as const
  const signers = await Promise.all(Array.from({ length: SIGNERS }, () => makeSigner('ES256')))
  const instanceKeyFile = writeInstanceKey(folder)
  const fixed = (changes: object = {}) => fixedOf(pace, { instanceKeyFile, redisPort: redis.port }, changes)
  const configure: World['configure'] = (changes = () => ({})) => {
    for (const vigil of vigils) vigil.configure(settingsOf(issuer.uri, vigil.records, changes(vigil)))
  }
  let inUse = ''
  const restart: World['restart'] = async (changes = {}) => {
    inUse = JSON.stringify(changes)
    await Promise.all(vigils.map((vigil) => vigil.stop()))
    await Promise.all(vigils.map((vigil) => vigil.start(fixed(changes))))
  }
  const use: World['use'] = async (changes = {}) => {
    if (JSON.stringify(changes) !== inUse) await restart(changes)
  }
  await Promise.all([redis.start(), issuer.start()])
  configure()
  const vigilPorts = vigils.map(({ port }) => port)
  const bootstrap = edgeBootstrap({ ...ports, vigils: vigilPorts }, pace.waits)
  const [envoy, app] = await Promise.all([
    startEnvoy({ bootstrap, binary: servers.envoy }),
    startApp(ports.app),
    restart(),
  ])
  const load = startLoad(signers)
  const stop = async () => {
    load.stop()
    app.stop()
    await Promise.all([envoy.stop(), issuer.stop(), ...vigils.map((vigil) => vigil.stop())])
    await redis.stop()
    removeFolder(folder)
  }
  const parts = { pace, folder, redis, issuer, vigils, envoy, app, load, signers }
  return { ...parts, listenerPort: ports.listener, fixed, configure, restart, use, stop }
}
