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
  PILOT_ENABLE_GATEWAY_API: 'false',
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

/** A stock Envoy that takes all it does from istiod, as the sidecar of a pod `app` in this namespace. */
export async function startSidecar(istiod: Istiod, namespace: string, version: string): Promise<Envoy> {
  const { admin } = await freePorts('admin')
  const at = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })
  const overAds = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' }
  const http2 = {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: {} },
    },
  }
  const bootstrap = {
    node: {
      // An address that no endpoint has: istiod would take the endpoint's labels for the proxy's.
      id: `sidecar~127.0.0.7~app-1.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `app.${namespace}`,
      metadata: {
        NAMESPACE: namespace,
        NAME: 'app-1',
        WORKLOAD_NAME: 'app',
        SERVICE_ACCOUNT: 'app',
        CLUSTER_ID: 'Kubernetes',
        ISTIO_VERSION: version,
        INTERCEPTION_MODE: 'NONE',
        LABELS: { app: 'app' },
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
        {
          name: 'xds-grpc',
          type: 'STATIC',
          connect_timeout: '1s',
          typed_extension_protocol_options: http2,
          load_assignment: {
            cluster_name: 'xds-grpc',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: at(istiod.xdsPort) } }] }],
          },
        },
      ],
    },
  }
  return startEnvoy({ bootstrap })
}

/** Where a sidecar listens and what it may see, and no mutual TLS, for which nobody gives out certificates here. */
export function meshObjects(
  namespace: string,
  vigil: string,
  ports: { inbound: number; app: number; egress: number },
) {
  return [
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'istio-system' },
      spec: { mtls: { mode: 'DISABLE' } },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Sidecar',
      metadata: { name: 'app', namespace },
      spec: {
        workloadSelector: { labels: { app: 'app' } },
        ingress: [
          {
            port: { number: ports.inbound, protocol: 'HTTP', name: 'http' },
            bind: '127.0.0.1',
            captureMode: 'NONE',
            defaultEndpoint: `127.0.0.1:${ports.app}`,
          },
        ],
        egress: [
          {
            port: { number: ports.egress, protocol: 'GRPC', name: 'grpc' },
            bind: '127.0.0.1',
            captureMode: 'NONE',
            hosts: [`${vigil}/*`],
          },
        ],
      },
    },
  ]
}

/**
 * Endpoints may not be loopback addresses, so the cluster of Vigil's Service is pinned to where its pods listen here. All
 * else about it stays istiod's: its name, and that the policy asks for it.
 */
export function pinnedCluster(service: string, port: number, addresses: readonly string[]) {
  const name = `outbound|${port}||${service}`
  const endpoints = addresses.map((address) => ({
    endpoint: { address: { socket_address: { address, port_value: 9000 } } },
  }))
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name: 'only-for-tests', namespace: 'istio-system' },
    spec: {
      configPatches: [
        { applyTo: 'CLUSTER', match: { cluster: { service } }, patch: { operation: 'REMOVE' } },
        {
          applyTo: 'CLUSTER',
          match: { context: 'SIDECAR_OUTBOUND' },
          patch: {
            operation: 'ADD',
            value: {
              name,
              type: 'STATIC',
              connect_timeout: '1s',
              typed_extension_protocol_options: {
                'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
                  '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
                  explicit_http_config: { http2_protocol_options: {} },
                },
              },
              load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: endpoints }] },
            },
          },
        },
      ],
    },
  }
}
