import type { Outcome } from '../model.ts'
import type { Meter } from '../ports.ts'

/** Counts one answered check. Labels are bounded: names from configuration, codes from closed sets. */
export function observe(outcome: Outcome, durationMs: number, meter: Meter): void {
  const { decision, stages, answer } = outcome
  const labels = {
    effect: decision.effect,
    action: stages?.facts.action.name ?? 'none',
    entrypoint: stages?.entrypoint.name ?? 'none',
    reason: decision.reasons[0],
  }
  const isObserved = answer.effect === 'observe'
  const effect = isObserved ? 'observe' : decision.effect
  if (isObserved) meter.add('vigil_observed_total', 1, labels)
  meter.add('vigil_checks_total', 1, isObserved ? { ...labels, effect } : labels)
  meter.record('vigil_check_duration_seconds', durationMs / 1000, { effect })
  for (const input of decision.degraded) meter.add('vigil_checks_degraded_total', 1, { input })
  for (const { rule, effect, outcome: what, wouldDecide } of decision.shadow) {
    if (wouldDecide) meter.add('vigil_shadow_total', 1, { rule, effect, outcome: what })
  }
  countRuleFailures(decision, meter)
  for (const { signal, reason } of stages?.assessment.findings ?? []) {
    meter.add('vigil_findings_total', 1, { signal, reason })
  }
  for (const signal of stages?.assessment.failed ?? []) meter.add('vigil_signal_errors_total', 1, { signal })
}

/**
 * A rule whose condition could not be answered is counted where that had a consequence: it acted, or it was passed over
 * at the price of a degraded check, or in shadow it would have acted or went wrong. A rule that is passed over because
 * it is written so (an allowing one, `whenUnknown: skip`) is no failure.
 */
function countRuleFailures({ rule, reasons, degraded, shadow }: Outcome['decision'], meter: Meter): void {
  const kind = rule === undefined ? undefined : KINDS.find((each) => reasons.includes(`policy.rule.${each}`))
  if (rule !== undefined && kind !== undefined) meter.add('vigil_rule_failures_total', 1, { rule, kind })
  for (const input of degraded) {
    if (!input.startsWith(PASSED_OVER)) continue
    meter.add('vigil_rule_failures_total', 1, { rule: input.slice(PASSED_OVER.length), kind: 'unknown' })
  }
  for (const { rule: name, outcome: what, wouldDecide } of shadow) {
    if (what === 'error' || (what === 'unknown' && wouldDecide))
      meter.add('vigil_rule_failures_total', 1, { rule: name, kind: what })
  }
}

/** No rule has such a name, so these reasons cannot be its own. */
const KINDS = ['error', 'unknown'] as const
const PASSED_OVER = 'rule:'
