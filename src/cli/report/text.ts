import { printable } from '../../lib/printable.ts'
import { EFFECTS, type EffectCounts } from './effects.ts'
import { counted, grouped, share } from './numbers.ts'
import { refusedOf, type Summary } from './summary.ts'
import { table } from './table.ts'

/** Rows of each table on a terminal; `--json` has more. */
const MOST_ROWS = 20
const MOST_RULES_WITH_EXAMPLES = 5

/** The report for a terminal. */
export function textOf(summary: Summary): string {
  const sections = [
    head(summary),
    totals(summary),
    trials(summary),
    rules(summary),
    actions(summary),
    combinations(summary),
    identities(summary),
    examples(summary),
    bounds(summary),
  ]
  return sections.filter((section) => section !== '').join('\n')
}

function head({ source, isWhole, records, from, to, brokenLines, firstBrokenLines }: Summary): string {
  const span = from === undefined || to === undefined ? '' : `, ${from} to ${to}`
  const lines = [`${printable(source)}: ${counted(records, 'record')}${span}`]
  if (!isWhole) lines.push('The file could not be read to its end: this is what stood before.')
  if (brokenLines > 0) {
    const named = firstBrokenLines.map(({ line, why }) => `${line} (${why})`).join(', ')
    const more = brokenLines > firstBrokenLines.length ? ', …' : ''
    const are = brokenLines === 1 ? '1 line is no record' : `${grouped(brokenLines)} lines are no records`
    lines.push(`${are}: ${printable(named, 2000)}${more}`)
  }
  return `${lines.join('\n')}\n`
}

function totals({ records, passed, refused, observed, shadowRefused, degraded, effects }: Summary): string {
  const row = (what: string, count: number) => [what, count, share(count, records)]
  return table(
    ['', 'requests', ''],
    [
      row('passed', passed),
      row('refused', refused),
      row('passed only because of observe mode', observed),
      row('passed, and shadow rules would have refused', shadowRefused),
      row('decided without an input (degraded)', degraded),
      ...EFFECTS.filter((effect) => effects[effect] > 0).map((effect) =>
        row(`decided: ${effect}`, effects[effect]),
      ),
    ],
  )
}

const titled = (title: string, body: string): string => `${title}\n${body}`

/** The columns of effects that occur at all. */
const columnsOf = (rows: readonly EffectCounts[]) =>
  EFFECTS.filter((effect) => rows.some((row) => row[effect] > 0))

function trials({ shadowRules }: Summary): string {
  if (shadowRules.length === 0) return ''
  const rows = shadowRules
    .slice(0, MOST_ROWS)
    .map((r) => [r.rule, r.effect, r.match, r.unknown, r.failed, r.wouldDecide, r.wouldRefuse, r.wouldPass])
  const columns = ['rule', 'effect', 'matched', 'unknown', 'failed', 'would decide', 'refuse', 'let pass']
  return titled('Shadow rules: what they would have done', table(columns, rows))
}

function rules({ rules: all, observed }: Summary): string {
  const shown = all.slice(0, MOST_ROWS)
  const columns = columnsOf(shown.map(({ effects }) => effects))
  const isObserved = observed > 0
  const rows = shown.map(({ rule, effects, observed: seen }) => [
    rule,
    ...columns.map((effect) => effects[effect]),
    ...(isObserved ? [seen] : []),
  ])
  const names = ['rule or reason', ...columns, ...(isObserved ? ['only observed'] : [])]
  return titled('What decided', table(names, rows))
}

function actions({ actions: all }: Summary): string {
  const shown = all.slice(0, MOST_ROWS)
  const columns = columnsOf(shown.map(({ effects }) => effects))
  const rows = shown.map(({ action, effects }) => [action, ...columns.map((effect) => effects[effect])])
  return titled('Actions', table(['action', ...columns], rows))
}

function combinations({ combinations: all }: Summary): string {
  const rows = all
    .filter(({ kind, effect }) => kind !== 'enforced' || (effect !== 'allow' && effect !== 'monitor'))
    .slice(0, MOST_ROWS)
    .map(({ kind, decider, action, effect, count }) => [kind, decider, action, effect, count])
  if (rows.length === 0) return ''
  return titled(
    'Refused or on trial, by rule, action and effect',
    table(['', 'rule or reason', 'action', 'effect', 'requests'], rows),
  )
}

function identities({ identities: all }: Summary): string {
  if (all.length === 0) return ''
  const rows = all
    .slice(0, MOST_ROWS)
    .map(({ identity, hits, refused, observed, shadow }) => [identity, hits, refused, observed, shadow])
  return titled('Identities hit most', table(['identity', 'hits', 'refused', 'observed', 'shadow'], rows))
}

function examples({ rules: all, shadowRules }: Summary): string {
  const some = [
    ...shadowRules.filter(({ wouldRefuse, wouldPass }) => wouldRefuse + wouldPass > 0),
    ...all.filter(({ effects }) => refusedOf(effects) > 0),
  ].slice(0, MOST_RULES_WITH_EXAMPLES)
  const told = some.flatMap(({ rule, examples: each }) => [
    `  ${printable(rule)}`,
    ...each.map(
      ({ at, id, identity, request, effect, why = '' }) =>
        `    ${[at, id, effect, identity, request, why].map((cell) => printable(cell)).join('  ')}`,
    ),
  ])
  return told.length === 0
    ? ''
    : titled('Examples (vigil explain FILE ID tells more)', `${told.join('\n')}\n`)
}

function bounds({ bounded }: Summary): string {
  if (bounded.length === 0) return ''
  return `More ${bounded.join(', ')} than could be counted apart: their counts may be a little too high (\`error\` in --json).\n`
}
