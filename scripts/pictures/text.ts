/** Figures as people read them. */

/** Whole numbers with separators from 100, three digits that count below. */
export const number = (value: number): string =>
  value.toLocaleString(
    'en',
    Math.abs(value) < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  )

export const range = ({ min, max }: { readonly min: number; readonly max: number }): string =>
  `${number(min)}-${number(max)}`

/** With two digits behind the point, as ratios are compared. */
export const ratio = (value: number): string => value.toFixed(2)

/** A mean with its 95 % interval; a single round has none, and JSON knows no NaN. */
export const interval = ({
  mean,
  low,
  high,
}: {
  readonly mean: number
  readonly low: number | null
  readonly high: number | null
}): string => (low === null || high === null ? ratio(mean) : `${ratio(mean)} [${ratio(low)}, ${ratio(high)}]`)

/** A Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}
