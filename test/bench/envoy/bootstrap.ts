import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../../../scripts/root.ts'

/** What one listener does: asks the server at this port, or nobody. */
export interface Route {
  readonly name: string
  readonly listenPort: number
  /** Absent: Envoy alone. */
  readonly askPort?: number
}

// biome-ignore lint/suspicious/noExplicitAny: the shipped bootstrap, taken apart where it is known
type Yaml = any

/** Longer than any check takes on a busy machine: a figure of refusals would be none. */
const PATIENCE = '20s'
const ASK = 'envoy.filters.http.ext_authz'

/**
 * One Envoy with a listener for each row, all made of the shipped `envoy/sidecar.yaml`: its filter, its cluster, its way to the
 * application. Three things are not as shipped, for every row: no access log, no try but the first, which may take long, and no
 * health checks, which the empty handler could not answer.
 */
export function bootstrapOf(routes: readonly Route[], ports: { admin: number; app: number }): object {
  const shipped: Yaml = parse(readFileSync(join(ROOT, 'envoy/sidecar.yaml'), 'utf8'))
  const [listener] = shipped.static_resources.listeners
  const named = (name: string) =>
    shipped.static_resources.clusters.find((cluster: Yaml) => cluster.name === name)
  const asked = routes.flatMap(({ name, askPort }) =>
    askPort === undefined ? [] : [clusterOf(named('vigil'), name, askPort)],
  )
  return {
    admin: { address: loopback(ports.admin) },
    static_resources: {
      listeners: routes.map((route) => listenerOf(listener, route)),
      clusters: [clusterOf(named('app'), 'app', ports.app), ...asked],
    },
  }
}

const loopback = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })

function listenerOf(shipped: Yaml, { name, listenPort, askPort }: Route): Yaml {
  const listener = structuredClone(shipped)
  listener.name = name
  listener.address = loopback(listenPort)
  const manager = listener.filter_chains[0].filters[0].typed_config
  delete manager.access_log
  if (askPort === undefined) {
    manager.http_filters = manager.http_filters.filter((filter: Yaml) => filter.name !== ASK)
    return listener
  }
  const service = manager.http_filters.find((filter: Yaml) => filter.name === ASK).typed_config.grpc_service
  service.envoy_grpc.cluster_name = name
  service.timeout = PATIENCE
  delete service.retry_policy
  return listener
}

function clusterOf(shipped: Yaml, name: string, port: number): Yaml {
  const cluster = structuredClone(shipped)
  cluster.name = name
  cluster.load_assignment.cluster_name = name
  cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address = loopback(port)
  delete cluster.health_checks
  return cluster
}
