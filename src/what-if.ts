import type { AuditRecord } from './audit/record.ts'
import type { Decision } from './model.ts'
import { decideAgain } from './replay.ts'
import { combine, levelOf } from './risk/combine.ts'
import type { Snapshot } from './snapshot.ts'

/** What policy would have made of a check if something about it had been otherwise. */
export interface WhatIf {
  /** This configuration is the one that decided. */
  readonly isSameConfiguration: boolean
  /** What this configuration makes of the check as it was. */
  readonly asItWas: Ruling
  /** The rule that decided, as this configuration writes it. */
  readonly rule?: { readonly name: string; readonly when: string } | undefined
  /** The fewest changes that let the request pass, each list one way; empty: none of the changes below do, even together. */
  readonly ways: readonly Way[]
}

export interface Ruling {
  readonly effect: Decision['effect']
  /** The rule, else the reason. */
  readonly by: string
}

export interface Way extends Ruling {
  readonly changes: readonly string[]
}

interface Change {
  readonly name: string
  apply(record: AuditRecord): AuditRecord
}

/**
 * Decides a recorded check again, as it was and with one or two things changed. Pure.
 * @throws when the record lacks something that deciding needs
 */
export function whatIf(record: AuditRecord, snapshot: Snapshot): WhatIf {
  const { rule: name } = record.decision
  const rule = snapshot.settings.policy.find((each) => each.name === name)
  return {
    isSameConfiguration: record.config === snapshot.hash,
    asItWas: rulingOf(record, snapshot),
    rule: rule && { name: rule.name, when: String(rule.when) },
    ways: waysOf(record, snapshot),
  }
}

const PASSING: ReadonlySet<string> = new Set(['allow', 'monitor'])

function waysOf(record: AuditRecord, snapshot: Snapshot): readonly Way[] {
  if (PASSING.has(rulingOf(record, snapshot).effect)) return []
  const changes = changesOf(record, snapshot.risk.priorNats)
  const pairs = changes.flatMap((a, i) => changes.slice(i + 1).map((b) => [a, b]))
  for (const tries of [changes.map((change) => [change]), pairs, [changes]]) {
    const ways = tries
      .map((each) => wayOf(record, each, snapshot))
      .filter(({ effect }) => PASSING.has(effect))
    if (ways.length > 0) return ways
  }
  return []
}

function wayOf(record: AuditRecord, changes: readonly Change[], snapshot: Snapshot): Way {
  const changed = changes.reduce((each, change) => change.apply(each), record)
  const { decision } = decideAgain(changed, snapshot)
  const acr = decision.effect === 'step-up' ? decision.unmet.acr?.[0] : undefined
  // Which class of login is wanted is known once one was tried.
  if (acr !== undefined && changes.includes(LOGIN)) {
    return wayOf(record, [...changes.filter((change) => change !== LOGIN), loginOf(acr)], snapshot)
  }
  return { changes: changes.map(({ name }) => name), ...rulingOf(changed, snapshot) }
}

function rulingOf(record: AuditRecord, snapshot: Snapshot): Ruling {
  const { effect, rule, reasons } = decideAgain(record, snapshot).decision
  return { effect, by: rule ?? reasons[0] }
}

/** What a caller or an operator could change; only what is not so already. */
function changesOf(record: AuditRecord, priorNats: number): readonly Change[] {
  const { subject, facts, past, assessment } = record
  if (subject?.state !== 'identified' || !facts || !past || !assessment) return []
  const worries = assessment.findings.filter(({ nats }) => nats > 0)
  const missing = facts.action.scopes.filter((scope) => !subject.credential.scopes.includes(scope))
  const full = past.limits.filter(({ used, max }) => used > max)
  return [
    ...(subject.credential.kind === 'user' ? [LOGIN] : []),
    ...(missing.length > 0 ? [withScopes(missing)] : []),
    ...(subject.binding.state === 'verified' ? [] : [BOUND]),
    ...(past.proof === 'repeated' ? [NEW_PROOF] : []),
    ...(full.length > 0 ? [roomIn(full.map(({ limit }) => limit))] : []),
    ...worries.map(({ reason }) => without([reason], priorNats)),
    ...(worries.length > 2
      ? [
          without(
            worries.map(({ reason }) => reason),
            priorNats,
          ),
        ]
      : []),
  ]
}

type Identified = Extract<NonNullable<AuditRecord['subject']>, { state: 'identified' }>

const withSubject = (record: AuditRecord, change: (subject: Identified) => Identified): AuditRecord =>
  record.subject?.state === 'identified' ? { ...record, subject: change(record.subject) } : record

const withPast = (record: AuditRecord, change: Partial<NonNullable<AuditRecord['past']>>): AuditRecord =>
  record.past === undefined ? record : { ...record, past: { ...record.past, ...change } }

/** The challenge was made, a login followed in the next second, and the request comes again after it. */
const loginOf = (acr?: string): Change => ({
  name: acr === undefined ? 'with a login after this' : `with a login of the class ${acr} after this`,
  apply: (record) => {
    const askedMs = Date.parse(record.at)
    const authTime = Math.floor(askedMs / 1000) + 1
    const at = new Date((authTime + 1) * 1000).toISOString()
    const { profile, session } = record.past ?? {}
    const nothing = { firstSeenMs: askedMs, lastSeenMs: askedMs, seen: 0 }
    const challenged = withPast(record, {
      profile: profile && { ...profile, challengedAtMs: askedMs },
      session: { ...(session ?? nothing), challengedAtMs: askedMs },
    })
    return withSubject({ ...challenged, at }, (subject) => ({
      ...subject,
      credential: { ...subject.credential, authTime, ...(acr === undefined ? {} : { acr }) },
    }))
  },
})

const LOGIN = loginOf()

const withScopes = (scopes: readonly string[]): Change => ({
  name: `with a token that also holds ${scopes.join(' and ')}`,
  apply: (record) =>
    withSubject(record, (subject) => ({
      ...subject,
      credential: { ...subject.credential, scopes: [...subject.credential.scopes, ...scopes] },
    })),
})

const BOUND: Change = {
  name: 'with a token that is bound to its holder',
  apply: (record) =>
    withSubject(record, (subject) => ({
      ...subject,
      binding: { ...subject.binding, state: 'verified', methods: ['dpop'] },
    })),
}

const NEW_PROOF: Change = {
  name: 'with a proof that was not used before',
  apply: (record) => withPast(record, { proof: 'first' }),
}

const roomIn = (limits: readonly string[]): Change => ({
  name: `with room in the limit ${limits.join(' and ')}`,
  apply: (record) =>
    withPast(record, {
      limits: (record.past?.limits ?? []).map((each) => ({ ...each, used: Math.min(each.used, each.max) })),
    }),
})

const without = (reasons: readonly string[], priorNats: number): Change => ({
  name: `without ${reasons.length === 1 ? 'the finding' : 'the findings'} ${reasons.join(', ')}`,
  apply: (record) => {
    if (record.assessment === undefined) return record
    const findings = record.assessment.findings.filter(({ reason }) => !reasons.includes(reason))
    const score = combine(priorNats, findings)
    return { ...record, assessment: { ...record.assessment, score, level: levelOf(score), findings } }
  },
})
