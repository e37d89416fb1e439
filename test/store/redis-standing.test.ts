import { describe, expect, test } from '@jest/globals'
import { examine } from '../../src/store/redis-standing.ts'

const NOW = 1_760_000_000_000
const info = (fields: Record<string, string> = {}) =>
  `# Server\r\n${Object.entries({
    redis_version: '7.2.4',
    run_id: 'r1',
    uptime_in_seconds: '100',
    role: 'master',
    master_replid: 'm1',
    maxmemory_policy: 'noeviction',
    ...fields,
  })
    .map(([name, value]) => `${name}:${value}`)
    .join('\r\n')}\r\n`

describe('what INFO says about a store', () => {
  test.each([
    ['a good primary', {}, []],
    ['Redis 7.0', { redis_version: '7.0.15' }, []],
    ['Redis 10', { redis_version: '10.0.0' }, []],
    ['one that evicts', { maxmemory_policy: 'allkeys-lru' }, ['eviction']],
    ['one that evicts what expires', { maxmemory_policy: 'volatile-ttl' }, ['eviction']],
    ['a replica', { role: 'slave' }, ['replica']],
    ['one without SET NX GET', { redis_version: '6.2.7' }, ['version']],
    [
      'everything at once',
      { role: 'slave', maxmemory_policy: 'x', redis_version: '5' },
      ['eviction', 'replica', 'version'],
    ],
  ])('%s', (_what, fields, degraded) => {
    expect(examine(info(fields as Record<string, string>), undefined, NOW).standing.degraded).toEqual(
      degraded,
    )
  })

  test('a reply without the fields is nothing to rely on', () => {
    expect(examine('', undefined, NOW).standing.degraded).toEqual(['unknown'])
    expect(examine('redis_version:7.2.4\r\nrole:master\r\n', undefined, NOW).standing.degraded).toEqual([
      'unknown',
    ])
  })

  test('at the first look, claims are good since the server started', () => {
    expect(examine(info(), undefined, NOW).standing.primarySinceMs).toBe(NOW - 101_000)
  })

  const first = examine(info(), undefined, NOW).primary
  test.each([
    ['the same primary', {}, NOW - 101_000],
    ['a restarted one', { run_id: 'r2', uptime_in_seconds: '0' }, NOW + 5000],
    ['a promoted replica behind the same address', { run_id: 'r2', master_replid: 'm2' }, NOW + 5000],
    ['the same process with another data set', { master_replid: 'm2' }, NOW + 5000],
  ])('at a later look: %s', (_what, fields, sinceMs) => {
    const later = examine(info(fields as Record<string, string>), first, NOW + 5000)
    expect(later.standing.primarySinceMs).toBe(sinceMs)
    expect(examine(info(fields as Record<string, string>), later.primary, NOW + 9000).primary).toBe(
      later.primary,
    )
  })
})
