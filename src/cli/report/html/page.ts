import { grouped } from '../numbers.ts'
import type { Summary } from '../summary.ts'
import { timeOf } from './charts.ts'
import { html, type Markup } from './markup.ts'
import { actions, combinations, examples, identities, rules, tiles, timelines, trials } from './sections.ts'
import { STYLE } from './style.ts'

/** No script, nothing from elsewhere: a browser that finds any all the same refuses it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** The report as one page that needs nothing beside it. */
export function pageOf(summary: Summary): string {
  const body = [
    html`<h1>What Vigil decided</h1>`,
    html`<p class="soft">${spanOf(summary)}<code>${summary.source}</code></p>`,
    ...warnings(summary),
    tiles(summary),
    timelines(summary),
    trials(summary),
    rules(summary),
    actions(summary),
    combinations(summary),
    identities(summary),
    examples(summary),
  ]
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Vigil report</title><style>${{ markup: STYLE }}</style></head><body>
${body}
</body></html>
`.markup
}

const spanOf = ({ from, to }: Summary): Markup =>
  from === undefined || to === undefined ? html`No record. ` : html`${timeOf(from)} to ${timeOf(to)} · `

function warnings({ isWhole, brokenLines, firstBrokenLines }: Summary): readonly Markup[] {
  const cut = isWhole
    ? []
    : [html`<p class="warn">The file could not be read to its end: this is what stood before.</p>`]
  if (brokenLines === 0) return cut
  const named = firstBrokenLines.map(({ line, why }) => html`<dd>line ${line}: ${why}</dd>`)
  const more = brokenLines > firstBrokenLines.length ? html`<dd>…</dd>` : undefined
  return [
    ...cut,
    html`<details><summary class="warn">${grouped(brokenLines)} ${brokenLines === 1 ? 'line is no record and was' : 'lines are no records and were'} passed over</summary><dl>${named}${more}</dl></details>`,
  ]
}
