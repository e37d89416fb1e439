/**
 * The lines that Vigil is held to: all thresholds of the benchmarks, and nothing else. Ratios are to the empty handler of the
 * same round unless another row is named.
 */
export const LINES = {
  /** Checks a second on one core, at least. */
  throughput: { memory: 0.85, redis: 0.75, proven: 0.45, fresh: 0.3, freshToHeimdall: 1 },
  /** Vigil's checks a second on one core over a peer's that does less, at least. */
  throughputToPeer: { heimdall: 2.5, authorino: 8 },
  /** p50 and p99 over those of the better peer, at most. */
  latencyToBetterPeer: 1,
  /** p99 at 1,000/s over the empty handler's, at most. */
  p99ToEmpty: 1.3,
  /** CPU per check at 1,000/s with 1,000 rules over that with 10, at most. */
  cpuOfManyRules: 1.3,
  /** Resident memory: idle, and added by 100,000 identities to the empty handler's under the same load, at most. */
  idleMb: 130,
  identitiesMb: 120,
  /** p50 that Vigil adds to Envoy over what the empty handler adds, at most (`npm run bench:envoy`). */
  addedThroughEnvoy: 1.1,
  startMs: 1500,
} as const
