import type { Outcome } from '../model.ts'
import type { Meter } from '../ports.ts'

/** Counts one answered check. Labels are bounded: names from configuration, codes from closed sets. */
export function observe(outcome: Outcome, durationMs: number, meter: Meter): void {
  const { decision, stages } = outcome
  meter.add('vigil_checks_total', 1, {
    effect: decision.effect,
    action: stages?.facts.action.name ?? 'none',
    entrypoint: stages?.entrypoint.name ?? 'none',
    reason: decision.reasons[0],
  })
  meter.record('vigil_check_duration_seconds', durationMs / 1000, { effect: decision.effect })
  for (const input of decision.degraded) meter.add('vigil_checks_degraded_total', 1, { input })
  for (const { rule, effect, outcome: what, wouldDecide } of decision.shadow) {
    if (wouldDecide) meter.add('vigil_shadow_total', 1, { rule, effect, outcome: what })
  }
  for (const { signal, reason } of stages?.assessment.findings ?? []) {
    meter.add('vigil_findings_total', 1, { signal, reason })
  }
  for (const signal of stages?.assessment.failed ?? []) meter.add('vigil_signal_errors_total', 1, { signal })
}
