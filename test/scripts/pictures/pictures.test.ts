import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { barSpec, whoOf } from '../../../scripts/pictures/bars.ts'
import { latenessText } from '../../../scripts/pictures/bench.ts'
import { withBlocks } from '../../../scripts/pictures/blocks.ts'
import { COLOURS, drawn, titled } from '../../../scripts/pictures/chart.ts'
import { CURVE_PICTURES } from '../../../scripts/pictures/growth.ts'
import { lineSpec } from '../../../scripts/pictures/lines.ts'
import { EXAMPLE, exampleText, planOf, type UnitCosts, unitCosts } from '../../../scripts/pictures/scaling.ts'
import { taken } from '../../../scripts/pictures/take.ts'
import { interval, number } from '../../../scripts/pictures/text.ts'
import { ROOT } from '../../../scripts/root.ts'
import { CURVES, type Series } from '../../bench/growth/curves.ts'

const spreadOf = (median: number) => ({ median, min: 0.9 * median, max: 1.2 * median })
const seriesOf = (name: string, points: readonly (readonly [number, Record<string, number>])[]): Series => ({
  name,
  points: points.map(([x, figures]) => ({
    x,
    figures: Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, spreadOf(value)])),
  })),
})

describe('parts of a page that are written', () => {
  const page = 'before\n<!-- figures: a -->\nold\n<!-- end of a -->\nafter'

  test('are replaced, and nothing else', () => {
    const next = withBlocks(page, { a: 'new' })
    expect(next).toBe('before\n<!-- figures: a -->\n\nnew\n\n<!-- end of a -->\nafter')
    expect(withBlocks(next, { a: 'new' })).toBe(next)
  })

  test('must be written, and must have a place', () => {
    expect(() => withBlocks(page, {})).toThrow('nobody writes the figures named a')
    expect(() => withBlocks(page, { a: '', b: '' })).toThrow('no place for the figures named b')
  })
})

describe('what is taken of a report', () => {
  const report = {
    machine: {},
    isQuick: false,
    envoy: { rows: [{ us: 1.234567, sent: 1234567 }], rounds: [[1]] },
  }

  test('all but the rounds, to four digits that count', () => {
    const figures = { machine: {}, isQuick: false, envoy: { rows: [{ us: 1.235, sent: 1234567 }] } }
    expect(taken(report)).toEqual([{ name: 'envoy', figures }])
  })

  test('each curve alone', () => {
    const growth = { rules: [{ name: 'a' }], headers: [{ name: 'b' }] }
    expect(taken({ machine: {}, isQuick: false, growth })).toEqual([
      { name: 'growth-rules', figures: { machine: {}, isQuick: false, series: [{ name: 'a' }] } },
      { name: 'growth-headers', figures: { machine: {}, isQuick: false, series: [{ name: 'b' }] } },
    ])
  })

  test.each([
    [{ ...report, isQuick: true }, 'a quick run'],
    [{ machine: {} }, 'no report of a benchmark'],
    [[], 'no report of a benchmark'],
    [null, 'no report of a benchmark'],
  ])('%j is refused', (wrong, why) => {
    expect(() => taken(wrong)).toThrow(why)
  })
})

