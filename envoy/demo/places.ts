/** An address from where somebody comes, and what the packaged network data say of it. */
export interface Place {
  readonly ip: string
  readonly country: string
  /** Autonomous system: the provider's number. */
  readonly asn: number
}

// Addresses of real networks, because of documentation addresses nobody knows a country. Nothing is ever sent there.
/** A German provider of homes. */
export const HOME: Place = { ip: '79.192.10.20', country: 'DE', asn: 3320 }
/** A Brazilian one. */
export const ABROAD: Place = { ip: '177.32.0.1', country: 'BR', asn: 28573 }
/** A hoster in the US: anybody can rent a machine there. */
export const HOSTER: Place = { ip: '104.131.0.1', country: 'US', asn: 14061 }
