import { describe, expect, test } from '@jest/globals'
import { examine } from '../../src/store/redis-standing.ts'

const info = (fields: Record<string, string> = {}) =>
  `# Server\r\n${Object.entries({
    redis_version: '7.2.4',
    run_id: 'r1',
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
    expect(examine(info(fields as Record<string, string>), undefined).degraded).toEqual(degraded)
  })

  test('a reply without the fields is nothing to rely on', () => {
    expect(examine('', undefined).degraded).toEqual(['unknown'])
    expect(examine('redis_version:7.2.4\r\nrole:master\r\n', undefined).degraded).toEqual(['unknown'])
  })

  const { primary } = examine(info(), undefined)
  test.each([
    ['the same primary', {}, true],
    ['a restarted one', { run_id: 'r2' }, false],
    ['a promoted replica behind the same address', { run_id: 'r2', master_replid: 'm2' }, false],
    ['the same process with another data set', { master_replid: 'm2' }, false],
  ])('at a later look: %s', (_what, fields, isSame) => {
    const later = examine(info(fields as Record<string, string>), primary).primary
    expect(later === primary).toBe(isSame)
    expect(examine(info(fields as Record<string, string>), later).primary).toBe(later)
  })
})