describe('pictures', () => {
  const spec = lineSpec(
    [
      seriesOf('Vigil, Redis', [
        [1, { cpuUs: 5 }],
        [1000, { cpuUs: 7 }],
      ]),
    ],
    { title: 'rules', isLog: true },
    [{ figure: 'cpuUs', title: 'CPU, µs' }],
    ['Vigil, Redis', 'one that was not measured'],
  )

  test('are the same for the same figures, told in words, and dark where the reader is', async () => {
    const svg = await drawn(spec, 'CPU <by> "rules"')
    expect(await drawn(spec, 'CPU <by> "rules"')).toBe(svg)
    expect(svg).toContain('role="img" aria-label="CPU &lt;by> &quot;rules&quot;"')
    expect(svg).toContain('prefers-color-scheme: dark')
    for (const text of ['rules', 'CPU, µs', '1k']) expect(svg).toContain(`>${text}</text>`)
    expect(svg).not.toContain('not measured')
  })

  test('name their bars and say their figures', async () => {
    const bar = { row: '+ heimdall', value: 2, low: 1, high: 3, text: '2.0 ms' }
    const svg = await drawn(
      titled({ vconcat: [barSpec([bar], 'p50')] }, 'latency', ['shorter is better']),
      'p50',
    )
    for (const text of [
      '+ heimdall',
      '2.0 ms',
      'p50',
      'latency',
      'shorter is better',
      'a peer that decides less',
    ])
      expect(svg).toContain(`>${text}</text>`)
  })

  test('never cut a name, and panels with other rows share one legend', async () => {
    const row = 'vigil, memory store, with a name that is longer than any which was ever measured'
    const bar = { value: 2, low: 1, high: 3, text: '' }
    const panels = [
      [{ ...bar, row }],
      [
        { ...bar, row: 'heimdall' },
        { ...bar, row: 'empty' },
      ],
    ]
    const svg = await drawn({ vconcat: panels.map((bars) => barSpec(bars)) }, 'p50')
    expect(svg).toContain(`>${row}</text>`)
    expect(svg.match(/>Vigil<\/text>/g)).toHaveLength(1)
  })

  test('that contradict themselves are not drawn', async () => {
    const panel = (domain: string[]) => ({
      data: { values: [{ a: 1, b: 'x' }] },
      mark: 'bar',
      encoding: {
        x: { field: 'a', type: 'quantitative' },
        color: { field: 'b', type: 'nominal', scale: { domain } },
      },
    })
    await expect(drawn({ vconcat: [panel(['x']), panel(['y'])] }, '')).rejects.toThrow(
      'not sound: Conflicting',
    )
  })

  test('Vigil has its colour in each of them', () => {
    const names = [
      'vigil, Redis',
      '+ Vigil, memory store',
      'DPoP proof each, Redis',
      'heimdall',
      'empty grpc-js handler',
    ]
    expect(names.map((name) => COLOURS.indexOf(whoOf(name).color))).toEqual([1, 1, 1, 2, 0])
  })
})

test('every curve has a picture and a line that explains it', async () => {
  expect(CURVE_PICTURES.map(({ name }) => name)).toEqual([...CURVES])
  for (const { names, panels, explain, x } of CURVE_PICTURES) {
    const figures = {
      ...Object.fromEntries(panels.map(({ figure }) => [figure, 10])),
      redisCpuUs: 1,
      redisCpuUsAtFull: 1,
    }
    const series = names.map((name) =>
      seriesOf(name, [
        [10, { cpuUs: 2, ...figures }],
        [11, { ...figures, cpuUs: 4 }],
      ]),
    )
    expect(explain(series)).not.toMatch(/NaN|undefined/)
    expect(await drawn(lineSpec(series, x, panels, names), '')).toContain(`>${x.title}</text>`)
  }
})

