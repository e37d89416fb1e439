import type { Snapshot } from '../../../src/snapshot.ts'
import { type Case, inTurn, inTurnWaiting } from './measure.ts'
import { decode, encode, type Passed, proofInput, stagesWith } from './stages.ts'

/** Generations of one configuration that differ in one thing. */
export interface Generations {
  readonly base: Snapshot
  /** Of policies by their number of rules, most of which are of one action each. */
  readonly policies: ReadonlyMap<string, Snapshot>
  /** All 1,000 more rules have to be evaluated. */
  readonly thousandForAll: Snapshot
}

/** Tokens of one algorithm: a generation that keeps verified ones, one that does not, and what both are asked. */
export interface Tokens {
  readonly alg: string
  readonly cached: Snapshot
  readonly uncached: Snapshot
  readonly bearers: readonly Passed[]
}

export async function stageCases(
  { base, policies, thousandForAll }: Generations,
  tokens: readonly Tokens[],
  bearers: readonly Passed[],
  proven: readonly Passed[],
): Promise<Case[]> {
  const stages = stagesWith(base)
  const proofs = await Promise.all(proven.map((passed) => proofInput(passed, base)))
  const verifyProof = (input: (typeof proofs)[number]) => base.identity.proofs.verify(input)
  const sync = (name: string, run: (passed: Passed) => unknown): Case => ({
    name,
    batch: inTurn(bearers, run),
  })
  const waiting = (name: string, run: (passed: Passed) => unknown): Case => ({
    name,
    batch: inTurnWaiting(bearers, run),
  })
  for (const proof of proofs) expectGood(await verifyProof(proof))
  return [
    sync('decode: bytes to Check', ({ bytes }) => decode(bytes)),
    sync('entrypoint', stages.match),
    ...tokens.flatMap(identifyCases),
    { name: 'DPoP proof (ES256)', batch: inTurnWaiting(proofs, verifyProof) },
    sync('gather', stages.gather),
    waiting('recall (memory store)', stages.recall),
    sync('assess', stages.assess),
    ...[...policies].map(([name, snapshot]) => sync(`decide, ${name}`, stagesWith(snapshot).decide)),
    sync('decide, 1,000 rules more for any action', stagesWith(thousandForAll).decide),
    sync('hop signed (edges before other Envoys)', stages.hop),
    sync('enforce', stages.enforce),
    sync('encode: answer to bytes', ({ outcome }) => encode(outcome.answer)),
  ]
}

function identifyCases({ alg, cached, uncached, bearers }: Tokens): Case[] {
  return [
    { name: `identify, token cached (${alg})`, batch: inTurn(bearers, stagesWith(cached).identify) },
    {
      name: `identify, token not cached (${alg})`,
      batch: inTurnWaiting(bearers, stagesWith(uncached).identify),
    },
  ]
}

function expectGood(result: { readonly ok: boolean; readonly failure?: string }): void {
  if (!result.ok) throw new Error(`a good proof is refused: ${result.failure}`)
}
