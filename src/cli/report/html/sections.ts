import { EFFECTS, type EffectCounts, type EffectName, totalOf } from '../effects.ts'
import type { Example } from '../example.ts'
import { grouped, share } from '../numbers.ts'
import { refusedOf, type Summary } from '../summary.ts'
import { legend, type Series, stackedBar, timelineChart, timeOf } from './charts.ts'
import { html, type Markup, NOTHING } from './markup.ts'

const MOST_ROWS = 25

const PASSING: readonly EffectName[] = ['allow', 'monitor']
const REFUSING = EFFECTS.filter((effect) => !PASSING.includes(effect))

export function tiles(summary: Summary): Markup {
  const { records, passed, refused, observed, shadowRefused, degraded } = summary
  const part = (count: number) =>
    count > 0 && count < records ? html` <small>${share(count, records)}</small>` : undefined
  const tile = (count: number, what: string, kind = '') =>
    html`<div class="tile ${kind}"><b>${grouped(count)}${part(count)}</b><span>${what}</span></div>`
  return html`<div class="tiles">${[
    tile(records, 'requests'),
    tile(passed, 'passed', 'pass'),
    tile(refused, 'refused', 'no'),
    tile(observed, 'passed only because of observe mode', 'try'),
    tile(shadowRefused, 'passed, and shadow rules would have refused', 'try'),
    tile(degraded, 'decided without an input (degraded)'),
  ]}</div>`
}

export function timelines({ timeline, effects, observed, shadowRefused }: Summary): Markup {
  const all = EFFECTS.filter((effect) => effects[effect] > 0)
  const refusing: readonly Series[] = [
    ...REFUSING.filter((effect) => effects[effect] > 0),
    ...(observed + shadowRefused > 0 ? (['would'] as const) : []),
  ]
  if (all.length === 0) return NOTHING
  const second =
    refusing.length === 0
      ? NOTHING
      : html`<h2>Refused, or would have been</h2>${legend(refusing)}${timelineChart(timeline, refusing, 'Refusals over time')}`
  return html`<h2>Decisions over time</h2>${legend(all)}${timelineChart(timeline, all, 'Decisions over time')}${second}`
}

interface BarRow {
  readonly name: string
  readonly effects: EffectCounts
}

