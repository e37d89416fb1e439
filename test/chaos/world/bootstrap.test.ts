import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../../scripts/root.ts'
import { edgeBootstrap } from './bootstrap.ts'

const PORTS = { listener: 21_000, admin: 21_001, app: 21_002, vigils: [21_003, 21_004] }
const WAITS = { each: '1s', all: '3s', health: '0.3s', ejection: '2s' }

// biome-ignore lint/suspicious/noExplicitAny: a bootstrap is looked into at many places
type Any = any
const shipped: Any = parse(readFileSync(join(ROOT, 'envoy', 'edge.yaml'), 'utf8'))
const clusterOf = (bootstrap: Any) =>
  bootstrap.static_resources.clusters.find(({ name }: Any) => name === 'vigil')
const managerOf = (bootstrap: Any) =>
  bootstrap.static_resources.listeners[0].filter_chains[0].filters[0].typed_config
const without = ({ load_assignment, ...rest }: Any) => rest

test('asks, retries, looks for health and leaves out as the shipped file does', () => {
  const made: Any = edgeBootstrap(PORTS)
  expect(managerOf(made).http_filters).toEqual(managerOf(shipped).http_filters)
  expect(without(clusterOf(made))).toEqual(without(clusterOf(shipped)))
  expect(made.overload_manager).toEqual(shipped.overload_manager)
})

test('two Vigils, plain HTTP, no access log', () => {
  const made: Any = edgeBootstrap(PORTS)
  const [{ lb_endpoints }] = clusterOf(made).load_assignment.endpoints
  expect(lb_endpoints.map(({ endpoint }: Any) => endpoint.address.socket_address.port_value)).toEqual(
    PORTS.vigils,
  )
  expect(managerOf(made)).not.toHaveProperty('access_log')
  expect(made.static_resources.listeners[0].filter_chains[0]).not.toHaveProperty('transport_socket')
})

test('a patient one differs in its times only', () => {
  const made: Any = edgeBootstrap(PORTS, WAITS)
  const [{ typed_config: asked }] = managerOf(made).http_filters
  expect(asked.grpc_service).toMatchObject({
    timeout: '3s',
    retry_policy: { num_retries: 1, retry_back_off: { max_interval: '1s' } },
  })
  expect(asked.failure_mode_allow).toBe(false)
  expect(clusterOf(made)).toMatchObject({
    health_checks: [{ interval: '0.3s', timeout: '1s', unhealthy_threshold: 2 }],
    outlier_detection: { base_ejection_time: '2s', consecutive_5xx: 5 },
  })
})
