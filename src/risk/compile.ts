import { z } from 'zod'
import type { RiskSettings } from '../config/schema/decision.ts'
import type { Compiled, SettingsProblem } from '../errors.ts'
import { hint } from '../lib/nearest.ts'
import type { Assessment } from '../model.ts'
import { levelOf, logit } from './combine.ts'
import type { Evidence, Signal, SignalInput } from './signal.ts'

/** A signal with its settings bound and its reasons spelt out. */
export interface ActiveSignal {
  readonly id: string
  readonly cap: number
  readonly floor: number
  readonly looksBack: boolean
  /** `burst` -> `risk.request-rate.burst`. */
  readonly reasons: ReadonlyMap<string, string>
  evaluate(input: SignalInput): readonly Evidence[]
}

/** The part of a snapshot that `assess` reads. */
export interface RiskConfig {
  readonly priorNats: number
  readonly signals: readonly ActiveSignal[]
  /** What a check gets about which no signal says anything. */
  readonly quiet: Assessment
  /** Signals that are blind without the store. */
  readonly lookingBack: readonly string[]
}

/** The settings of one signal, with `enabled`, which all have. */
export const signalSettings = (signal: Signal) =>
  signal.settings.extend({
    enabled: z.boolean().default(true).describe('`false` switches the signal off.'),
  })

/** `risk.signals` as a whole, for the generated JSON Schema and reference. */
export const signalsSettings = (signals: readonly Signal[]) =>
  z.strictObject(
    Object.fromEntries(signals.map((s) => [s.id, signalSettings(s).prefault({}).describe(s.summary)])),
  )

/** Parses each signal's section by its own schema; a section that no signal reads is a problem. */
export function compileRisk(settings: RiskSettings, signals: readonly Signal[]): Compiled<RiskConfig> {
  const problems = unknownIds(settings, signals)
  const active: ActiveSignal[] = []
  for (const signal of signals) {
    const written = settings.signals[signal.id]
    const parsed = signalSettings(signal).safeParse(written === undefined ? {} : written)
    if (!parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => explain(issue, signal)))
    else if (parsed.data['enabled'] !== false) active.push(activate(signal, parsed.data))
  }
  if (problems.length > 0) return { ok: false, problems }
  const { prior } = settings
  const quiet = Object.freeze({ score: prior, level: levelOf(prior), findings: [], failed: [] })
  const lookingBack = active.filter((signal) => signal.looksBack).map(({ id }) => id)
  return { ok: true, value: { priorNats: logit(prior), signals: active, quiet, lookingBack } }
}

function activate(signal: Signal, settings: Record<string, unknown>): ActiveSignal {
  return {
    id: signal.id,
    cap: signal.cap,
    floor: signal.floor ?? 0,
    looksBack: signal.looksBack ?? false,
    reasons: new Map(Object.keys(signal.reasons).map((r) => [r, `risk.${signal.id}.${r}`])),
    evaluate: (input) => signal.evaluate(input, settings),
  }
}

function unknownIds(settings: RiskSettings, signals: readonly Signal[]): SettingsProblem[] {
  const ids = signals.map((s) => s.id)
  return Object.keys(settings.signals)
    .filter((id) => !ids.includes(id))
    .map((id) => ({
      path: ['risk', 'signals', id],
      message: `no signal "${id}"${hint(id, ids)}`,
      isAboutKey: true,
    }))
}

function explain(issue: z.core.$ZodIssue, signal: Signal): SettingsProblem[] {
  const path = ['risk', 'signals', signal.id, ...issue.path.filter((p) => typeof p !== 'symbol')]
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  const known = Object.keys(signalSettings(signal).shape)
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: `signal "${signal.id}" has no setting "${key}"${hint(key, known)}`,
    isAboutKey: true,
  }))
}
