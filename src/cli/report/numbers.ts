/** `12,345`. */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en')

/** `12.3 %`; what is there and rounds to nothing is still said to be there. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '0 %'
  const percent = (100 * part) / whole
  if (part > 0 && percent < 0.1) return '< 0.1 %'
  return `${percent.toFixed(1)} %`
}

export const counted = (count: number, what: string): string =>
  `${grouped(count)} ${what}${count === 1 ? '' : 's'}`
