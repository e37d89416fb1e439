/** Words of the model for single facts; everybody takes them from `model.ts`. */

/** What kind of network an address belongs to. */
export const NETWORK_CLASSES = [
  'residential',
  'mobile',
  'hosting',
  'vpn',
  'relay',
  'satellite',
  'corporate',
  'private',
  'unknown',
] as const

export type NetworkClass = (typeof NETWORK_CLASSES)[number]

/** Where data about addresses believe an address to be; often some ten kilometres off, or the provider's seat. */
export interface CityFact {
  /** English where the data have it. */
  readonly name: string | undefined
  /** Degrees, WGS 84; both or none. */
  readonly latitude: number | undefined
  readonly longitude: number | undefined
}

/** The network of the client's address. Of an address that is not known to be the client's nothing is said. */
export interface NetworkFact {
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string | undefined
  readonly asn: number | undefined
  readonly class: NetworkClass
  /** Only from an operator's own data (`context.network.cityFile`). */
  readonly city: CityFact | undefined
}

/** What kind of program sends the requests. */
export type ProgramKind = 'browser' | 'app' | 'tool' | 'bot' | 'headless' | 'unknown'

/** The program that sends the requests, as it calls itself: a claim. Without a user agent all of it is missing. */
export interface ClientFact {
  readonly kind: ProgramKind | undefined
  /** Family without version, e.g. `Chrome`. */
  readonly browser: string | undefined
  readonly os: string | undefined
}

/** What the client's software shows of itself without meaning to; equal for equal software and settings. */
export interface FingerprintFact {
  /** Of the TLS handshake (JA3 or JA4), as this entrypoint's Envoy tells it: observed, not claimed. */
  readonly tls: string | undefined
  /** Hash over it, the program, its languages and encodings, phone or not; all but it are claims. */
  readonly value: string | undefined
}
