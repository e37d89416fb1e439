import { describe, expect, test } from '@jest/globals'
import { bootstrapOf } from './bootstrap.ts'

// biome-ignore lint/suspicious/noExplicitAny: a bootstrap, looked into where it is known
type Yaml = any

const bootstrap: Yaml = bootstrapOf(
  [
    { name: 'alone', listenPort: 1 },
    { name: 'one', listenPort: 2, askPort: 3 },
    { name: 'two', listenPort: 4, askPort: 5 },
  ],
  { admin: 6, app: 7 },
)
const managerOf = (name: string): Yaml =>
  bootstrap.static_resources.listeners.find((listener: Yaml) => listener.name === name).filter_chains[0]
    .filters[0].typed_config
const filtersOf = (name: string): string[] => managerOf(name).http_filters.map((filter: Yaml) => filter.name)
const clusterOf = (name: string): Yaml =>
  bootstrap.static_resources.clusters.find((cluster: Yaml) => cluster.name === name)
const portOf = (cluster: Yaml): number =>
  cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.port_value

describe('one Envoy for all rows', () => {
  test('asks what the row asks, and nobody where Envoy is alone', () => {
    expect(filtersOf('alone')).toEqual(['envoy.filters.http.router'])
    expect(filtersOf('one')).toEqual(['envoy.filters.http.ext_authz', 'envoy.filters.http.router'])
    expect(managerOf('two').http_filters[0].typed_config.grpc_service.envoy_grpc.cluster_name).toBe('two')
    expect([clusterOf('one'), clusterOf('two'), clusterOf('app')].map(portOf)).toEqual([3, 5, 7])
  })

  test('fails closed as shipped, and waits long enough to be no figure of refusals', () => {
    const { failure_mode_allow, grpc_service } = managerOf('one').http_filters[0].typed_config
    expect(failure_mode_allow).toBe(false)
    expect(grpc_service).toMatchObject({ timeout: '20s' })
    expect(grpc_service.retry_policy).toBeUndefined()
  })

  test('has the same left out of every row', () => {
    for (const name of ['alone', 'one', 'two']) expect(managerOf(name).access_log).toBeUndefined()
    for (const name of ['one', 'two']) expect(clusterOf(name).health_checks).toBeUndefined()
  })
})
