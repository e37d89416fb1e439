import type { Check, Facts, LimitReading, Past, Subject, UseState } from '../model.ts'
import { StoreUnavailable } from '../store/store.ts'
import type { HistoryConfig, Limit } from './compile.ts'
import { decodeProfile } from './profile.ts'
import { ask, MINUTE_MS, type Question } from './question.ts'
import { retryAfterSeconds, used, type WindowCounts } from './rate.ts'
import { decodeSession } from './session.ts'
import { useState } from './uses.ts'

type Replies = readonly (string | null)[]

/**
 * What is known of this subject, in one wait for the store. Never rejects: without the store the past is empty,
 * `degraded` says `store`, and uses are `unavailable` unless this process has seen them in another attempt.
 */
export async function recall(
  check: Check,
  subject: Subject,
  facts: Facts,
  config: HistoryConfig,
): Promise<Past> {
  const question = ask(check, subject, facts, config)
  const replies = question.commands.length === 0 ? [] : await wait(question, config)
  const shown = config.shown(subject, facts)
  return replies === undefined
    ? { shown, limits: [], ...uses(question, undefined, config), degraded: ['store'] }
    : understand(check, question, replies, shown, config)
}

/** The replies, or undefined when there are none in time. */
async function wait(question: Question, config: HistoryConfig): Promise<Replies | undefined> {
  const startMs = config.clock.monotonicMs()
  try {
    return await config.store.read(question.commands, config.budgetMs)
  } catch (error) {
    // Whatever went wrong, the failure table decides what follows from `degraded`.
    const reason = error instanceof StoreUnavailable ? error.reason : 'unexpected'
    config.meter.add('vigil_store_errors_total', 1, { call: 'read', reason })
    return undefined
  } finally {
    config.meter.record('vigil_store_wait_seconds', (config.clock.monotonicMs() - startMs) / 1000)
  }
}

function understand(
  check: Check,
  question: Question,
  replies: Replies,
  shown: Past['shown'],
  config: HistoryConfig,
): Past {
  const states = uses(question, replies, config)
  const degraded: string[] = question.uses.length === 0 ? [] : weaknesses(config)
  let at = question.uses.length
  const own = question.identity === undefined ? NOBODY : identityPast(check, replies, at, degraded)
  if (question.identity !== undefined) at += 3
  // Envoy's own retry of a check whose first try came to another process: that one is in the sum already.
  const excess = question.isCounting && (states.proof === 'retry' || states.hop === 'retry') ? 1 : 0
  const requests = own.requestsPerMinute === undefined ? undefined : own.requestsPerMinute - excess
  const limits = question.limits.map((limit, index) => {
    const counts = windowCounts(replies[at + index])
    counts.current -= excess
    return reading(limit, counts, check.atMs)
  })
  return {
    profile: own.profile,
    session: own.session,
    requestsPerMinute: requests,
    shown,
    limits,
    proof: states.proof,
    hop: states.hop,
    degraded,
  }
}

function uses(
  question: Question,
  replies: Replies | undefined,
  config: HistoryConfig,
): { proof: UseState; hop: UseState } {
  const states: { proof: UseState; hop: UseState } = { proof: 'none', hop: 'none' }
  if (question.uses.length === 0) return states
  const primarySinceMs = config.store.standing?.primarySinceMs
  for (const [index, { use, attempt, local }] of question.uses.entries()) {
    const stored = replies?.[index]
    states[use.kind] = useState({ use, local, attempt, stored, primarySinceMs })
  }
  return states
}

/** Why the store's word on a single use may be worth less than it seems, e.g. `store-eviction`. */
const weaknesses = (config: HistoryConfig): string[] =>
  (config.store.standing?.degraded ?? []).map((why) => `store-${why}`)

type Own = Pick<Past, 'profile' | 'session' | 'requestsPerMinute'>
const NOBODY: Own = {}

/** @param at where in the replies stand profile, session, this minute and the one before */
function identityPast(check: Check, replies: Replies, at: number, degraded: string[]): Own {
  return {
    profile: read(replies[at], decodeProfile, 'profile', degraded),
    session: read(replies[at + 1], decodeSession, 'session', degraded),
    requestsPerMinute: used(windowCounts(replies[at + 2]), MINUTE_MS, check.atMs),
  }
}

/** What was stored and cannot be read is missing, and that is said. */
function read<T>(
  text: string | null | undefined,
  decode: (text: string) => T | undefined,
  what: string,
  degraded: string[],
): T | undefined {
  if (text === null || text === undefined) return undefined
  const value = decode(text)
  if (value === undefined) degraded.push(what)
  return value
}

function reading(limit: Limit, counts: WindowCounts, atMs: number): LimitReading {
  const sum = used(counts, limit.windowMs, atMs)
  return {
    limit: limit.name,
    max: limit.max,
    windowSeconds: limit.windowSeconds,
    used: sum,
    retryAfterSeconds: sum <= limit.max ? 0 : retryAfterSeconds(counts, limit.max, limit.windowMs, atMs),
  }
}

/** @param text `current previous` */
function windowCounts(text: string | null | undefined): { current: number; previous: number } {
  const blank = text?.indexOf(' ') ?? -1
  if (text === null || text === undefined || blank < 0) return { current: 0, previous: 0 }
  return { current: count(text.slice(0, blank)), previous: count(text.slice(blank + 1)) }
}

/** A counter that holds something else counts nothing: it expires with its window. */
function count(text: string): number {
  const value = Number(text)
  return Number.isSafeInteger(value) && value > 0 ? value : 0
}
