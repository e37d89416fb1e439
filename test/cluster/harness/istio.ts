import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { parse } from 'yaml'
import { clusterPath } from '../../../scripts/tools/locate.ts'
import { type Envoy, startEnvoy } from '../../harness/envoy.ts'
import { freePorts } from '../../harness/ports.ts'
import { type Running, start } from '../../harness/process.ts'
import { waitForHttp } from '../../harness/wait.ts'

/** A real istiod that watches the API server. */
export interface Istiod {
  readonly xdsPort: number
  readonly running: Running
  stop(): Promise<void>
}

/** Without what needs a mesh around it: certificates, injection, webhooks, Istio's own build of Envoy. */
const ENVIRONMENT = {
  POD_NAME: 'istiod-1',
  POD_NAMESPACE: 'istio-system',
  REVISION: 'default',
  CLUSTER_ID: 'Kubernetes',
  ENABLE_CA_SERVER: 'false',
  PILOT_CERT_PROVIDER: 'none',
  XDS_AUTH: 'false',
  ENABLE_DEBUG_ENDPOINT_AUTH: 'false',
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
  // Gateways of the Gateway API are known, but nobody deploys them.
  PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
  PILOT_ENABLE_GATEWAY_API_GATEWAYCLASS_CONTROLLER: 'false',
  INJECT_ENABLED: 'false',
  VALIDATION_WEBHOOK_CONFIG_NAME: '',
}

export async function startIstiod(kubeconfig: string): Promise<Istiod> {
  const binary = clusterPath('pilot-discovery')
  if (binary === undefined) throw new Error('no istiod: run `npm run tools -- --cluster`')
  const ports = await freePorts('http', 'xds', 'monitoring')
  const args = [
    ...['discovery', '--registries=Kubernetes', '--kubeconfig', kubeconfig, '--domain', 'cluster.local'],
    // So that the mesh's settings are those of the ConfigMap istio, as a user writes them.
    ...['--meshConfig', '/nonexistent', '--httpsAddr=', '--secureGRPCAddr=', '--ctrlz_port', '0'],
    ...['--httpAddr', `127.0.0.1:${ports.http}`, '--grpcAddr', `127.0.0.1:${ports.xds}`],
    ...['--monitoringAddr', `127.0.0.1:${ports.monitoring}`],
  ]
  const running = start(binary, args, { env: ENVIRONMENT })
  try {
    await waitForHttp(`http://127.0.0.1:${ports.http}/ready`, 60_000)
  } catch (error) {
    await running.stop()
    throw new Error(`${String(error)}\n${running.output()}`)
  }
  return { xdsPort: ports.xds, running, stop: () => running.stop(5000) }
}

/** What the notes of an installation say to put into meshConfig: the block that a user copies. */
export function meshConfigIn(notes: string): { extensionProviders: unknown[] } {
  const lines = notes.split('\n')
  const from = lines.findIndex((line) => /^ *meshConfig:$/.test(line))
  if (from < 0) throw new Error(`the notes tell no meshConfig:\n${notes}`)
  const indent = /^ */.exec(lines[from] ?? '')?.[0].length ?? 0
  const after = lines.slice(from + 1)
  const length = after.findIndex((line) => !line.startsWith(' '.repeat(indent + 1)))
  return parse(after.slice(0, length < 0 ? undefined : length).join('\n'))
}

/** The application behind a sidecar: answers with the headers that it sees. */
export async function startApp(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(request.headers))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Who an Envoy is to istiod. */
export interface Workload {
  /** A sidecar, for what comes in to its application, or a gateway. */
  readonly kind: 'sidecar' | 'router'
  readonly namespace: string
  /** Also the name of its service account. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** As ownAddress. */
  readonly address: string
}

const subnet = `127.${randomInt(250, 255)}.${randomInt(1, 250)}`
let addresses = 0

/** An address that no endpoint has: istiod would take the endpoint's labels for the proxy's. Pods have others, too. */
export const ownAddress = (): string => `${subnet}.${++addresses}`

export const LOOPBACK = '127.0.0.1'
const at = (port: number) => ({ socket_address: { address: LOOPBACK, port_value: port } })

/** A cluster of a bootstrap that speaks HTTP/2 to a port of this machine. */
const http2Cluster = (name: string, port: number) => ({
  name,
  type: 'STATIC',
  connect_timeout: '1s',
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: at(port) } }] }],
  },
})

/** A stock Envoy that takes all it does from istiod, and its certificates, where it needs any, from `sdsPort`. */
export async function startProxy(
  istiod: Istiod,
  version: string,
  workload: Workload,
  sdsPort?: number,
): Promise<Envoy> {
  const { kind, namespace, name, labels, address } = workload
  const { admin } = await freePorts('admin')
  const overAds = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' }
  const bootstrap = {
    node: {
      id: `${kind}~${address}~${name}-1.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `${name}.${namespace}`,
      metadata: {
        NAMESPACE: namespace,
        NAME: `${name}-1`,
        WORKLOAD_NAME: name,
        SERVICE_ACCOUNT: name,
        CLUSTER_ID: 'Kubernetes',
        ISTIO_VERSION: version,
        INTERCEPTION_MODE: 'NONE',
        LABELS: labels,
      },
    },
    admin: { address: at(admin) },
    dynamic_resources: {
      ads_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc' } }],
      },
      cds_config: overAds,
      lds_config: overAds,
    },
    static_resources: {
      clusters: [
        http2Cluster('xds-grpc', istiod.xdsPort),
        ...(sdsPort === undefined ? [] : [http2Cluster('sds-grpc', sdsPort)]),
      ],
    },
  }
  return startEnvoy({ bootstrap })
}
