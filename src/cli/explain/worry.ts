import type { ReadRecord } from '../../audit/reading.ts'
import { levelOf, logit, sigmoid } from '../../risk/combine.ts'

export interface Contribution {
  readonly signal: string
  readonly reason: string
  readonly nats: number
  readonly sentence: string
  readonly detail: Readonly<Record<string, string | number | boolean>>
}

export interface Worry {
  readonly level: string
  readonly score: number
  readonly contributions: readonly Contribution[]
}

/** Sentences of the signals' reasons, by the whole reason (`risk.new-device.unseen`). */
export type Sentences = ReadonlyMap<string, string>

export function worryOf({ assessment }: ReadRecord, sentences: Sentences): Worry | undefined {
  if (assessment === undefined) return undefined
  const { level, score, findings } = assessment
  const contributions = findings.map(({ signal, reason, nats, detail }) => ({
    signal,
    reason,
    nats,
    sentence: sentences.get(reason) ?? 'A reason that this version of vigil does not know.',
    detail,
  }))
  return { level, score, contributions }
}

/** `doubles the odds`, `makes the odds 10 times as high`: what nats mean to a person. */
export function weightOf(nats: number): string {
  const times = Math.exp(Math.abs(nats))
  if (times < 1.05) return 'changes next to nothing'
  const told = times < 10 ? times.toFixed(1) : Math.round(times).toLocaleString('en')
  return nats > 0 ? `the odds of trouble ${told} times as high` : `the odds of trouble ${told} times lower`
}

/** The level without these findings; undefined where the score is so near to 1 that it cannot be told. */
export function levelWithout(score: number, nats: number): string | undefined {
  const sum = logit(score) - nats
  return Number.isFinite(sum) ? levelOf(sigmoid(sum)) : undefined
}
