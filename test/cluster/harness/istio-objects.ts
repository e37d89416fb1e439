import { LOOPBACK, type Workload } from './istio.ts'

/** Objects that a user of Istio has besides the chart's. */

type Labels = Readonly<Record<string, string>>

/** Hosts of a Sidecar's egress that lets Vigil's namespace through. */
export const REACHES_VIGIL: readonly string[] = ['vigil/*']

/** Mutual TLS of all workloads that say nothing of their own. */
export const peerAuthentication = (mode: 'DISABLE' | 'PERMISSIVE') => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace: 'istio-system' },
  spec: { mtls: { mode } },
})

/** Where a sidecar listens, since nothing redirects traffic to it here, and what it may see. */
export function sidecar(
  { namespace, name, labels, address }: Workload,
  ports: { inbound: number; app: number },
  hosts: readonly string[] = REACHES_VIGIL,
) {
  const inbound = { number: ports.inbound, protocol: 'HTTP', name: 'http' }
  // Without a port, an Envoy that gets no redirected traffic would bind those of all Services that it may see.
  const outbound = { number: 9000, protocol: 'GRPC', name: 'grpc' }
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name, namespace },
    spec: {
      workloadSelector: { labels },
      ingress: [
        {
          ...{ port: inbound, bind: LOOPBACK, captureMode: 'NONE' },
          defaultEndpoint: `${LOOPBACK}:${ports.app}`,
        },
      ],
      egress: [{ port: outbound, bind: address, captureMode: 'NONE', hosts }],
    },
  }
}

/**
 * Vigil's own sidecar, with the address of its pod: what comes to port 9000 of another address goes on to the pod. In a
 * mesh both are the pod's, and the traffic is redirected.
 */
export const sidecarOfVigil = ({ labels }: Workload, bind: string) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Sidecar',
  metadata: { name: 'vigil', namespace: 'vigil' },
  spec: {
    workloadSelector: { labels },
    ingress: [
      {
        ...{ port: { number: 9000, protocol: 'GRPC', name: 'grpc' }, bind, captureMode: 'NONE' },
        defaultEndpoint: '0.0.0.0:9000',
      },
    ],
    egress: [
      { port: { number: 9000, protocol: 'GRPC', name: 'grpc' }, bind, captureMode: 'NONE', hosts: ['~/*'] },
    ],
  },
})

/** Behind which address and port what a Service selects is found: endpoints of pods may not be loopback addresses. */
export const workloadEntry = (
  namespace: string,
  name: string,
  labels: Labels,
  address: string,
  ports: Readonly<Record<string, number>>,
  more: object = {},
) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'WorkloadEntry',
  metadata: { name, namespace },
  spec: { address, labels, ports, ...more },
})

/** A Service for HTTP; its endpoints are WorkloadEntries with this label. */
export const service = (namespace: string, app: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: app, namespace },
  spec: { selector: { app }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
})

/** A gateway for all hosts on this port, and its one route. */
export const gateway = ({ namespace, name, labels }: Workload, port: number, to: string) => [
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: {
      selector: labels,
      servers: [{ port: { number: port, name: 'http', protocol: 'HTTP' }, hosts: ['*'], bind: LOOPBACK }],
    },
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace },
    spec: {
      hosts: ['*'],
      gateways: [`${namespace}/${name}`],
      http: [{ route: [{ destination: { host: `${to}.svc.cluster.local`, port: { number: 80 } } }] }],
    },
  },
]

/** A filter `of.another` before the router, as users have them. */
export const luaFilter = ({ namespace, labels }: Workload) => ({
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: 'of-another', namespace },
  spec: {
    workloadSelector: { labels },
    configPatches: [
      {
        applyTo: 'HTTP_FILTER',
        match: {
          context: 'SIDECAR_INBOUND',
          listener: {
            filterChain: {
              filter: {
                name: 'envoy.filters.network.http_connection_manager',
                subFilter: { name: 'envoy.filters.http.router' },
              },
            },
          },
        },
        patch: {
          operation: 'INSERT_BEFORE',
          value: {
            name: 'of.another',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
              default_source_code: { inline_string: 'function envoy_on_request(handle) end' },
            },
          },
        },
      },
    ],
  },
})
