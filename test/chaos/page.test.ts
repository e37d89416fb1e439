import { describe, expect, test } from '@jest/globals'
import type { Row } from './campaign.ts'
import type { Figures } from './main.ts'
import { faultTable, machineTable, recoveryPicture } from './page.ts'
import { happened, renderTable, shares } from './table.ts'

const counts = { passed: 98, degraded: 2 }
const row = (parts: Partial<Row> = {}): Row => ({
  name: 'redis-killed',
  title: 'Redis is killed',
  says: 'low | medium go on',
  perSecond: 2000,
  memoryMiB: 180,
  secondsInAll: 15,
  notes: ['12 slots moved'],
  during: {
    low: counts,
    high: { unavailable: 7 },
    lowBound: counts,
    highBound: { unavailable: 3 },
    bad: { refused: 9 },
  },
  settled: { low: counts, high: {}, lowBound: {}, highBound: {}, bad: {} },
  wrong: {},
  repeats: 0,
  p50Ms: 1.04,
  p99Ms: 20.6,
  recoveryMs: 1500,
  flaws: [],
  ...parts,
})
const figures = (...rows: Row[]): Figures => ({
  at: '2026-11-28T12:00:00.000Z',
  isShort: false,
  machine: { cpus: 2, model: 'some', memoryGiB: 23, node: 'v26' },
  envoy: '1.40.0',
  engine: 'valkey',
  capacity: 4000,
  rows,
})

test('what happened: groups that fared alike stand together, a mixed one tells its shares', () => {
  expect(happened(row().during)).toBe(
    'low and medium, low with a proof: 98 % passed, 2 % degraded; high, high with a proof: unavailable; what may not pass: refused',
  )
  expect(shares({ passed: 999, envoy: 1 })).toBe('> 99 % passed, < 1 % envoy')
})

describe('the page', () => {
  test('a kept promise', () => {
    expect(faultTable(figures(row())).split('\n')[2]).toMatch(
      /^\| Redis is killed \| low \\\| medium go on \| .*; 12 slots moved \| 0 \| 21 ms \| 1\.5 s \| as promised \|$/,
    )
  })

  test('a wrong allow and what else differs are told, not smoothed away', () => {
    const broken = row({
      wrong: { replay: 2, expired: 1 },
      flaws: ['2 WRONG ALLOWS: replay'],
      recoveryMs: undefined,
    })
    const line = faultTable(figures(broken)).split('\n')[2]
    expect(line).toContain('| 3 |')
    expect(line).toContain('| never | **differs**: 2 WRONG ALLOWS: replay |')
  })

  test('repeated proofs stand apart', () => {
    expect(faultTable(figures(row({ repeats: 4 })))).toContain(
      '| 0 (4 [repeated](#what-a-repeated-proof-is)) |',
    )
  })

  test('with what it was measured', () => {
    const text = machineTable(figures(row(), row({ perSecond: 100 })))
    for (const part of [
      '2026-11-28',
      'ten seconds',
      '2 cores',
      '4000 requests/s',
      '2000 requests/s at most, 438 while',
    ])
      expect(text).toContain(part)
  })

  test('the picture has a bar for each, as long as its recovery', () => {
    const svg = recoveryPicture(
      figures(row({ recoveryMs: 3000 }), row({ name: 'b', recoveryMs: 1500, flaws: ['x'] })),
    )
    expect([...svg.matchAll(/width="([\d.]+)" height="18"/g)].map(([, width]) => width)).toEqual([
      '420.0',
      '210.0',
    ])
    expect(svg.match(/class="flaw"/g)).toHaveLength(1)
  })
})

test('the table of the terminal tells flaws and what was promised', () => {
  const text = renderTable([
    row(),
    row({ name: 'other', flaws: ['it did not recover'], recoveryMs: undefined }),
  ])
  expect(text).toContain('as promised')
  expect(text).toContain('DIFFERS')
  expect(text).toContain('    FLAW: it did not recover')
  expect(text).toContain('    promised: low | medium go on')
})
