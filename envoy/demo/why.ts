import { join } from 'node:path'
import { ROOT } from '../../scripts/root.ts'
import type { AuditRecord } from './record.ts'

/** Why Vigil decided as it did, out of its own record: a sentence for a person, then the stable reason codes. */
export async function explain(record: AuditRecord): Promise<string> {
  const { decision, assessment } = record
  const findings = assessment?.findings ?? []
  const told = await Promise.all(findings.map(({ signal, reason }) => sentenceOf(signal, reason)))
  const shadows = decision.shadow
    .filter(({ wouldDecide }) => wouldDecide)
    .map(({ rule, effect }) => `Shadow rule ${rule} would have said ${effect}.`)
  const sentences = [record.why ?? passing(record), ...told, ...shadows]
  const rule = decision.rule === undefined ? '' : `, rule ${decision.rule}`
  return `${sentences.join(' ')} [${decision.effect}${rule}: ${decision.reasons.join(', ')}]`
}

function passing({ decision, assessment, facts }: AuditRecord): string {
  if (decision.reasons.includes('policy.step-up.satisfied')) {
    return 'The login is strong enough and newer than the question.'
  }
  if (decision.rule !== undefined) return 'A rule lets it pass.'
  return `Nothing speaks against it: ${assessment?.level} risk, ${facts?.action.sensitivity} stakes.`
}

interface SignalModule {
  readonly default: { readonly reasons: Readonly<Record<string, string>> }
}

/** The sentence that the signal itself gives for its reason (`risk.<signal>.<what>`). */
async function sentenceOf(signal: string, reason: string): Promise<string> {
  const path = join(ROOT, 'src', 'risk', 'signals', `${signal}.ts`)
  const { default: definition } = (await import(path)) as SignalModule
  return definition.reasons[reason.slice(`risk.${signal}.`.length)] ?? reason
}
