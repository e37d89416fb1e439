import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../../../scripts/root.ts'
import { bootstrapText } from '../../harness/envoy.ts'

interface Listener {
  listener_filters?: unknown
  filter_chains: [
    {
      transport_socket?: unknown
      transport_socket_connect_timeout?: unknown
      filters: [{ typed_config: { access_log?: unknown; http_filters: [{ typed_config: ExtAuthz }] } }]
    },
  ]
}
interface ExtAuthz {
  grpc_service: { timeout: string; retry_policy: { retry_back_off: { max_interval: string } } }
}
interface Endpoint {
  endpoint: { address: { socket_address: { address: string; port_value: number } } }
}
interface Cluster {
  name: string
  health_checks: [
    { interval: string; interval_jitter: string; unhealthy_interval: string; no_traffic_interval: string },
  ]
  outlier_detection: { interval: string; base_ejection_time: string }
  load_assignment: { endpoints: [{ lb_endpoints: Endpoint[] }] }
}
interface Bootstrap {
  static_resources: { listeners: [Listener]; clusters: Cluster[] }
}

export interface Ports {
  readonly listener: number
  readonly admin: number
  readonly app: number
  readonly vigils: readonly number[]
}

/** What of the shipped file is another length: for a short campaign on a machine that is busy with other things. */
export interface Waits {
  /** Of ext_authz: how long a try may take, and all of them. */
  readonly each: string
  readonly all: string
  /** How often Vigil is asked for its health, and how long one is left out that did not answer. */
  readonly health: string
  readonly ejection: string
}

/**
 * `envoy/edge.yaml` as it is shipped, but for what the load needs: plain HTTP, no access log of thousands of lines a second,
 * and the addresses of two Vigils.
 * @param waits in place of the shipped ones
 */
export function edgeBootstrap(ports: Ports, waits?: Waits): object {
  const text = bootstrapText(join(ROOT, 'envoy', 'edge.yaml'), {
    ADMIN_PORT: ports.admin,
    LISTENER_PORT: ports.listener,
    APP_PORT: ports.app,
    VIGIL_PORT: ports.vigils[0] ?? 0,
  })
  const bootstrap = parse(text) as Bootstrap
  const { listeners, clusters } = bootstrap.static_resources
  const [chain] = listeners[0].filter_chains
  delete listeners[0].listener_filters
  delete chain.transport_socket
  delete chain.transport_socket_connect_timeout
  const manager = chain.filters[0].typed_config
  delete manager.access_log
  const vigil = clusters.find(({ name }) => name === 'vigil')
  if (vigil === undefined) throw new Error('envoy/edge.yaml has no cluster `vigil`')
  if (waits !== undefined) wait(waits, manager.http_filters[0].typed_config.grpc_service, vigil)
  vigil.load_assignment.endpoints[0].lb_endpoints = ports.vigils.map((port) => ({
    endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } },
  }))
  return bootstrap
}

function wait(waits: Waits, asked: ExtAuthz['grpc_service'], vigil: Cluster): void {
  asked.timeout = waits.all
  asked.retry_policy.retry_back_off.max_interval = waits.each
  const [health] = vigil.health_checks
  health.interval = waits.health
  health.unhealthy_interval = waits.health
  health.no_traffic_interval = waits.health
  health.interval_jitter = '0.01s'
  vigil.outlier_detection.interval = waits.ejection
  vigil.outlier_detection.base_ejection_time = waits.ejection
}