function bars(head: string, rows: readonly BarRow[], series: readonly EffectName[]): Markup {
  const counted = rows
    .map((row) => ({ ...row, count: series.reduce((sum, each) => sum + row.effects[each], 0) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
  const longest = counted[0]?.count ?? 1
  const shown = counted.slice(0, MOST_ROWS)
  const more = counted.length - shown.length
  const used = series.filter((each) => shown.some(({ effects }) => effects[each] > 0))
  if (shown.length === 0) return html`<p class="soft">None.</p>`
  return html`${legend(used)}<div class="scroll"><table><tr><th>${head}</th><th></th><th class="n">requests</th></tr>${shown.map(
    ({ name, effects, count }) =>
      html`<tr><td class="name">${name}</td><td class="bar">${stackedBar(effects, used, longest)}</td><td class="n">${grouped(count)}</td></tr>`,
  )}</table></div>${more > 0 ? html`<p class="soft">and ${grouped(more)} more</p>` : undefined}`
}

export function rules({ rules: all }: Summary): Markup {
  const rows = all.map(({ rule, effects }) => ({ name: rule, effects }))
  return html`<h2>What refused, by rule or reason</h2>${bars('rule or reason', rows, REFUSING)}<h2>What let pass, by rule or reason</h2>${bars('rule or reason', rows, PASSING)}`
}

export function actions({ actions: all }: Summary): Markup {
  const rows = all.map(({ action, effects }) => ({ name: action, effects }))
  return html`<h2>Actions</h2>${bars('action', rows, EFFECTS)}`
}

export function trials({ shadowRules }: Summary): Markup {
  if (shadowRules.length === 0) return NOTHING
  const rows = shadowRules
    .slice(0, MOST_ROWS)
    .map(
      (rule) =>
        html`<tr><td class="name">${rule.rule}</td><td>${rule.effect}</td>${[
          rule.match,
          rule.unknown,
          rule.failed,
          rule.wouldDecide,
          rule.wouldRefuse,
          rule.wouldPass,
        ].map((count) => html`<td class="n">${grouped(count)}</td>`)}</tr>`,
    )
  const columns = ['matched', 'unknown', 'failed', 'would decide', 'would refuse', 'would let pass']
  return html`<h2>Shadow rules: what they would have done</h2>
<p class="soft"><b>Would refuse</b> counts requests that passed and would not have. <b>Unknown</b>: the condition read something that is missing. <b>Failed</b>: it could not be evaluated, which denies once it is enforced.</p>
<div class="scroll"><table><tr><th>rule</th><th>effect</th>${columns.map((name) => html`<th class="n">${name}</th>`)}</tr>${rows}</table></div>`
}

export function combinations({ combinations: all }: Summary): Markup {
  const rows = all
    .filter(({ kind, effect }) => kind !== 'enforced' || !PASSING.some((passing) => passing === effect))
    .slice(0, MOST_ROWS)
    .map(
      ({ kind, decider, action, effect, count }) =>
        html`<tr><td class="name">${decider}</td><td class="name">${action}</td><td>${effect}</td><td>${kind}</td><td class="n">${grouped(count)}</td></tr>`,
    )
  if (rows.length === 0) return NOTHING
  return html`<h2>By rule, action and effect</h2>
<p class="soft">What refused requests (enforced), would have but for observe mode (observed), or would have decided if it were not on trial (shadow).</p>
<div class="scroll"><table><tr><th>rule or reason</th><th>action</th><th>effect</th><th></th><th class="n">requests</th></tr>${rows}</table></div>`
}

export function identities({ identities: all, bounded }: Summary): Markup {
  if (all.length === 0) return NOTHING
  const isRough = bounded.includes('identities')
  const rows = all
    .slice(0, MOST_ROWS)
    .map(
      ({ identity, hits, refused, observed, shadow, error }) =>
        html`<tr><td class="name">${identity}</td>${[refused, observed, shadow].map((count) => html`<td class="n">${grouped(count)}</td>`)}<td class="n">${error > 0 ? html`≤ ` : undefined}${grouped(hits)}</td></tr>`,
    )
  const note = isRough
    ? html`<p class="soft">There are more identities than can be counted apart, so some counts are upper bounds (≤).</p>`
    : undefined
  return html`<h2>Identities hit most</h2>${note}<div class="scroll"><table><tr><th>identity</th><th class="n">refused</th><th class="n">only observed</th><th class="n">by shadow rules</th><th class="n">hits</th></tr>${rows}</table></div>`
}

export function examples({ rules: all, shadowRules }: Summary): Markup {
  const trialled = shadowRules
    .filter((rule) => rule.examples.length > 0)
    .map((rule) =>
      fold(
        rule.rule,
        `shadow, would have changed ${grouped(rule.wouldRefuse + rule.wouldPass)}`,
        rule.examples,
      ),
    )
  const decided = all
    .filter((rule) => rule.examples.length > 0)
    .map((rule) =>
      fold(
        rule.rule,
        `${grouped(refusedOf(rule.effects))} of ${grouped(totalOf(rule.effects))} refused`,
        rule.examples,
      ),
    )
  const folds = [...trialled, ...decided].slice(0, 2 * MOST_ROWS)
  if (folds.length === 0) return NOTHING
  return html`<h2>Examples</h2><p class="soft">At most three of each, of different identities. <code>vigil explain FILE ID</code> tells all about one.</p>${folds}`
}

const fold = (name: string, note: string, some: readonly Example[]): Markup =>
  html`<details><summary><span class="name">${name}</span> <span class="soft">${note}</span></summary>${some.map(
    ({ id, at, identity, request, effect, reasons, why }) =>
      html`<dl><dt>${effect}: <span class="name">${request}</span></dt><dd>${why}</dd><dd class="soft">${timeOf(at)}, by ${identity}</dd><dd class="soft name">${reasons.join(', ')}</dd><dd class="soft name">${id}</dd></dl>`,
  )}</details>`
