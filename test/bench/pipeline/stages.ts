import { randomUUID } from 'node:crypto'
import { decodeRequest } from '../../../src/check/decode.ts'
import { encodeResponse } from '../../../src/check/encode.ts'
import { toCheck } from '../../../src/check/request.ts'
import { toCheckResponse } from '../../../src/check/response.ts'
import { gather } from '../../../src/context/index.ts'
import { enforce } from '../../../src/enforcement/index.ts'
import { recall } from '../../../src/history/index.ts'
import type { ProofInput } from '../../../src/identity/contract.ts'
import { type Equipment, equip, identify } from '../../../src/identity/index.ts'
import type { Answer, Check, Facts, Outcome, Past, Subject } from '../../../src/model.ts'
import { decide } from '../../../src/policy/index.ts'
import { assess } from '../../../src/risk/index.ts'
import type { Snapshot } from '../../../src/snapshot.ts'

/**
 * How the bench calls each stage: the calls of src/pipeline.ts and src/check/handler.ts one by one. When a stage
 * changes its parameters, this file follows and nothing else.
 */
export interface Passed {
  readonly bytes: Buffer
  readonly check: Check
  readonly subject: Subject
  readonly facts: Facts
  readonly past: Past
  readonly outcome: Outcome
  /** The subject and the hop that the answer is made for. */
  readonly equipped: Equipment
}

export const decode = (bytes: Buffer): Check =>
  toCheck(decodeRequest(bytes), {
    id: randomUUID(),
    atMs: Date.now(),
    caller: { state: 'unverified', sans: [] },
  })

export const encode = (answer: Answer): Buffer => encodeResponse(toCheckResponse(answer))

/** Stage by stage through one snapshot, keeping what each stage had as its input. */
export async function pass(bytes: Buffer, snapshot: Snapshot): Promise<Passed> {
  const check = decode(bytes)
  const entrypoint = snapshot.entrypoints.match(check)
  const subject = await identify(check, entrypoint, snapshot.identity)
  const facts = await gather(check, entrypoint, subject, snapshot.context)
  const past = await recall(check, subject, facts, snapshot.history)
  const assessment = assess(check, subject, facts, past, snapshot.risk)
  const decision = decide(check, subject, facts, past, assessment, snapshot.policy)
  const equipped = equip(subject, decision, check, entrypoint, snapshot.identity)
  const { level } = assessment
  const answer = enforce(decision, check, equipped.subject, level, equipped, snapshot.enforcement)
  if (decision.effect !== 'allow') throw new Error(`not allowed: ${decision.reasons.join(' ')}`)
  const outcome = { check, stages: { entrypoint, subject, facts, past, assessment }, decision, answer }
  return { bytes, check, subject, facts, past, outcome, equipped }
}

type Stages = NonNullable<Outcome['stages']>

const stagesOf = ({ outcome }: Passed): Stages => {
  if (outcome.stages === undefined) throw new Error('a passed check has stages')
  return outcome.stages
}

const credentialOf = ({ subject }: Passed) => {
  if (subject.state !== 'identified') throw new Error('a passed check has a subject')
  return subject.credential
}

/** One function per stage, each over what a check had when it came there. */
export function stagesWith(snapshot: Snapshot) {
  return {
    match: ({ check }: Passed) => snapshot.entrypoints.match(check),
    identify: (passed: Passed) => identify(passed.check, stagesOf(passed).entrypoint, snapshot.identity),
    gather: (passed: Passed) =>
      gather(passed.check, stagesOf(passed).entrypoint, passed.subject, snapshot.context),
    recall: ({ check, subject, facts }: Passed) => recall(check, subject, facts, snapshot.history),
    assess: ({ check, subject, facts, past }: Passed) => assess(check, subject, facts, past, snapshot.risk),
    decide: (passed: Passed) => {
      const { check, subject, facts, past } = passed
      return decide(check, subject, facts, past, stagesOf(passed).assessment, snapshot.policy)
    },
    hop: (passed: Passed) => {
      const { check } = passed
      const { method, authority, id: decisionId, atMs } = check
      const { tokenHash = '' } = credentialOf(passed)
      return snapshot.identity.hops.sign({ tokenHash, binding: 'none', method, authority, decisionId, atMs })
    },
    enforce: (passed: Passed) => {
      const { equipped } = passed
      const { level } = stagesOf(passed).assessment
      return enforce(
        passed.outcome.decision,
        passed.check,
        equipped.subject,
        level,
        equipped,
        snapshot.enforcement,
      )
    },
  }
}

/** What one DPoP proof needs to be verified: the request that shows it and its token, verified already. */
export async function proofInput(passed: Passed, snapshot: Snapshot): Promise<ProofInput> {
  const { check } = passed
  const { entrypoint } = stagesOf(passed)
  const [proof = ''] = check.headers.get('dpop') ?? []
  const [credential = ''] = check.headers.get('authorization') ?? []
  const token = await snapshot.tokens.verify(credential.slice('DPoP '.length), entrypoint, check.atMs)
  if (!token.ok) throw new Error(`token of a proof: ${token.failure}`)
  return { proof, check, entrypoint, token: token.value }
}
