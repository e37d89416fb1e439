import type { ContextSettings } from '../config/schema/context.ts'
import type { ActionSettings, RuleSettings, UnknownActionSettings } from '../config/schema/decision.ts'
import type { EnforcementSettings, FailureSettings } from '../config/schema/enforcement.ts'
import type { IdentitySettings } from '../config/schema/identity.ts'
import type { Compiled, SettingsProblem } from '../errors.ts'
import type { Requirement } from '../model.ts'
import { compileCondition } from './condition.ts'
import type { PolicyConfig } from './config.ts'
import { appliesOf, indexRules } from './index-rules.ts'
import type { Rule } from './rules.ts'
import { compileShadow } from './shadow.ts'
import { ANOMALY_RETRY_SECONDS } from './throttle.ts'
import type { Vocabulary } from './variable.ts'

/** The parts of `vigil.yaml` that the policy stage is compiled from. */
export interface PolicySettings {
  readonly policy: readonly RuleSettings[]
  readonly actions: readonly ActionSettings[]
  readonly unknownAction: UnknownActionSettings
  readonly enforcement: EnforcementSettings
  readonly failure: FailureSettings
  readonly identity: IdentitySettings
  readonly context: ContextSettings
}

/**
 * Checks and plans all rules. Every problem of every rule is told, with its path and its offset in the condition.
 * @param reasons the reasons that signals may give; with them a misspelt reason is an error too.
 */
export function compilePolicy(settings: PolicySettings, reasons?: readonly string[]): Compiled<PolicyConfig> {
  const vocabulary = vocabularyOf(settings, reasons)
  const problems: SettingsProblem[] = repeatedNames(settings.policy)
  const rules: Rule[] = []
  for (const [order, rule] of settings.policy.entries()) {
    const compiled = compileRule(rule, order, vocabulary)
    if (compiled.ok) rules.push(compiled.value)
    else problems.push(...compiled.problems)
  }
  if (problems.length > 0) return { ok: false, problems }
  const { enforcement, failure, unknownAction, context } = settings
  return {
    ok: true,
    value: {
      rules: indexRules(rules),
      unknownAction: unknownAction.effect,
      failure,
      stepUp: requirementOf(enforcement.stepUp),
      retryAfterSeconds: enforcement.retryAfterSeconds,
      headers: new Set(context.requestHeaders),
    },
  }
}

function vocabularyOf(settings: PolicySettings, reasons: readonly string[] | undefined): Vocabulary {
  const { issuers, workloads } = settings.identity
  const trustDomains = workloads.trustDomains.map(({ name }) => name)
  return {
    actions: unique([...settings.actions.map((action) => action.name), 'unknown', 'unknown-tool']),
    issuers: unique([
      ...issuers.map(({ issuer }) => issuer),
      ...trustDomains.map((name) => `spiffe://${name}`),
    ]),
    claims: unique(issuers.flatMap((issuer) => issuer.claims)),
    posture: unique(settings.context.device.posture?.claims ?? []),
    headers: unique(settings.context.requestHeaders),
    params: unique(
      settings.actions.flatMap(({ match }) => [...paramNames(match.paths), ...toolName(match.mcpTools)]),
    ),
    trustDomains: unique(trustDomains),
    ...(reasons && { reasons }),
  }
}

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)]

const paramNames = (paths: readonly string[] = []): string[] => paths.flatMap(paramsOf)
const toolName = (tools: readonly string[] | undefined): string[] => (tools === undefined ? [] : ['tool'])

/** `/a/{account}/{rest...}` has `account` and `rest`. */
const paramsOf = (template: string): string[] =>
  [...template.matchAll(/\{([^{}]+?)(?:\.\.\.)?\}/g)].map((match) => match[1] ?? '')

function repeatedNames(rules: readonly RuleSettings[]): SettingsProblem[] {
  const seen = new Set<string>()
  const problems: SettingsProblem[] = []
  for (const [index, { name }] of rules.entries()) {
    if (seen.has(name)) {
      problems.push({ path: ['policy', index, 'name'], message: `another rule is named "${name}" already` })
    }
    seen.add(name)
  }
  return problems
}

function compileRule(settings: RuleSettings, order: number, vocabulary: Vocabulary): Compiled<Rule> {
  const problems: SettingsProblem[] = idleSettings(settings, order)
  const condition = compileCondition(settings.when, vocabulary)
  if (!condition.ok) {
    const path = ['policy', order, 'when']
    problems.push(...condition.problems.map((problem) => ({ path, ...problem })))
  }
  if (!condition.ok || problems.length > 0) return { ok: false, problems }
  const { name, effect, whenUnknown, stepUp, retryAfterSeconds, shadow } = settings
  return {
    ok: true,
    value: {
      order,
      name,
      reason: `policy.rule.${name}`,
      label: labelOf(settings),
      effect,
      retryAfterSeconds: retryAfterSeconds ?? ANOMALY_RETRY_SECONDS,
      shadow: compileShadow(name, shadow),
      test: condition.test,
      expr: condition.expr,
      applies: appliesOf(condition.expr),
      ...(whenUnknown && { whenUnknown }),
      ...(stepUp && { stepUp: requirementOf(stepUp) }),
    },
  }
}

/** In one line and without a last full stop, because it becomes part of a sentence. */
function labelOf({ name, description, owner, runbook }: RuleSettings): string {
  const told = [
    inLine(description).replace(/\.$/, ''),
    owner === undefined ? '' : `owner ${inLine(owner)}`,
    runbook === undefined ? '' : `runbook ${inLine(runbook)}`,
  ].filter((part) => part !== '')
  return told.length === 0 ? name : `${name} (${told.join('; ')})`
}

const inLine = (text = ''): string => text.replace(/\s+/g, ' ').trim()

/** Settings that would do nothing beside this effect: whoever wrote them expects something else. */
function idleSettings(settings: RuleSettings, order: number): SettingsProblem[] {
  const { effect } = settings
  const idle: [key: keyof RuleSettings, isIdle: boolean, message: string][] = [
    [
      'whenUnknown',
      effect === 'allow' || effect === 'monitor',
      'an allowing rule never matches when something is missing, so whenUnknown does nothing here',
    ],
    ['stepUp', effect !== 'step-up', 'stepUp does nothing in a rule whose effect is not step-up'],
    [
      'retryAfterSeconds',
      effect !== 'throttle',
      'retryAfterSeconds does nothing in a rule whose effect is not throttle',
    ],
  ]
  return idle
    .filter(([key, isIdle]) => isIdle && settings[key] !== undefined)
    .map(([key, , message]) => ({ path: ['policy', order, key], message }))
}

function requirementOf({ acr, maxAgeSeconds }: EnforcementSettings['stepUp']): Requirement {
  return { ...(acr && { acr }), ...(maxAgeSeconds !== undefined && { maxAgeSeconds }) }
}
