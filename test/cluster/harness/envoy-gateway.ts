import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_ENVOY } from '../../../scripts/tools/catalog.ts'
import { clusterPath } from '../../../scripts/tools/locate.ts'
import { type Island, startIsland } from './island.ts'

/** Where Envoy Gateway has its own objects. */
export const SYSTEM = 'envoy-gateway-system'
/** On which the Gateway listens, inside; 8080 and 8081 are Envoy Gateway's own. */
const LISTENER = 7070
const CONTROLLER = 'gateway.envoyproxy.io/gatewayclass-controller'

/** A real Envoy Gateway that watches the API server, and the Envoy that it starts, in a network of their own. */
export interface EnvoyGateway {
  /** A port that leads to the Gateway; `from` is where Envoy sees the client, one of 10.0.0.0/8. */
  open(from?: string): Promise<number>
  /** What both have written. */
  output(): string
  /** Text of an admin page of its Envoy. */
  admin(path: string): Promise<string>
  stop(): Promise<void>
}

/** @param ports of pods and applications, which it reaches */
export async function startEnvoyGateway(
  kubeconfig: string,
  envoy: string,
  ports: readonly number[],
): Promise<EnvoyGateway> {
  const binary = clusterPath('envoy-gateway')
  if (binary === undefined) throw new Error('no Envoy Gateway: run `npm run tools -- --cluster`')
  const folder = mkdtempSync(join(tmpdir(), 'vigil-eg-'))
  try {
    const settings = prepare(folder, envoy)
    makeCertificates(binary, join(folder, 'config'), kubeconfig)
    const island = await startIsland({
      folder,
      command: [binary, 'server', '--config-path', settings],
      env: { KUBECONFIG: kubeconfig, ENVOY_GATEWAY_NAMESPACE: SYSTEM },
      listeners: [{ host: '127.0.0.1', port: apiPortOf(kubeconfig) }, ...ports.map(onAll)],
      // With objects of an API server it looks for its certificates there, and only there.
      links: { certs: join(folder, 'config', 'certs', 'envoy-gateway') },
    })
    return running(island, folder)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

const onAll = (port: number) => ({ host: '0.0.0.0', port })

function running(island: Island, folder: string): EnvoyGateway {
  let admin: Promise<number> | undefined
  const openAdmin = async () => {
    const [file = ''] = globSync('run/**/admin-address.txt', { cwd: folder })
    return island.open(Number(readFileSync(join(folder, file), 'utf8').split(':').at(-1)))
  }
  return {
    open: (from) => island.open(LISTENER, from),
    output: island.running.output,
    admin: async (path) => {
      admin ??= openAdmin()
      const answer = await fetch(`http://127.0.0.1:${await admin}${path}`, {
        signal: AbortSignal.timeout(5000),
      })
      return answer.text()
    },
    stop: island.stop,
  }
}

/** Its settings, and Envoy where it would look for what it has downloaded. */
function prepare(folder: string, envoy: string): string {
  const versions = join(folder, 'share', 'envoy-versions', DEFAULT_ENVOY, 'bin')
  mkdirSync(versions, { recursive: true })
  symlinkSync(envoy, join(versions, 'envoy'))
  const host = {
    configHome: join(folder, 'config'),
    dataHome: join(folder, 'share'),
    stateHome: join(folder, 'state'),
    runtimeDir: join(folder, 'run'),
  }
  const settings = {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'EnvoyGateway',
    gateway: { controllerName: CONTROLLER },
    provider: {
      type: 'Custom',
      custom: {
        resource: { type: 'Kubernetes', kubernetes: { leaderElection: { disable: true } } },
        infrastructure: { type: 'Host', host },
      },
    },
    logging: { level: { default: 'warn' } },
  }
  const file = join(folder, 'envoy-gateway.yaml')
  writeFileSync(file, JSON.stringify(settings))
  return file
}

/** Those between Envoy Gateway and its Envoy: as files, and as Secrets. */
function makeCertificates(binary: string, home: string, kubeconfig: string): void {
  for (const args of [['--local', '--config-home', home], ['--disable-topology-injector']]) {
    const env = { ...process.env, KUBECONFIG: kubeconfig, ENVOY_GATEWAY_NAMESPACE: SYSTEM }
    const options = { env, encoding: 'utf8', timeout: 60_000 } as const
    const { status, stdout, stderr } = spawnSync(binary, ['certgen', ...args], options)
    if (status !== 0) throw new Error(`certgen ${args.join(' ')}: ${stdout}${stderr}`)
  }
}

function apiPortOf(kubeconfig: string): number {
  const { clusters } = JSON.parse(readFileSync(kubeconfig, 'utf8'))
  return Number(new URL(clusters[0].cluster.server).port)
}

/** A Gateway `eg` in this namespace, with the client certificate of a Secret in SYSTEM for what stands behind it. */
export function gatewayObjects(namespace: string, clientSecret: string) {
  const parametersRef = {
    group: 'gateway.envoyproxy.io',
    kind: 'EnvoyProxy',
    name: 'host',
    namespace: SYSTEM,
  }
  return [
    envoyProxy(clientSecret),
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'eg' },
      spec: { controllerName: CONTROLLER, parametersRef },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'eg', namespace },
      spec: { gatewayClassName: 'eg', listeners: [{ name: 'http', protocol: 'HTTP', port: LISTENER }] },
    },
  ]
}

/** As docs/attach.md says it, and a process of this machine as Envoy. */
export const envoyProxy = (clientSecret: string) => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'EnvoyProxy',
  metadata: { name: 'host', namespace: SYSTEM },
  spec: {
    provider: { type: 'Host', host: { envoyVersion: DEFAULT_ENVOY } },
    backendTLS: { clientCertificateRef: { kind: 'Secret', name: clientSecret } },
    concurrency: 1,
    extraArgs: ['--disable-hot-restart'],
  },
})

/** An application of this machine as a Service `app`, at 127.0.0.1. */
export function appObjects(namespace: string, port: number) {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'app', namespace },
      spec: { ports: [{ name: 'http', port: 80, targetPort: port }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'app', namespace, labels: { 'kubernetes.io/service-name': 'app' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: 'http', port, protocol: 'TCP' }],
    },
  ]
}

/** A route of Gateway `eg` to the application. */
export const routeObject = (namespace: string, name: string, prefix: string) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace },
  spec: {
    parentRefs: [{ name: 'eg' }],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: prefix } }],
        backendRefs: [{ name: 'app', port: 80 }],
      },
    ],
  },
})
