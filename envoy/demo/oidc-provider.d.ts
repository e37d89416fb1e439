/** The part of oidc-provider that the demo uses; the package ships no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  type Stored = Record<string, unknown>

  /** Where the authorization server keeps sessions, codes and grants. */
  export interface Adapter {
    upsert(id: string, payload: Stored, expiresIn?: number): Promise<void>
    find(id: string): Promise<Stored | undefined>
    findByUserCode(userCode: string): Promise<Stored | undefined>
    findByUid(uid: string): Promise<Stored | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  export interface AuthorizationCode {
    readonly grantId: string
    readonly accountId: string
    readonly sessionUid?: string
    readonly acr?: string
    readonly amr?: readonly string[]
    readonly authTime?: number
  }

  export interface Context {
    get(header: string): string
    readonly oidc: {
      readonly entities: { readonly AuthorizationCode?: AuthorizationCode }
      readonly client?: { readonly clientId: string }
    }
  }

  export interface InteractionDetails {
    readonly params: Readonly<Record<string, string | undefined>>
  }

  export interface InteractionResult {
    readonly login: {
      readonly accountId: string
      readonly acr: string
      readonly amr: readonly string[]
      readonly ts: number
    }
    readonly consent: { readonly grantId: string }
  }

  export interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export class Provider {
    constructor(issuer: string, configuration: object)
    readonly Grant: new (of: {
      accountId: string
      clientId: string
    }) => Grant
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<InteractionDetails>
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: InteractionResult,
      options: { mergeWithLastSubmission: boolean },
    ): Promise<void>
    on(event: 'server_error', listener: (context: Context, error: Error) => void): this
  }
}
