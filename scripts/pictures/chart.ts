import * as vega from 'vega'
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
  title: {
    color: INK,
    fontSize: 14,
    anchor: 'start',
    offset: 10,
    subtitleColor: FAINT,
    subtitleFontSize: 11,
  },
  axis: {
    labelColor: FAINT,
    titleColor: INK,
    gridColor: GRID,
    domainColor: GRID,
    tickColor: GRID,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelLimit: 0,
  },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 12,
    orient: 'bottom',
    symbolStrokeWidth: 2.5,
    labelLimit: 0,
  },
}

/** A letter's width as a share of the font's height. Vega's own estimate, 0.8, would leave a third of a picture empty. */
const LETTER = 0.6
const { textMetrics } = vega as unknown as { textMetrics: TextMetrics }
textMetrics.width = (item, text) => Math.ceil(LETTER * (item.fontSize ?? 11) * `${text ?? item.text}`.length)

interface TextMetrics {
  width: (item: { readonly fontSize?: number; readonly text?: unknown }, text?: unknown) => number
}

/** What Vega-Lite would only warn of, a picture that contradicts itself, is a mistake of ours. */
const logger = {
  ...vega.logger(vega.None),
  warn: (...words: readonly unknown[]): never => {
    throw new Error(`the picture is not sound: ${words.join(' ')}`)
  },
}

/** @param text what the whole picture shows @param reading how it is read, line by line */
export const titled = (spec: object, text: string, reading: readonly string[]): object => ({
  ...spec,
  title: { text, subtitle: reading },
})

/**
 * A picture as SVG text: the same bytes for the same figures on every machine, as texts are measured by their number of letters.
 * @param title what the picture shows, for who cannot see it
 */
export async function drawn(spec: object, title: string): Promise<string> {
  const whole = { ...spec, config: CONFIG } as TopLevelSpec
  const view = new vega.View(vega.parse(compile(whole, { logger }).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  const [head = '', ...rest] = svg.split('>')
  return `${head} role="img" aria-label="${escaped(title)}">${STYLE}${rest.join('>')}\n`
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
