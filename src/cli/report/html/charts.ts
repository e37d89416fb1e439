import type { EffectCounts, EffectName } from '../effects.ts'
import { grouped } from '../numbers.ts'
import type { Summary } from '../summary.ts'
import { html, type Markup, NOTHING } from './markup.ts'

/** What is drawn: an effect, or what would have been refused. Class names of style.ts. */
export type Series = EffectName | 'would'

type Bucket = Summary['timeline']['buckets'][number]

const countOf = (bucket: Bucket, series: Series): number =>
  series === 'would' ? bucket.wouldBe : bucket.effects[series]

const WIDTH = 960
const HEIGHT = 210
const PLOT = { left: 54, top: 10, right: 950, bottom: 180 }

/** Stacked bars over time. Undefined series and an empty time give nothing. */
export function timelineChart(
  { bucketSeconds, buckets }: Summary['timeline'],
  series: readonly Series[],
  label: string,
): Markup {
  const tops = buckets.map((bucket) => series.reduce((sum, each) => sum + countOf(bucket, each), 0))
  const highest = Math.max(0, ...tops)
  if (highest === 0) return NOTHING
  const top = niceTop(highest)
  const step = (PLOT.right - PLOT.left) / buckets.length
  const y = (value: number) => PLOT.bottom - (value / top) * (PLOT.bottom - PLOT.top)
  const bars = buckets.map((bucket, i) => bar(bucket, series, PLOT.left + i * step, step, y))
  return html`<div class="chart"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${gridLines(top, y)}${bars}${timeLabels(buckets, step, bucketSeconds)}</svg></div>`
}

function bar(
  bucket: Bucket,
  series: readonly Series[],
  x: number,
  step: number,
  y: (value: number) => number,
): Markup {
  const told = series.filter((each) => countOf(bucket, each) > 0)
  if (told.length === 0) return NOTHING
  let sum = 0
  const parts = told.map((each) => {
    const from = y(sum)
    sum += countOf(bucket, each)
    const height = Math.max(0.5, from - y(sum))
    return html`<rect class="e-${each}" x="${x.toFixed(1)}" y="${y(sum).toFixed(1)}" width="${barWidth(step)}" height="${height.toFixed(1)}"/>`
  })
  const counts = told.map((each) => `${nameOf(each)}: ${grouped(countOf(bucket, each))}`).join('\n')
  return html`<g><title>${timeOf(bucket.from)}${html`&#10;`}${lines(counts)}</title>${parts}</g>`
}

const lines = (text: string): readonly Markup[] => text.split('\n').map((line) => html`${line}&#10;`)

/** A hair of space between bars that are wide enough for one. */
const barWidth = (step: number): string => (step > 4 ? step - 1 : step).toFixed(1)

export const nameOf = (series: Series): string => (series === 'would' ? 'would have been refused' : series)

/** The next of 1, 2, 3, 4, 5, 6, 8, 10, 20, … */
export function niceTop(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(highest))
  const factor = [1, 2, 3, 4, 5, 6, 8, 10].find((each) => each * power >= highest) ?? 10
  return Math.max(1, factor * power)
}

/** Counts are whole, so are the lines they are read from. */
function gridLines(top: number, y: (value: number) => number): readonly Markup[] {
  const parts = [4, 5, 3, 2].find((each) => top % each === 0) ?? 1
  return Array.from({ length: parts + 1 }, (_, i) => {
    const value = (top * i) / parts
    const at = y(value)
    return html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}"/><text x="${PLOT.left - 6}" y="${(at + 4).toFixed(1)}" text-anchor="end">${shortNumber(value)}</text>`
  })
}

const shortNumber = (value: number): string =>
  value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : String(value)

const LABELS = 6

function timeLabels(buckets: readonly Bucket[], step: number, bucketSeconds: number): readonly Markup[] {
  const every = Math.max(1, Math.ceil(buckets.length / LABELS))
  const days = (bucketSeconds * buckets.length) / 86_400
  return buckets.flatMap(({ from }, i) => {
    if (i % every !== 0) return []
    const x = PLOT.left + i * step
    const text = axisTime(from, days)
    return [
      html`<line class="grid" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${PLOT.bottom}" y2="${PLOT.bottom + 4}"/><text x="${x.toFixed(1)}" y="${PLOT.bottom + 18}">${text}</text>`,
    ]
  })
}

/** Only what changes along the axis. */
function axisTime(from: string, days: number): string {
  if (days > 4) return from.slice(0, 10)
  if (days > 1) return `${from.slice(5, 10)} ${from.slice(11, 16)}`
  return days * 1440 > 10 ? from.slice(11, 16) : from.slice(11, 19)
}

export const timeOf = (rfc3339: string): string => `${rfc3339.slice(0, 19).replace('T', ' ')} UTC`

/** One stacked bar in a cell of a table, as long as its part of the longest one. */
export function stackedBar(effects: EffectCounts, series: readonly EffectName[], longest: number): Markup {
  let x = 0
  const parts = series
    .filter((each) => effects[each] > 0)
    .map((each) => {
      const width = Math.max(0.4, (100 * effects[each]) / longest)
      const part = html`<rect class="e-${each}" x="${x.toFixed(2)}" y="0" width="${width.toFixed(2)}" height="10"><title>${each}: ${grouped(effects[each])}</title></rect>`
      x += width
      return part
    })
  return html`<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`
}

export const legend = (series: readonly Series[]): Markup =>
  html`<div class="legend">${series.map((each) => html`<span><i class="e-${each}"></i>${nameOf(each)}</span>`)}</div>`
