import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

/** Colours that can be told apart by everybody (Okabe and Ito) and seen on white and on black. */
export const COLOURS = ['#8b949e', '#2f81f7', '#e08600', '#1a9e77', '#c764a5', '#d1495b'] as const

const PAPER = '#ffffff'
const INK = '#24292f'
const FAINT = '#57606a'
const GRID = '#d8dee4'

/** What each colour of the paper becomes where the reader's system is dark. */
const DARK: readonly (readonly [string, string])[] = [
  [PAPER, '#0d1117'],
  [INK, '#e6edf3'],
  [FAINT, '#9da7b3'],
  [GRID, '#30363d'],
]

/** Why a style inside: a picture in a page knows the system's scheme and nothing of the page. */
const STYLE = `<style>@media (prefers-color-scheme: dark) {${DARK.map(
  ([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`,
).join('')}}</style>`

const CONFIG: TopLevelSpec['config'] = {
  aria: false, // a label on every point would be most of the file; the picture as a whole has one
  background: PAPER,
  padding: 12,
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  title: { color: INK, fontSize: 14, anchor: 'start', offset: 10 },
  axis: {
    labelColor: FAINT,
    titleColor: INK,
    gridColor: GRID,
    domainColor: GRID,
    tickColor: GRID,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelLimit: 260,
  },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 12,
    orient: 'bottom',
    symbolStrokeWidth: 2.5,
    labelLimit: 320,
  },
}

/**
 * A picture as SVG text: the same bytes for the same figures on every machine, as texts are measured by their number of letters.
 * @param title what the picture shows, for who cannot see it
 */
export async function drawn(spec: object, title: string): Promise<string> {
  const whole = { ...spec, config: CONFIG } as TopLevelSpec
  const view = new View(parse(compile(whole).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  const [head = '', ...rest] = svg.split('>')
  return `${head} role="img" aria-label="${escaped(title)}">${STYLE}${rest.join('>')}\n`
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
