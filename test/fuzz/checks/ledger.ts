/** What was issued for the requests of one case: nonces and hops are good because they stand here, not by their MAC. */

export interface IssuedNonce {
  readonly jkt: string
  readonly atMs: number
}

export interface IssuedHop {
  readonly tokenHash: string
  readonly method: string
  readonly authority: string
  readonly binding: string
  readonly atMs: number
}

export interface Ledger {
  readonly nonces: Map<string, IssuedNonce>
  readonly hops: Map<string, IssuedHop>
}

export const createLedger = (): Ledger => ({ nonces: new Map(), hops: new Map() })
