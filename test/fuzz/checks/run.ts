/** Runs one case: its steps one after the other against a service with its configuration and nothing else. */
import { readAnswer, type Told } from './answer.ts'
import { type Choice, makeBase, NOW_MS } from './base.ts'
import type { Draft, Pair } from './draft.ts'
import { encode, mint } from './forge.ts'
import { flawOf } from './invariants.ts'
import { sha256 } from './keys.ts'
import { ask, createMemory, idOf, type Memory, type Verdict } from './oracle/index.ts'
import type { Plan, Step } from './plan.ts'
import { secondOpinion } from './second.ts'
import type { World } from './settings.ts'
import { type Answered, openTarget, type Sent, type Target } from './target.ts'
import { makeWorld } from './world.ts'

export interface Stage {
  readonly world: World
  readonly target: Target
}

/** One step as it went. */
export interface Passed {
  readonly sent: Sent
  readonly told: Told | undefined
  /** Absent: the oracle was not asked. */
  readonly verdict: Verdict | undefined
  readonly isMutated: boolean
  readonly tookMs: number
  /** oauth4webapi has said what it makes of it. */
  readonly isSeconded?: boolean
  readonly flaw: string | undefined
}

/** The configurations of one seed, each opened when it is first wanted. */
export function createStages(seed: number): (world: number) => Promise<Stage> {
  const open = new Map<number, Promise<Stage>>()
  return (number) => {
    const known = open.get(number)
    if (known !== undefined) return known
    const world = makeWorld((seed * 1009 + number) | 0)
    const stage = openTarget(world).then((target) => ({ world, target }))
    open.set(number, stage)
    return stage
  }
}

let runs = 0

/** A first request with which nothing is wrong passes, or the cases would not begin where they should. */
function orRefused(done: Passed): Passed {
  const { isMutated, verdict, told } = done
  if (isMutated || verdict?.mayPass !== true || told === undefined || done.flaw !== undefined) return done
  if (told.isPass || told.isReply) return done
  return { ...done, flaw: `refused, but nothing is wrong: ${told.reasons.join(' ')}` }
}

/** @returns the steps as they went; the last one may have a flaw */
export async function runPlan(
  { steps }: Plan,
  { world, target }: Stage,
  memory = createMemory(),
): Promise<Passed[]> {
  await target.forget()
  const passed: Passed[] = []
  let before: Before | undefined
  let atMs = NOW_MS
  for (const step of steps) {
    atMs += step.waitMs
    runs++
    const draft = draftFor(step, before, { world, memory, atMs })
    const sent: Sent = { bytes: encode(draft), atMs, caller: draft.caller, store: draft.store }
    const isMutated = step.mutations.length > 0
    const done = await judge(
      sent,
      { world, target },
      memory,
      secretsOf(draft.headers, draft.postureHeader),
      isMutated,
    )
    passed.push(passed.length === 0 ? orRefused(done) : done)
    if (passed.at(-1)?.flaw !== undefined) break
    const isFresh = before === undefined || step.kind === 'new'
    const choice = isFresh ? step.choice : (before?.choice ?? step.choice)
    before = { draft, told: done.told, choice, jkt: keyOf(draft) ?? (isFresh ? undefined : before?.jkt) }
    if (passed.length < steps.length) await target.learn()
  }
  return passed
}

/** Sends one request, asks the oracle, and remembers what followed. */
export async function judge(
  sent: Sent,
  { world, target }: Stage,
  memory: Memory,
  secrets: readonly string[],
  isMutated: boolean,
): Promise<Passed> {
  let answered: Answered
  try {
    answered = await target.send(sent)
  } catch (error) {
    return { sent, told: undefined, verdict: undefined, isMutated, tookMs: 0, flaw: `it threw ${error}` }
  }
  const { tookMs } = answered
  const told = readAnswer(answered.bytes)
  if (typeof told === 'string')
    return { sent, told: undefined, verdict: undefined, isMutated, tookMs, flaw: told }
  let verdict: Verdict | undefined
  try {
    verdict = isAsked(told, isMutated, sent) ? ask(sent, world, memory) : undefined
  } catch (error) {
    // A find like any other, so that the case is made small and kept.
    return { sent, told, verdict: undefined, isMutated, tookMs, flaw: `the oracle threw ${error}` }
  }
  const second = await secondOf(told, verdict, sent)
  const flaw =
    flawOf(told, verdict, sent, answered, secrets, world.settings) ??
    (second?.why === undefined ? undefined : `allowed, but oauth4webapi says: ${second.why}`)
  if (verdict !== undefined) remember(sent, told, verdict, memory)
  return { sent, told, verdict, isMutated, tookMs, isSeconded: second !== undefined, flaw }
}

/** Of what was allowed some is shown to another judge; all of it would take too long. */
async function secondOf({ isPass, effect }: Told, verdict: Verdict | undefined, { bytes, atMs }: Sent) {
  if (!isPass || effect === 'observe' || verdict === undefined || bytes.length % 4 !== 0) return undefined
  return secondOpinion(verdict, atMs)
}

/** A refusal of what was changed is right whatever the oracle says; of some it is asked all the same, to count them. */
const isAsked = ({ isPass, isReply, effect }: Told, isMutated: boolean, { bytes }: Sent): boolean =>
  isPass || isReply || !isMutated || effect === 'step-up' || bytes.length % 8 === 0

