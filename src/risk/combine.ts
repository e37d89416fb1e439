import type { Finding, Level } from '../model.ts'

/** Where a level ends; the score itself belongs to the next one. */
const LEVELS: readonly (readonly [below: number, level: Level])[] = [
  [0.05, 'low'],
  [0.6, 'elevated'],
  [0.95, 'high'],
]

/** Log-odds of a probability, in nats. */
export const logit = (p: number): number => Math.log(p) - Math.log1p(-p)

/** The probability of log-odds, without overflow at either end. */
export function sigmoid(nats: number): number {
  if (nats >= 0) return 1 / (1 + Math.exp(-nats))
  const odds = Math.exp(nats)
  return odds / (1 + odds)
}

export function levelOf(score: number): Level {
  for (const [below, level] of LEVELS) {
    if (score < below) return level
  }
  return 'critical'
}

/** Evidence adds up in log-odds: each finding counts what it says, and the sum explains itself. */
export function combine(priorNats: number, findings: readonly Finding[]): number {
  let sum = priorNats
  for (const finding of findings) sum += finding.nats
  return sigmoid(sum)
}
