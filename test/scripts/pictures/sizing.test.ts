import { describe, expect, test } from '@jest/globals'
import { shortTable } from '../../../scripts/pictures/short.ts'
import {
  capacityText,
  checksTable,
  coresTable,
  costsOf,
  residentText,
} from '../../../scripts/pictures/sizing.ts'
import { FRESH, MEMORY, onTwoCores, PROVEN, REDIS } from '../../bench/grpc/rows.ts'

const at = (p50Us: number) => ({ 1000: { isOverloaded: false, p50Us, p99Us: 10 * p50Us, cpuUs: 3 * p50Us } })
const row = (name: string, perSecond: number | undefined, rssMb: number) => ({
  name,
  rssMb,
  at: at(100),
  ...(perSecond !== undefined && { perSecond, cpuUsAtFull: 1e6 / perSecond, cpuUs: 300 }),
})
const grpc = {
  rows: [
    row('empty', 20_000, 10),
    row(MEMORY, 12_000, 190),
    row(REDIS, 9000, 200),
    row(PROVEN, 4500, 210),
    row(FRESH, 3000, 250),
    row(onTwoCores(REDIS), undefined, 180),
  ],
} as never

describe('the page on sizing', () => {
  test('tells what a check costs, by what it shows', () => {
    expect(checksTable(grpc)).toContain(
      '| a token that was seen before, Redis | 9,000 | 111 µs | 300 µs | 200 MB |',
    )
    expect(checksTable(grpc)).not.toContain('empty')
  })

  test('reckons pods', () => {
    const costs = costsOf(grpc)
    if (costs === undefined) throw new Error('no costs')
    const text = capacityText(costs)
    expect(text).toContain('1,000 checks/s took 30 % of a core, and the rest of it took 8,000 more')
    expect(text).toContain('/ 9,000  +  share of proofs / 4,500  +  share of first tokens / 3,000)')
    // 0.9 / 9,000 + 0.1 / 4,500 is 1 / 8,182; half of that takes 6,000 checks/s with 1.47 pods.
    expect(text).toContain('= 8,182; 6,000 / 4,091 is 2 when it is rounded up, and one more: 3 pods')
    expect(costsOf({ rows: [row(REDIS, 9000, 1)] } as never)).toBeUndefined()
  })

  test('tells what is resident, as far as it was measured', () => {
    expect(residentText({ grpc } as never)).toBe('Under load it took 180 to 250 MB, by what checks show.')
    const memory = { identities: 100_000, addedPeakBytes: 94e6, bytesPerIdentity: 303 }
    expect(residentText({ start: { idleBytes: 140e6 }, memory } as never)).toBe(
      'Half a second after its start a process takes 140 MB. 100,000 identities in the memory store brought it to 94 MB over an ' +
        'empty handler under the same load, 303 bytes held for each.',
    )
  })

  test('sets one core beside two, and leaves open what was not measured', () => {
    expect(coresTable(grpc).split('\n').slice(2)).toEqual([
      `| ${MEMORY} | 100 |  | 1,000 |  | 300 |  | 190 |  |`,
      `| ${REDIS} | 100 | 100 | 1,000 | 1,000 | 300 | 300 | 200 | 180 |`,
    ])
  })
})

test('what a core does is told in a table, with what Envoy adds where that was measured', () => {
  const envoy = [{ row: '+ Vigil, Redis', open: [{ perSecond: 1000, addedP50Us: { median: 697 } }] }]
  expect(
    shortTable(grpc, envoy as never)
      .split('\n')
      .slice(2, 5),
  ).toEqual([
    '| a token that was seen before, memory store | 12,000 | 83.3 µs | 0.1 ms |  |',
    '| a token that was seen before, Redis | 9,000 | 111 µs | 0.1 ms | 0.697 ms |',
    '| the same and a new DPoP proof, Redis | 4,500 | 222 µs | 0.1 ms |  |',
  ])
  const overloaded = { rows: [{ ...row(REDIS, 9000, 1), at: { 1000: { isOverloaded: true } } }] }
  expect(shortTable(overloaded as never)).toContain('| 9,000 | 111 µs |  |  |')
})
