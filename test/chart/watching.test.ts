/** Alerts and dashboard as objects of a cluster. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { describeWithHelm, describeWithPromtool } from '../harness/tools.ts'
import { alertNames, type Rule, readRules } from './alerts.ts'
import { CHART, type KubeObject, one, refusal, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

const withMetrics = (metrics: Record<string, unknown>) => over(MINIMAL, { metrics })
const withRules = (more: Record<string, unknown> = {}) =>
  withMetrics({ prometheusRule: { enabled: true, ...more } })
const withDashboard = (more: Record<string, unknown> = {}) =>
  withMetrics({ dashboard: { enabled: true, ...more } })
const rulesOf = (object: KubeObject): Rule[] =>
  (object['spec'].groups as { rules: Rule[] }[]).flatMap(({ rules }) => rules)

const file = () => JSON.parse(readFileSync(join(CHART, 'files', 'dashboard.json'), 'utf8'))

describeWithHelm('the chart', (helm) => {
  test('makes neither unless asked', () => {
    const kinds = render(helm, MINIMAL).map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(kinds.filter((kind) => /PrometheusRule|dashboard/i.test(kind))).toEqual([])
  })

  test('makes a PrometheusRule of every rule, word for word', () => {
    const object = one(render(helm, withRules({ labels: { release: 'kps' } })), 'PrometheusRule')
    expect(object.metadata.labels).toMatchObject({ release: 'kps', 'app.kubernetes.io/name': 'vigil' })
    expect(rulesOf(object)).toEqual(readRules())
  })

  test('leaves out the alerts that are named, and leads to the pages where they are read', () => {
    const values = withRules({ disabled: ['VigilAbsent'], runbookUrl: 'https://wiki.example.com/vigil/' })
    const alerts = rulesOf(one(render(helm, values), 'PrometheusRule')).filter(
      ({ alert }) => alert !== undefined,
    )
    expect(alerts.map(({ alert }) => alert)).toEqual(alertNames().filter((name) => name !== 'VigilAbsent'))
    for (const { alert, annotations } of alerts)
      expect(annotations?.['runbook_url']).toBe(`https://wiki.example.com/vigil/${alert}.md`)
  })

  test('refuses the name of an alert that is none', () => {
    expect(refusal(helm, withRules({ disabled: ['VigilSlo'] }))).toMatch(
      /there is no alert VigilSlo; .*VigilSlow/,
    )
  })

  test('makes a ConfigMap of the dashboard, with the time that its Envoys wait', () => {
    const object = one(render(helm, withDashboard()), 'ConfigMap', 'vigil-dashboard')
    expect(object.metadata.labels).toMatchObject({ grafana_dashboard: '1' })
    const shown = JSON.parse(object['data']['vigil.json'])
    expect(shown.panels).toEqual(file().panels)
    const timeout = shown.templating.list.find(({ name }: { name: string }) => name === 'timeout')
    expect(timeout.query).toBe('0.5')
  })

  test('makes a GrafanaDashboard of the same', () => {
    const values = withDashboard({ renderMode: 'GrafanaDashboard', annotations: { folder: 'edge' } })
    const object = one(render(helm, values), 'GrafanaDashboard', 'vigil-dashboard')
    expect(object.metadata.annotations).toEqual({ folder: 'edge' })
    expect(object['spec'].instanceSelector).toEqual({ matchLabels: { dashboards: 'grafana' } })
    expect(JSON.parse(object['spec'].json).panels).toEqual(file().panels)
  })

  describeWithPromtool('Prometheus', (promtool) => {
    test('takes what was rendered', () => {
      const folder = mkdtempSync(join(tmpdir(), 'vigil-rules-'))
      const groups = one(render(helm, withRules()), 'PrometheusRule')['spec'].groups
      writeFileSync(join(folder, 'rules.json'), JSON.stringify({ groups }))
      const { status, stdout } = spawnSync(promtool, ['check', 'rules', join(folder, 'rules.json')], {
        encoding: 'utf8',
      })
      rmSync(folder, { recursive: true })
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('SUCCESS') })
    })
  })
})
