import type { Assessment, Check, Facts, Finding, Past, Subject } from '../model.ts'
import { combine, levelOf } from './combine.ts'
import type { ActiveSignal, RiskConfig } from './compile.ts'
import type { Evidence, SignalInput } from './signal.ts'

const NO_DETAIL: Finding['detail'] = Object.freeze({})

/**
 * How worried to be: every signal's evidence, added in log-odds to the prior. A signal that throws, names a reason
 * it did not declare or gives a number that is none is absent and named in `failed`, so that the decision is
 * degraded; the others count.
 */
export function assess(
  check: Check,
  subject: Subject,
  facts: Facts,
  past: Past,
  config: RiskConfig,
): Assessment {
  const input: SignalInput = { check, subject, facts, past }
  const findings: Finding[] = []
  const failed: string[] = []
  for (const signal of config.signals) {
    if (!evaluate(signal, input, findings)) failed.push(signal.id)
  }
  const isBlind = past.degraded.includes('store') && config.lookingBack.length > 0
  const blind = isBlind ? { blind: config.lookingBack } : undefined
  if (findings.length === 0 && failed.length === 0)
    return isBlind ? { ...config.quiet, ...blind } : config.quiet
  const score = combine(config.priorNats, findings)
  return { score, level: levelOf(score), findings, failed, ...blind }
}

/** Adds the signal's findings. @returns false when it failed; then nothing is added. */
function evaluate(signal: ActiveSignal, input: SignalInput, findings: Finding[]): boolean {
  try {
    const evidence = signal.evaluate(input)
    if (evidence.length === 0) return true
    const found = toFindings(signal, evidence)
    if (found === undefined) return false
    findings.push(...found)
    return true
  } catch {
    return false // Decided here: the finding is absent, the signal is named, the check goes on.
  }
}

/** Each finding and the sum of them stay between the signal's floor and its cap; what is beyond does not count. */
function toFindings(signal: ActiveSignal, evidence: readonly Evidence[]): Finding[] | undefined {
  const findings: Finding[] = []
  let sum = 0
  for (const { reason, nats, detail } of evidence) {
    const slug = signal.reasons.get(reason)
    if (slug === undefined || !Number.isFinite(nats)) return undefined
    const least = Math.max(signal.floor, signal.floor - sum)
    const counted = Math.min(Math.max(nats, least), signal.cap, signal.cap - sum)
    sum += counted
    findings.push({ signal: signal.id, reason: slug, nats: counted, detail: detail ?? NO_DETAIL })
  }
  return findings
}