describe('a plan past one machine', () => {
  const costs: UnitCosts = {
    vigilUs: 100,
    vigilUsAlone: 300,
    redisUs: 10,
    redisUsAlone: [
      { perSecond: 500, us: 80 },
      { perSecond: 1000, us: 40 },
    ],
    identityBytes: 1500,
    newIdentityBytes: 900,
  }

  test('pods by the CPU of Vigil, shards by what is larger', () => {
    const wanted = {
      ...EXAMPLE,
      identities: 1e8,
      perSecond: 200_000,
      cpuShare: 0.5,
      memoryShare: 0.6,
      shardBytes: 16e9,
    }
    expect(planOf(costs, wanted)).toMatchObject({
      pods: 41, // 200,000 x 100 us = 20 cores, half busy, and one
      shardsForCpu: 16, // 200,000 x 40 us = 8 cores, half busy
      shardsForMemory: 16, // 150 GB by 9.6 GB
      shards: 16,
    })
    expect(planOf(costs, { ...wanted, identities: 2e8 }).shards).toBe(32)
    expect(planOf(costs, { ...wanted, perSecond: 400_000 }).shards).toBe(32)
  })

  test('a primary that gets few checks/s pays for each as it was measured with few', () => {
    const one = { ...EXAMPLE, identities: 1, cpuShare: 0.5 }
    expect(planOf(costs, { ...one, perSecond: 999 }).redisUs).toBe(80)
    expect(planOf(costs, { ...one, perSecond: 1000 }).redisUs).toBe(40)
    expect(planOf(costs, { ...one, perSecond: 100 }).redisUs).toBe(80)
  })

  test('the sums are told with the figures in them', () => {
    expect(exampleText(costs, EXAMPLE)).toContain('200,000 × 100 µs / 0.5')
    const withFirst = exampleText({ ...costs, verifyUs: 200 }, EXAMPLE)
    expect(withFirst).toContain('100 µs + 0.1 × 200 µs for tokens that the pod has not seen  = 120 µs')
    expect(withFirst).toContain('200,000 × 120 µs / 0.5  = 48 cores')
  })

  test('needs all its curves', () => {
    expect(unitCosts(undefined, undefined)).toBeUndefined()
    const processes = [
      seriesOf('Vigil, Redis', [
        [1, { cpuUs: 300, cpuUsAtFull: 100, redisCpuUs: 80, redisCpuUsAtFull: 10 }],
        [2, { cpuUs: 290, cpuUsAtFull: 130, redisCpuUs: 40, redisCpuUsAtFull: 9 }],
      ]),
    ]
    const identities = [
      seriesOf('Vigil, Redis', [[1000, { bytesPerIdentity: 900 }]]),
      seriesOf('Vigil, Redis, full habits', [[1000, { bytesPerIdentity: 1500 }]]),
    ]
    expect(unitCosts(processes, identities)).toEqual(costs)
    const pipeline = [{ name: 'identify, token not cached (ES256)', cpuNs: 200_000 } as never]
    expect(unitCosts(processes, identities, pipeline)?.verifyUs).toBe(200)
  })
})

test('the lateness of the driver is told by rate, and left out where it was not kept', () => {
  const row = (p50Us: number) => ({ at: { 1000: { isOverloaded: false, late: { p50Us, p99Us: 900 } } } })
  const told = (rows: object[]) => latenessText({ rows, perSecond: [1000, 3000] } as never)
  expect(told([row(20), row(31), { at: { 1000: { isOverloaded: true } } }])).toContain(
    '20-31 µs at p50 and 900-900 µs at p99 with 1,000/s.',
  )
  expect(told([{ at: { 1000: { isOverloaded: false } } }])).toBe('')
})

test('figures as people read them', () => {
  expect([1234567, 99.96, 12.345, 0.04].map(number)).toEqual(['1,234,567', '100', '12.3', '0.04'])
  expect(interval({ mean: 1, low: 0.9, high: 1.1 })).toBe('1.00 [0.90, 1.10]')
  expect(interval({ mean: 1, low: null, high: null })).toBe('1.00')
})

/** Figures that somebody typed would not be those of a run. */
test('docs rest on full runs', () => {
  // The page of the campaign of faults says by itself which form it rests on.
  for (const file of globSync('docs/figures/*.json', { cwd: ROOT, exclude: ['**/chaos.json'] })) {
    const { isQuick, machine } = JSON.parse(readFileSync(join(ROOT, file), 'utf8'))
    expect({ file, isQuick, commit: machine.commit }).toEqual({
      file,
      isQuick: false,
      commit: expect.stringMatching(/^[0-9a-f]{7,}\+?$/),
    })
  }
})
