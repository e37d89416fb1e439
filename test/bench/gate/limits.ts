/**
 * What one check may cost, in things that are the same on every machine: counts, and ratios of two things that were measured
 * in turns in one process. A test measures them anew with every change (test/bench/gate/gate.test.ts). Each stands a little
 * above what was seen; whoever makes one larger says why in the commit.
 */
export const LIMITS = {
  /** Bytes on V8's heap of one check with a cached token, from its message to its record. */
  heapBytes: 33_000,
  /**
   * The same with a DPoP proof: 50,500 with two cores, where jose checks its signature beside; 42,400 with one, where node:crypto
   * does at once (docs/decisions/0022).
   */
  heapBytesWithProof: 54_000,
  /** The one wait. */
  storeReads: 1,
  /** Commands in that wait: profile, session, and two windows of counters; one more with a proof. */
  storeCommands: 4,
  storeCommandsWithProof: 5,
  recordBytes: 2650,
  /** CheckResponse of a request that passes. */
  answerBytes: 1400,
  /** CPU of a whole check over that of reading and writing the same messages by proto-loader. */
  cpuToCodec: 1.3,
  /** CPU of a whole check with 1,000 rules over that with ten. */
  cpuOfManyRules: 1.3,
} as const

export type Cost = { readonly [K in keyof typeof LIMITS]: number }
