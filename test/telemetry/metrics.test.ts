import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { describeMetrics } from '../../src/telemetry/describe.ts'
import {
  COUNTERS,
  type CounterName,
  GAUGES,
  type GaugeName,
  HISTOGRAMS,
  type HistogramName,
  READINGS,
  type ReadingName,
} from '../../src/telemetry/metrics.ts'
import { startTelemetry, type Telemetry } from '../../src/telemetry/telemetry.ts'

const ROOT = join(import.meta.dirname, '../..')
const TABLE: Readonly<Record<string, { readonly help: string; readonly labels: readonly string[] }>> = {
  ...COUNTERS,
  ...HISTOGRAMS,
  ...GAUGES,
  ...READINGS,
}
const names = Object.keys(TABLE)

let telemetry: Telemetry
let exported = ''

function scrape(): Promise<string> {
  return new Promise((resolve) => {
    const response = { setHeader: () => undefined, end: (text: string) => resolve(text) }
    telemetry.serveMetrics({} as IncomingMessage, response as unknown as ServerResponse)
  })
}

beforeAll(async () => {
  telemetry = await startTelemetry({ clock: { nowMs: () => 0, monotonicMs: () => 0 } })
  const { meter } = telemetry
  const labels = (name: string) =>
    Object.fromEntries((TABLE[name]?.labels ?? []).map((label) => [label, `a ${label}`]))
  for (const name of Object.keys(COUNTERS)) meter.add(name as CounterName, 2, labels(name))
  for (const name of Object.keys(HISTOGRAMS)) meter.record(name as HistogramName, 0.00003, labels(name))
  for (const name of Object.keys(GAUGES)) meter.set(name as GaugeName, 7, labels(name))
  telemetry.onRead(() =>
    Object.keys(READINGS).map((name) => ({ name: name as ReadingName, value: 7, labels: labels(name) })),
  )
  let collections = 0
  telemetry.onCollect(() => meter.set('vigil_checks_in_flight', 100 + ++collections))
  exported = await scrape()
})
afterAll(() => telemetry.close())

test('what is set when somebody collects is in what he gets, once a collection', async () => {
  expect(exported).toMatch(/^vigil_checks_in_flight\{.*\} 101$/m)
  expect(await scrape()).toMatch(/^vigil_checks_in_flight\{.*\} 102$/m)
})

describe('a reading', () => {
  const read = async (...hashes: string[]) => {
    telemetry.onRead(() =>
      hashes.map((hash) => ({ name: 'vigil_config_info', value: 1, labels: { hash } }) as const),
    )
    return [...(await scrape()).matchAll(/^vigil_config_info\{hash="(\w+)".*\} 1$/gm)].map(
      (match) => match[1],
    )
  }

  test('tells what holds now: what was told before is told no more', async () => {
    expect(await read('one')).toEqual(['one'])
    expect(await read('two')).toEqual(['two'])
    expect(await read()).toEqual([])
    expect(await read('one', 'two')).toEqual(['one', 'two'])
  })

  test('that cannot be had leaves the other metrics as they are', async () => {
    telemetry.onRead(() => {
      throw new Error('broken')
    })
    expect(await scrape()).toMatch(/^vigil_config_generation/m)
  })
})

describe('the table and what is exported', () => {
  test.each(names)('%s has its name, help and labels', (name) => {
    expect(exported).toContain(`# HELP ${name} ${TABLE[name]?.help}\n`)
    const sample = exported
      .split('\n')
      .find((line) => line.startsWith(`${name}{`) || line.startsWith(`${name}_count{`))
    const labels = [...(sample ?? '').matchAll(/([a-z_]+)="/g)].map((match) => match[1])
    // OpenTelemetry names the scope of an instrument in every sample.
    expect(labels.filter((label) => !label?.startsWith('otel_scope_'))).toEqual(TABLE[name]?.labels)
  })

  test('nothing else is exported under our name', () => {
    const found = [...exported.matchAll(/^# HELP (vigil_\S+)/gm)].map((match) => match[1])
    expect(found.sort()).toEqual([...names].sort())
  })

  test('values: counters add, gauges keep the last, histograms start at 50 us', async () => {
    telemetry.meter.add('vigil_jwks_fetch_total', 3, { result: 'a result' })
    telemetry.meter.set('vigil_config_generation', 8)
    const again = await scrape()
    expect(again).toMatch(/^vigil_jwks_fetch_total\{.*result="a result".*\} 5$/m)
    expect(again).toMatch(/^vigil_config_generation(\{.*\})? 8$/m)
    expect(again).toMatch(/^vigil_store_wait_seconds_bucket\{.*le="0\.00005"\} 1$/m)
  })

  test('no address, process id or command line of this machine', () => {
    expect(exported).not.toMatch(/host_name|process_|command/)
  })
})

describe('what the code counts', () => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((f) =>
    f.endsWith('.ts'),
  )
  const calls = sources.flatMap((file) => {
    const text = readFileSync(join(ROOT, 'src', file), 'utf8')
    const found = text.matchAll(/\.(?:add|record|set)\(\s*'(vigil_\w+)',[^{;]*?(?:\{([^}]*)\})?\s*\)/g)
    return [...found].map((match) => ({ file, name: match[1] ?? '', labels: match[2] ?? '' }))
  })

  test('the search finds calls', () => {
    expect(calls.length).toBeGreaterThan(2)
  })

  test('a gauge is set in one place: of two the later word would win, not the newer fact', () => {
    for (const gauge of Object.keys(GAUGES)) {
      expect([gauge, calls.filter(({ name }) => name === gauge)]).toEqual([gauge, [expect.anything()]])
    }
  })

  test('every call names a metric and labels of the table', () => {
    const bad = calls.filter(({ name, labels }) => {
      const used = labels.split(',').map((part) => part.split(':')[0]?.trim() ?? '')
      return !used.every((label) => label === '' || TABLE[name]?.labels.includes(label))
    })
    expect(bad).toEqual([])
  })
})

describe('docs/metrics.md', () => {
  test('is what the table says', () => {
    expect(readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8')).toBe(describeMetrics())
  })

  test('names every metric once', () => {
    for (const name of names) expect(describeMetrics().split(`\`${name}\``)).toHaveLength(2)
  })
})
