import { escapeHtml } from '../../../lib/html.ts'
import { printable } from '../../../lib/printable.ts'

/** Text that is HTML already. Only `html` makes it, so nothing of a record gets into the page unescaped. */
export interface Markup {
  readonly markup: string
}

type Value = string | number | undefined | Markup | readonly Markup[]

/** Longer than any text of the report that is not cut already. */
const MOST = 2000

const escaped = (text: string): string => escapeHtml(printable(text, MOST))

/** A template whose values are escaped, in content and in quoted attributes alike. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const markup = parts.map((part, i) => part + (i < values.length ? textOf(values[i]) : '')).join('')
  return { markup }
}

function textOf(value: Value): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return escaped(value)
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('')
}

export const NOTHING: Markup = { markup: '' }
