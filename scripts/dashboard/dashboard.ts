import { type Panel, ROWS } from './panels.ts'

/** Grafana's grid is 24 wide. */
const WIDTH = 24
const PANEL = { w: 8, h: 8 } as const
const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const

interface Position {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

type Json = Readonly<Record<string, unknown>>

/** charts/vigil/files/dashboard.json: a dashboard of Grafana (schema 39, Grafana 10.4 or newer), written from the table of panels. */
export function dashboard(): string {
  const content = {
    uid: 'vigil',
    title: 'Vigil',
    description: 'Runtime identity for Envoy: what is answered and why, and what it lacks.',
    tags: ['vigil'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [CHANGES] },
    templating: { list: VARIABLES },
    panels: panels(),
  }
  return `${JSON.stringify(content, null, 1)}\n`
}

function panels(): Json[] {
  const all: Json[] = []
  let y = 0
  for (const row of ROWS) {
    all.push({
      id: all.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      panels: [],
    })
    y++
    for (const [index, panel] of row.panels.entries()) {
      const x = (index * PANEL.w) % WIDTH
      if (index > 0 && x === 0) y += PANEL.h
      all.push({ id: all.length + 1, ...drawn(panel, { x, y, ...PANEL }) })
    }
    y += PANEL.h
  }
  return all
}

function drawn(panel: Panel, gridPos: Position): Json {
  const isTable = panel.kind === 'table'
  return {
    type: isTable ? 'table' : 'timeseries',
    title: panel.title,
    description: panel.description,
    datasource: DATASOURCE,
    gridPos,
    targets: panel.queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr,
      ...(isTable ? { format: 'table', instant: true } : { legendFormat: legend, range: true }),
    })),
    ...(isTable ? TABLE : lines(panel)),
  }
}

function lines({ unit, kind }: Panel): Json {
  const isStacked = kind === 'stacked'
  return {
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(unit === 'short' ? { decimals: 0 } : {}),
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: isStacked ? 30 : 5,
          showPoints: 'never',
          stacking: { mode: isStacked ? 'normal' : 'none', group: 'A' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  }
}

/** The time and the 1 of every row say nothing. */
const TABLE = {
  fieldConfig: { defaults: {}, overrides: [] },
  options: { showHeader: true },
  transformations: [{ id: 'organize', options: { excludeByName: { Time: true, Value: true } } }],
} as const

const CHANGES = {
  name: 'Configuration changed',
  enable: true,
  iconColor: 'blue',
  datasource: DATASOURCE,
  expr: 'max by (namespace, job) (changes(vigil_config_generation{namespace=~"$namespace", job=~"$job"}[$__interval])) > 0',
  titleFormat: 'Configuration changed',
  textFormat: '{{namespace}} {{job}}',
} as const

const chosen = (name: string, label: string, query: string) => ({
  name,
  label,
  type: 'query',
  datasource: DATASOURCE,
  query: { query, refId: name },
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  // Also what has no such label, as outside of Kubernetes.
  allValue: '.*',
  current: { text: ['All'], value: ['$__all'] },
})

const VARIABLES = [
  { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {} },
  chosen('namespace', 'Namespace', 'label_values(vigil_config_info, namespace)'),
  chosen('job', 'Job', 'label_values(vigil_config_info{namespace=~"$namespace"}, job)'),
  {
    name: 'timeout',
    label: 'Envoy’s timeout (s)',
    type: 'textbox',
    query: '0.2',
    current: { text: '0.2', value: '0.2' },
    options: [{ text: '0.2', value: '0.2', selected: true }],
  },
] as const
