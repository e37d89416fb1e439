import { flatCopy } from '../lib/flat.ts'
import type { Level, Reason, Sensitivity } from '../model.ts'

export type DefaultEffect = 'allow' | 'monitor' | 'step-up' | 'deny'

/** What follows when no rule matches: what is at stake against how worried Vigil is. */
export const DEFAULT_TABLE: Readonly<Record<Sensitivity, Readonly<Record<Level, DefaultEffect>>>> = {
  low: { low: 'allow', elevated: 'monitor', high: 'step-up', critical: 'deny' },
  medium: { low: 'allow', elevated: 'monitor', high: 'step-up', critical: 'deny' },
  high: { low: 'monitor', elevated: 'step-up', high: 'step-up', critical: 'deny' },
  critical: { low: 'step-up', elevated: 'step-up', high: 'step-up', critical: 'deny' },
}

const LEVELS: readonly Level[] = ['low', 'elevated', 'high', 'critical']
const SENSITIVITIES: readonly Sensitivity[] = ['low', 'medium', 'high', 'critical']

/** The default of one cell; a word outside the table is denied. */
export function defaultEffect(sensitivity: Sensitivity, level: Level): DefaultEffect {
  return DEFAULT_TABLE[sensitivity]?.[level] ?? 'deny'
}

/** Made once: joined for each check it would make the record cost twice as much (see `flatCopy`). */
const REASONS = Object.fromEntries(
  SENSITIVITIES.map((s) => [
    s,
    Object.fromEntries(LEVELS.map((level) => [level, flatCopy(`policy.default.${s}-${level}`)])),
  ]),
) as Readonly<Record<Sensitivity, Readonly<Record<Level, Reason>>>>

/** What is said of one cell. */
export const defaultReason = (sensitivity: Sensitivity, level: Level): Reason =>
  REASONS[sensitivity]?.[level] ?? `policy.default.${sensitivity}-${level}`

/** The table as text (and as Markdown), for `vigil config check` and docs/policy.md. */
export function renderDefaultTable(): string {
  const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.padEnd(11)).join(' | ')} |`
  return [
    row(['sensitivity', ...LEVELS]),
    row(Array(LEVELS.length + 1).fill('-----------')),
    ...SENSITIVITIES.map((s) => row([s, ...LEVELS.map((level) => DEFAULT_TABLE[s][level])])),
  ].join('\n')
}
