import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { COUNTERS, GAUGES, HISTOGRAMS, READINGS } from '../../src/telemetry/metrics.ts'
import { seriesOf, unknownIn } from './promql.ts'

interface Target {
  readonly refId: string
  readonly expr: string
  readonly legendFormat?: string
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly Target[]
}

const text = readFileSync(join(ROOT, 'charts/vigil/files/dashboard.json'), 'utf8')
const content = JSON.parse(text) as {
  panels: Panel[]
  annotations: { list: { expr: string }[] }
  templating: { list: { name: string; query: unknown }[] }
}
const panels = content.panels.filter(({ type }) => type !== 'row')
const targets = panels.flatMap((panel) =>
  (panel.targets ?? []).map((target) => ({ panel: panel.title, ...target })),
)

describe.each(panels)('$title', ({ description, targets: lines = [] }) => {
  test('says what it tells, and asks under different letters', () => {
    expect(description?.length).toBeGreaterThan(15)
    expect(lines.length).toBeGreaterThan(0)
    expect(new Set(lines.map(({ refId }) => refId)).size).toBe(lines.length)
  })

  test.each(lines)('$expr', ({ expr, legendFormat }) => {
    expect(unknownIn(expr, legendFormat)).toEqual([])
    // Of other installations in the same Prometheus nothing may be mixed in.
    for (const selector of expr.matchAll(/vigil_\w+(\{[^}]*\})?/g))
      expect(selector[1]).toMatch(/^\{namespace=~"\$namespace", job=~"\$job"/)
  })
})

test('annotations and variables read what the service exports', () => {
  const queries = [
    ...content.annotations.list.map(({ expr }) => expr),
    ...content.templating.list.map(({ query }) => JSON.stringify(query)),
  ]
  expect(queries.flatMap((query) => unknownIn(query.replaceAll('\\"', '"')))).toEqual([])
})

test('every variable that is used is there', () => {
  const known = [...content.templating.list.map(({ name }) => name), '__rate_interval', '__interval', '__all']
  const used = [...text.matchAll(/\$(\w+)/g)].map(([, name = '']) => name)
  expect(used.filter((name) => !known.includes(name))).toEqual([])
})

test('every metric of the service is on it', () => {
  const read = targets.flatMap(({ expr }) => seriesOf(expr))
  const isRead = (name: string) => read.some((series) => series.replace(/_(bucket|count|sum)$/, '') === name)
  const all = Object.keys({ ...COUNTERS, ...GAUGES, ...READINGS, ...HISTOGRAMS })
  expect(all.filter((name) => !isRead(name))).toEqual([])
})

test('panels have numbers of their own and do not lie upon each other', () => {
  const { panels: all } = content
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  const cells = all.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(Math.max(...all.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24)
})
