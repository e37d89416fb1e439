import type { Action, Sensitivity } from '../model.ts'
import type { Applies, Rule } from './rules.ts'
import { callOf, type Expr, literalOf, literalsOf, operandsOf, pathOf } from './syntax.ts'

/**
 * Rules that cannot match are not evaluated. A conjunct that is false makes the whole condition false, whatever else
 * in it is missing or wrong, so `action.name == "x" && …` need only be looked at for that action.
 */

const CONJUNCTS: Readonly<Record<string, keyof Applies>> = {
  'action.name': 'actions',
  'action.sensitivity': 'sensitivities',
  'subject.tenant': 'tenants',
}

/** Reads from the conjuncts of a condition for which actions, sensitivities and tenants it can hold at all. */
export function appliesOf(expr: Expr | undefined): Applies {
  const applies: { -readonly [K in keyof Applies]: Applies[K] } = {}
  for (const conjunct of expr === undefined ? [] : operandsOf(expr, '_&&_')) {
    const found = conditionOn(conjunct)
    if (found === undefined) continue
    const before = applies[found.key]
    applies[found.key] =
      before === undefined ? found.values : new Set([...found.values].filter((value) => before.has(value)))
  }
  return applies
}

function conditionOn(expr: Expr): { key: keyof Applies; values: Set<string> } | undefined {
  const call = callOf(expr)
  const [left, right] = call?.args ?? []
  if (left === undefined || right === undefined) return undefined
  if (call?.function === '@in')
    return named(
      left,
      literalsOf(right)?.map(({ value }) => value),
    )
  if (call?.function !== '_==_') return undefined
  return named(left, [literalOf(right)]) ?? named(right, [literalOf(left)])
}

function named(
  expr: Expr,
  values: readonly unknown[] | undefined,
): { key: keyof Applies; values: Set<string> } | undefined {
  const path = pathOf(expr)
    ?.map((step) => step.name)
    .join('.')
  const key = path !== undefined && Object.hasOwn(CONJUNCTS, path) ? CONJUNCTS[path] : undefined
  if (key === undefined || !values?.every((value) => typeof value === 'string')) return undefined
  return { key, values: new Set(values) }
}

interface Bucket {
  readonly all: readonly Rule[]
  readonly untied: readonly Rule[]
  readonly byTenant: ReadonlyMap<string, readonly Rule[]>
}

export interface RuleIndex {
  /**
   * The rules that may match, in order.
   * @param tenant undefined for a subject without one: what it would be compared with is then unknown, not different.
   */
  candidates(action: Action, tenant: string | undefined): readonly Rule[]
}

const SENSITIVITIES: readonly Sensitivity[] = ['low', 'medium', 'high', 'critical']

/** Sorts rules, once per configuration, by sensitivity, action and tenant. */
export function indexRules(rules: readonly Rule[]): RuleIndex {
  const names = new Set(rules.flatMap((rule) => [...(rule.applies.actions ?? [])]))
  const bySensitivity = new Map(SENSITIVITIES.map((s) => [s, indexSensitivity(rules, s, names)]))
  return {
    candidates: ({ name, sensitivity }, tenant) => {
      const index = bySensitivity.get(sensitivity)
      // A sensitivity outside the table has no index: then every rule is looked at.
      if (index === undefined) return rules
      return select(index.named.get(name) ?? index.others, tenant)
    },
  }
}

function indexSensitivity(
  rules: readonly Rule[],
  sensitivity: Sensitivity,
  names: ReadonlySet<string>,
): { named: ReadonlyMap<string, Bucket>; others: Bucket } {
  const possible = rules.filter((rule) => rule.applies.sensitivities?.has(sensitivity) ?? true)
  const named = new Map<string, Bucket>()
  for (const name of names)
    named.set(name, bucketOf(possible.filter((r) => r.applies.actions?.has(name) ?? true)))
  return { named, others: bucketOf(possible.filter((r) => r.applies.actions === undefined)) }
}

function bucketOf(all: readonly Rule[]): Bucket {
  const byTenant = new Map<string, Rule[]>()
  for (const rule of all) {
    for (const tenant of rule.applies.tenants ?? []) {
      const rules = byTenant.get(tenant)
      if (rules === undefined) byTenant.set(tenant, [rule])
      else rules.push(rule)
    }
  }
  return { all, untied: all.filter((rule) => rule.applies.tenants === undefined), byTenant }
}

function select(bucket: Bucket, tenant: string | undefined): readonly Rule[] {
  if (tenant === undefined) return bucket.all
  const own = bucket.byTenant.get(tenant)
  return own === undefined ? bucket.untied : merge(bucket.untied, own)
}

/** Two ordered lists as one. */
function merge(a: readonly Rule[], b: readonly Rule[]): readonly Rule[] {
  return [...a, ...b].sort((x, y) => x.order - y.order)
}
