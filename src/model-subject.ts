/** Who is calling: the part of the model (model.ts) that the identity stage makes. */
import type { FailureCode } from './errors.ts'

export type SubjectKind = 'user' | 'machine' | 'agent' | 'workload'
export type BindingMethod = 'dpop' | 'mtls' | 'device'
export type Scheme = 'Bearer' | 'DPoP'

/** Is this token held by whom it was issued to. `broken` never appears on an identified subject: it is refused. */
export interface Binding {
  readonly state: 'verified' | 'absent'
  readonly methods: readonly BindingMethod[]
  /** The issuer asks for a binding on every token. */
  readonly isRequired: boolean
  /** The proof was accepted by an edge and carried here by a valid hop. */
  readonly isCarried: boolean
  /** The issuer leaves binding to its clients (`optional`): a missing one is never a finding. */
  readonly isOptional?: true | undefined
}

/** Something that may be used once: a DPoP proof's jti or a hop. Decided by `history.recall` in its one wait. */
export interface SingleUse {
  readonly kind: 'proof' | 'hop'
  /** Unkeyed material that names the use; history turns it into a store key. */
  readonly name: string
  readonly ttlMs: number
  /** Age of the server nonce inside the proof; absent when the proof carried none. */
  readonly nonceAgeMs?: number
  /** When the proof says that it was made (epoch ms). */
  readonly issuedAtMs: number
  /** A second use may pass as a router retry: the verified peer is a named edge of this inside entrypoint. */
  readonly mayRepeat: boolean
}

/** Who acts for a subject (RFC 8693 section 4.1); without an issuer it is the token's. */
export interface Actor {
  readonly issuer?: string
  readonly subject: string
}

export type ClientKind = 'user-app' | 'machine' | 'agent'

/** What `identity.clients` says of a client. */
export interface Registration {
  readonly kind: ClientKind
  /** Who answers for it. */
  readonly owner?: string
}

/** A workload of a mesh, by its SPIFFE ID. */
export interface Workload {
  readonly id: string
  readonly trustDomain: string
}

/** A verified token or peer, the same object for every check that shows it: caches may hang on it. */
export interface Credential {
  readonly issuer: string
  readonly subject: string
  readonly kind: SubjectKind
  readonly tenant: string
  readonly client?: string
  /** Absent: the client is not listed. */
  readonly registration?: Registration
  /** Who acts for the subject now. */
  readonly actor?: Actor
  /** Who acted before, the last one first. For the record only: RFC 8693 section 4.1 lets no decision rest on them. */
  readonly priorActors?: readonly Actor[]
  readonly session: { readonly id: string; readonly isDerived: boolean }
  readonly scopes: readonly string[]
  readonly acr?: string
  readonly amr: readonly string[]
  /** Seconds since the epoch, as the claims say. */
  readonly authTime?: number
  /** Of a token, as `exp`. */
  readonly issuedAt?: number
  readonly expiresAt?: number
  /** The device that the token names, where the issuer is configured to put one there. */
  readonly device?: string
  /** Only the claims that configuration lists for policy. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Issuer and `jti`, else SHA-256 of the signing input (signatures are malleable). Never shown outside. */
  readonly tokenId?: string
  /** base64url SHA-256 of the compact token: `ath` and hop bind to it. */
  readonly tokenHash?: string
  readonly confirmation: { readonly jkt?: string; readonly x5t?: string }
}

/** Of a token: what a peer does not have is there. */
export interface TokenCredential extends Credential {
  readonly expiresAt: number
  readonly tokenId: string
  readonly tokenHash: string
}

/** What carried the credential, where it was no Authorization header: a cookie, or the verified peer itself. */
export type Carrier = 'cookie' | 'peer'

export type Subject =
  | {
      readonly state: 'identified'
      readonly credential: Credential
      /** Absent: no Authorization header carried the credential. */
      readonly scheme?: Scheme | undefined
      readonly carrier?: Carrier | undefined
      /** Whose connection it is, by a verified Envoy's word. Beside a token a fact, without one the credential. */
      readonly workload?: Workload | undefined
      readonly binding: Binding
      readonly uses: readonly SingleUse[]
      /** A valid hop came with it: the edge has counted and learned this request already. */
      readonly isCounted: boolean
      /** A fresh nonce the answer should carry (RFC 9449 section 8.2). */
      readonly nextNonce?: string | undefined
    }
  | { readonly state: 'anonymous' }
  | {
      readonly state: 'refused'
      readonly failure: FailureCode
      /** The scheme that was used, so that the challenge names it (RFC 9449 section 7.2). */
      readonly scheme?: Scheme | undefined
      readonly carrier?: Carrier | undefined
      readonly nextNonce?: string
      /**
       * For the record only, never for an answer: what the failure's sentence leaves open. What the sender claims is
       * shortened and escaped (lib/claimed.ts); nothing of a signature, and no whole token, proof or nonce.
       */
      readonly detail?: string
    }

export type Identified = Extract<Subject, { state: 'identified' }>
