/** What of a vigil.yaml the oracle reads. Worlds write all of it out, so that no default of the service is taken over. */

export type Level = 'low' | 'medium' | 'high' | 'critical'
export type Mode = 'enforce' | 'observe'

export interface IssuerSettings {
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly jwks: { readonly inline: { readonly keys: readonly Readonly<Record<string, unknown>>[] } }
  readonly algorithms: readonly string[]
  readonly tokenType: 'at+jwt' | 'JWT'
  readonly binding: 'required' | 'when-present' | 'optional'
  readonly dpop: {
    readonly algorithms: readonly string[]
    readonly nonce: 'off' | 'required'
    readonly maxAgeSeconds: number
    readonly maxFutureSeconds: number
  }
  readonly cookie?: { readonly name: string; readonly allowedOrigins: readonly string[] }
  readonly maxLifetimeSeconds?: number
  readonly leewaySeconds: number
  readonly tenant?: string
  readonly tenantClaim?: string
  readonly sessionClaim: string
  readonly deviceClaim?: string
  readonly claims: readonly string[]
}

export interface TrustDomainSettings {
  readonly name: string
  readonly tenant?: string
  /** With `audiences` and `algorithms`: the bundle, where its JWT-SVIDs are taken. */
  readonly jwks?: IssuerSettings['jwks']
  readonly audiences?: readonly string[]
  readonly algorithms?: readonly string[]
}

export interface ClientSettings {
  readonly id: string
  readonly issuer: string
  readonly kind: 'user-app' | 'machine' | 'agent'
  readonly audiences?: readonly string[]
}

export interface EntrypointSettings {
  readonly name: string
  readonly match: {
    readonly callerSan?: string
    readonly destinationPrincipal?: string
    readonly port?: number
    readonly extension?: Readonly<Record<string, string>>
  }
  readonly role: 'edge' | 'inside'
  readonly trustedProxies: number
  readonly envoyAppends: boolean
  readonly externalOrigins: readonly string[]
  readonly peerVerified: boolean
  readonly xfcc: boolean
  readonly clientCertFrom: readonly string[]
  readonly edges: readonly string[]
  readonly forwardsCredential: boolean
  readonly tenant?: string
  readonly mode?: Mode
}

export interface ActionSettings {
  readonly name: string
  readonly match: {
    readonly methods?: readonly string[]
    readonly hosts?: readonly string[]
    readonly paths?: readonly string[]
    readonly grpc?: readonly string[]
    readonly mcpTools?: readonly string[]
  }
  readonly sensitivity: Level
  readonly scopes: readonly string[]
  readonly authentication?: { readonly acr?: readonly string[]; readonly maxAgeSeconds?: number }
  readonly anonymous: boolean
}

export interface PostureIssuer {
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly jwks: IssuerSettings['jwks']
  readonly algorithms: readonly string[]
  readonly leewaySeconds: number
  readonly maxLifetimeSeconds: number
}

export type FailureRow = Readonly<Record<Level, 'degrade' | 'unavailable'>>

export interface WorldSettings {
  readonly entrypoints: readonly EntrypointSettings[]
  readonly identity: {
    readonly issuers: readonly IssuerSettings[]
    readonly clients: readonly ClientSettings[]
    readonly unlistedClients: 'accept' | 'refuse'
    readonly workloads: {
      readonly trustDomains: readonly TrustDomainSettings[]
    }
    readonly cache: { readonly maxTokens: number }
  }
  readonly context: {
    readonly device: {
      readonly idHeader: string
      readonly posture?: {
        readonly header: string
        readonly issuers: readonly PostureIssuer[]
        readonly claims: readonly string[]
      }
    }
    readonly requestHeaders: readonly string[]
    readonly paths: {
      readonly parameters: 'refuse' | 'allow'
      readonly encodedSlashes: 'refuse' | 'allow'
    }
    /** Files of the corpus may be older than this. */
    readonly mcp?: { readonly versions: readonly string[] }
  }
  readonly actions: readonly ActionSettings[]
  readonly unknownAction: { readonly effect: 'deny' | 'evaluate'; readonly sensitivity: Level }
  readonly policy: readonly RuleSettings[]
  readonly enforcement: {
    readonly mode: Mode
    readonly tenants: Readonly<Record<string, Mode>>
    readonly hosts: Readonly<Record<string, Mode>>
    readonly percentage: number
    readonly stepUp: { readonly acr?: readonly string[]; readonly maxAgeSeconds?: number }
    readonly cors: { readonly origins: readonly string[] }
    /** Files of the corpus may be older than this. */
    readonly resourceMetadata?: readonly { readonly resource: string }[]
  }
  /** The oracle leaves limits out: they only refuse. */
  readonly risk?: { readonly limits: readonly object[] }
  readonly failure: { readonly store: FailureRow; readonly replay: FailureRow }
  readonly audit: { readonly sinks: readonly object[] }
}

export interface RuleSettings {
  readonly name: string
  readonly when: string | boolean
  readonly effect: 'allow' | 'monitor' | 'step-up' | 'throttle' | 'deny'
}

/** One configuration, and what stands in static.yaml beside it. */
export interface World {
  readonly settings: WorldSettings
  /** `acknowledge.unverifiedCaller` */
  readonly isCallerAcknowledged: boolean
  /** `server.callers` */
  readonly callers?: readonly string[]
}

export interface Caller {
  readonly state: 'verified' | 'unverified' | 'local'
  readonly sans: readonly string[]
}
