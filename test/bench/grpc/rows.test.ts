import { describe, expect, test } from '@jest/globals'
import { isOverloaded, isTooSlow } from './overload.ts'
import { EMPTY, type Extent, FRESH, MEMORY, onTwoCores, PROVEN, REDIS, rowNames } from './rows.ts'

const WHOLE: Extent = { hasRedis: true, canPin: true, peers: ['heimdall', 'authorino'], hasAllRows: true }
const names = (extent: Partial<Extent>) => rowNames({ ...WHOLE, ...extent })

describe('rows of a run', () => {
  test('a full run has both peers, and some rows on two cores', () => {
    expect(names({})).toEqual(
      expect.arrayContaining([EMPTY, MEMORY, REDIS, PROVEN, FRESH, 'heimdall', 'authorino']),
    )
    expect(names({}).filter((name) => name.endsWith('two cores'))).toEqual(
      [EMPTY, MEMORY, REDIS, 'heimdall'].map(onTwoCores),
    )
  })

  test('a quick run has what Vigil is held to first', () => {
    expect(names({ hasAllRows: false })).toEqual([EMPTY, MEMORY, REDIS, PROVEN])
  })

  test('what is not there is left out', () => {
    expect(names({ hasRedis: false }).filter((name) => name.includes('Redis'))).toEqual([])
    expect(names({ peers: ['authorino'] }).filter((name) => name.includes('heimdall'))).toEqual([])
    expect(names({ canPin: false }).filter((name) => name.includes('two cores'))).toEqual([])
  })

  test('some rows alone, always beside the empty handler', () => {
    expect(names({ only: ['authorino', 'DPoP'] })).toEqual([EMPTY, PROVEN, 'authorino'])
  })

  test('other flags of Node have rows of their own, on one core and on two', () => {
    const flags = ['--max-semi-space-size=16']
    expect(names({ flags }).slice(-2)).toEqual([
      `${MEMORY}, --max-semi-space-size=16`,
      onTwoCores(`${MEMORY}, --max-semi-space-size=16`),
    ])
  })

  test('another checkout has rows of its own', () => {
    expect(names({ against: '/before', hasAllRows: false }).slice(-2)).toEqual([
      'memory store, /before',
      'Redis, /before',
    ])
  })
})

describe('a rate that is too much', () => {
  test('a queue at the end that is more than a pause', () => {
    expect(isOverloaded({ sent: 3000, passed: 3000, backlog: 150 })).toBe(false)
    expect(isOverloaded({ sent: 3000, passed: 3000, backlog: 151 })).toBe(true)
  })

  test('calls that are refused to get rid of them', () => {
    expect(isOverloaded({ sent: 3000, passed: 2970, backlog: 0 })).toBe(false)
    expect(isOverloaded({ sent: 3000, passed: 2969, backlog: 0 })).toBe(true)
  })

  test('nobody tries what is more than full load', () => {
    expect(isTooSlow(2790, 3000)).toBe(true)
    expect(isTooSlow(3001, 3000)).toBe(false)
    expect(isTooSlow(undefined, 3000)).toBe(false)
  })
})