function remember(
  { atMs }: Sent,
  told: Told,
  { who, seen, mayPass }: Verdict,
  { ledger, uses, challenges }: Memory,
) {
  if (who === undefined || seen === undefined) return
  const isTaken = (told.isPass || told.isReply) && mayPass
  if (isTaken && who.use !== undefined) uses.set(who.use.name, { attempt: seen.attempt })
  if (told.effect === 'step-up') challenges.push({ id: idOf(who), atMs })
  const hop = told.set.find(([name]) => name === 'x-vigil-hop')?.[1]
  if (hop !== undefined && who.token !== undefined) {
    const binding = who.methods.length === 0 ? 'none' : who.methods.join('+')
    ledger.hops.set(hop, {
      tokenHash: who.token.tokenHash,
      method: seen.method,
      authority: seen.authority,
      binding,
      atMs,
    })
  }
}

interface Around {
  readonly world: World
  readonly memory: Memory
  readonly atMs: number
}

/** What has gone before in a case. */
interface Before {
  readonly draft: Draft
  readonly told: Told | undefined
  readonly choice: Choice
  /** To which key its token was bound: a nonce in the answer is for that one. What is sent again is not made anew, and has lost it. */
  readonly jkt: string | undefined
}

const keyOf = ({ token }: Draft): string | undefined => {
  const { jkt } = (token?.claims['cnf'] ?? {}) as { readonly jkt?: unknown }
  return typeof jkt === 'string' ? jkt : undefined
}

function draftFor(step: Step, before: Before | undefined, { world, memory, atMs }: Around): Draft {
  const draft = unsigned(step, before, { world, memory, atMs })
  // Where it was signed before, only what stands around it can still be changed.
  mint(draft, step.mutations, { world, ledger: memory.ledger })
  return draft
}

function unsigned(step: Step, before: Before | undefined, { world, memory, atMs }: Around): Draft {
  const fresh = (choice: Choice) => makeBase(world, choice, atMs, runs, memory.ledger)
  if (before === undefined || step.kind === 'new') return fresh(step.choice)
  if (step.kind === 'again') return again(before.draft, step, world, atMs)
  if (step.kind === 'onward') return onward(before.draft, before.told, step, world, atMs)
  const draft = fresh(before.choice)
  if (step.kind === 'login' && draft.token !== undefined) {
    const { claims } = draft.token
    claims['auth_time'] = Math.floor(atMs / 1000) - (step.choice.way % 3)
    if (step.choice.way % 2 === 0) claims['acr'] = 'mfa'
  }
  const nonce = before.told?.shown.find(([name]) => name === 'dpop-nonce')?.[1]
  if (step.kind === 'answered' && nonce !== undefined && draft.proof !== undefined) {
    draft.proof.claims['nonce'] = nonce
    const { jkt } = before
    if (jkt !== undefined) memory.ledger.nonces.set(nonce, { jkt, atMs: before.draft.atMs })
  }
  return draft
}

/** Without what has been signed and written into the headers before. */
const bare = (draft: Draft): Draft => ({
  ...draft,
  source: { ...draft.source },
  destination: { ...draft.destination },
  extensions: { ...draft.extensions },
  headers: draft.headers.map(([name, value]): Pair => [name, value]),
  token: undefined,
  proof: undefined,
  posture: undefined,
  hop: undefined,
  bytes: [],
  store: 'good',
})

/** As it comes through this entrypoint. */
function enter(draft: Draft, { match }: World['settings']['entrypoints'][number]): void {
  draft.destination.port = match.port ?? 8443
  draft.destination.principal = match.destinationPrincipal ?? ''
  draft.extensions = { ...match.extension }
}

/** The same request: as Envoy's retry of it, or nearly, or on a stream of its own, or at another Envoy. */
function again(draft: Draft, { choice }: Step, { settings }: World, atMs: number): Draft {
  const copy = { ...bare(draft), atMs }
  if (choice.who % 4 !== 0) copy.streamId += '-again'
  if (choice.who % 4 === 2) copy.timeSeconds = Math.floor(atMs / 1000)
  if (choice.who % 8 === 4) copy.source.port += 1
  const entrypoint = settings.entrypoints[choice.entrypoint % settings.entrypoints.length]
  if (choice.way % 3 === 0 && entrypoint !== undefined) enter(copy, entrypoint)
  return copy
}

/** As it arrives at the next Envoy: with the headers that the answer sets, without those that it removes. */
function onward(
  draft: Draft,
  told: Told | undefined,
  { choice }: Step,
  { settings }: World,
  atMs: number,
): Draft {
  const copy = { ...bare(draft), atMs, streamId: `${draft.streamId}-onward` }
  const [set, removed] = [told?.set ?? [], new Set(told?.removed ?? [])]
  const names = new Set(set.map(([name]) => name))
  copy.headers = [
    ...copy.headers.filter(([name]) => !removed.has(name.toLowerCase()) && !names.has(name.toLowerCase())),
    ...set.map(([name, value]): Pair => [name, value]),
  ]
  const inner = settings.entrypoints.filter(({ role }) => role === 'inside')
  const entrypoint = inner[choice.entrypoint % Math.max(1, inner.length)]
  if (entrypoint !== undefined) {
    enter(copy, entrypoint)
    copy.source.principal = entrypoint.edges[0] ?? copy.source.principal
  }
  return copy
}

/** Parts of what was shown that must not be told to anybody: signatures, and digests of what is secret. */
export function secretsOf(headers: Iterable<readonly [string, string]>, postureHeader: string): string[] {
  const names = ['authorization', 'dpop', 'cookie', postureHeader]
  const shown = [...headers].flatMap(([name, value]) => (names.includes(name.toLowerCase()) ? value : []))
  const tokens = shown.flatMap((value) => value.split(/[\s,;="]/)).filter((part) => part.length > 100)
  return tokens.flatMap((token) => [...token.split('.').filter((part) => part.length > 40), sha256(token)])
}
