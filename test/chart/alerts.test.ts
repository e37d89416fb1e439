import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { alertNames, readRules } from './alerts.ts'
import { groupedBy, unknownIn } from './promql.ts'

const RUNBOOKS = join(ROOT, 'docs/alerts')
const rules = readRules()
const alerts = rules.filter((rule) => rule.alert !== undefined)

describe('the reader of expressions', () => {
  test.each([
    ['vigil_checks_total', '', []],
    ['vigil_cheks_total', '', ['vigil_cheks_total']],
    ['vigil_check_duration_seconds', '', ['vigil_check_duration_seconds']],
    ['vigil_check_duration_seconds_bucket{le="0.1"}', '', []],
    ['vigil_checks_total_bucket', '', ['vigil_checks_total_bucket']],
    ['vigil_checks_total{efect="deny", reason!~"a|b"}', '', ['vigil_checks_total{efect}']],
    ['sum by (namespace, job, sink) (vigil_checks_total)', '', ['sink']],
    ['sum by (effect) (vigil_checks_total)', '{{effect}} {{ rule }}', ['rule']],
    ['job:vigil_denied:ratio_rate10m > 3', '', []],
  ])('%s %s', (expr, legend, unknown) => {
    expect(unknownIn(expr, legend)).toEqual(unknown)
  })
})

test.each(
  rules.map((rule) => [rule.alert ?? rule.record ?? '', rule.expr]),
)('%s reads only what the service exports', (_name, expr) => {
  expect(unknownIn(expr)).toEqual([])
})

test('recorded names that are read are recorded', () => {
  const recorded = rules.map(({ record }) => record)
  const read = rules.flatMap(({ expr }) => [...expr.matchAll(/\w+:\w+:\w+/g)].map(([name]) => name))
  expect(read.length).toBeGreaterThan(0)
  expect(read.filter((name) => !recorded.includes(name))).toEqual([])
})

describe.each(alerts)('$alert', ({ alert = '', expr, labels, annotations = {} }) => {
  test('says how bad it is, what it is, what follows, and where to read on', () => {
    expect(alert).toMatch(/^Vigil[A-Z]/)
    expect(['critical', 'warning']).toContain(labels?.['severity'])
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary'])
    expect(annotations['summary']?.length).toBeLessThan(80)
    expect(annotations['runbook_url']).toBe(`docs/alerts/${alert}.md`)
  })

  test('tells only labels that it has', () => {
    const told = [
      ...Object.values(annotations)
        .join(' ')
        .matchAll(/\$labels\.(\w+)/g),
    ].map((match) => match[1])
    const has = /job:/.test(expr) ? [...groupedBy(expr), 'namespace', 'job'] : groupedBy(expr)
    expect(told.filter((label) => !has.includes(label ?? ''))).toEqual([])
  })

  test('has a page with all that one needs at night', () => {
    const file = join(RUNBOOKS, `${alert}.md`)
    expect(existsSync(file)).toBe(true)
    const page = readFileSync(file, 'utf8')
    expect(page.startsWith(`# ${alert}\n`)).toBe(true)
    const headings = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1])
    expect(headings).toEqual(['What users see', 'Look', 'Do', 'When it is wrong'])
    // What is to be looked at must exist.
    for (const [, block = ''] of page.matchAll(/^```promql\n([\s\S]*?)^```/gm))
      for (const line of block.split('\n')) expect(unknownIn(line)).toEqual([])
  })
})

test('no page is left over, and the index names each alert with its severity', () => {
  const pages = readdirSync(RUNBOOKS).filter((file) => file !== 'README.md')
  expect(pages.sort()).toEqual(
    alertNames()
      .map((name) => `${name}.md`)
      .sort(),
  )
  const index = readFileSync(join(RUNBOOKS, 'README.md'), 'utf8')
  const rows = [...index.matchAll(/^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|/gm)].map(([, ...cells]) => cells)
  expect(rows).toEqual(alerts.map(({ alert, labels }) => [alert, alert, labels?.['severity']]))
})
