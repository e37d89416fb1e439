import type { Snapshot } from '../../../src/snapshot.ts'
import { type Case, inTurn, inTurnWaiting } from './measure.ts'
import { decode, encode, type Passed, proofInput, stagesWith } from './stages.ts'

/** Generations of one configuration that differ in one thing. */
export interface Generations {
  readonly base: Snapshot
  readonly uncached: Snapshot
  readonly thousandForOthers: Snapshot
  readonly thousandForAll: Snapshot
}

export async function stageCases(
  { base, uncached, thousandForOthers, thousandForAll }: Generations,
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
    sync('identify, token cached', stages.identify),
    waiting('identify, token not cached (ES256)', stagesWith(uncached).identify),
    { name: 'DPoP proof (ES256)', batch: inTurnWaiting(proofs, verifyProof) },
    sync('gather', stages.gather),
    waiting('recall (memory store)', stages.recall),
    sync('assess', stages.assess),
    sync('decide, 10 rules', stages.decide),
    sync('decide, 1,000 rules more for another action', stagesWith(thousandForOthers).decide),
    sync('decide, 1,000 rules more for any action', stagesWith(thousandForAll).decide),
    sync('hop signed (edges before other Envoys)', stages.hop),
    sync('enforce', stages.enforce),
    sync('encode: answer to bytes', ({ outcome }) => encode(outcome.answer)),
  ]
}

function expectGood(result: { readonly ok: boolean; readonly failure?: string }): void {
  if (!result.ok) throw new Error(`a good proof is refused: ${result.failure}`)
}
