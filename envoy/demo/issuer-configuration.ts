import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { AuthorizationCode, Context } from 'oidc-provider'
import { Keep } from './keep.ts'
import {
  AGENT,
  API,
  APP,
  CERTIFICATE_APP,
  isUser,
  JOB,
  METHODS_OF,
  OTHER_API,
  PEOPLE,
  REDIRECT_URI,
  SCOPES,
} from './people.ts'

/** In which header the demo's client tells its certificate: this server has no TLS of its own to take it from. */
export const CERTIFICATE_HEADER = 'x-demo-client-certificate'

const TOKEN_SECONDS = 3600

/** Of oidc-provider. @param devices by grant: on which device the app said that it runs */
export function configuration(devices: ReadonlyMap<string, string>): object {
  return {
    adapter: Keep,
    jwks: { keys: [signingKey()] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clients: clients(),
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: ['openid'],
    acrValues: Object.keys(METHODS_OF),
    // The app says on which device it runs; it ends in the token, so that Vigil can compare.
    extraParams: ['device_id'],
    findAccount: (_: Context, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    extraTokenClaims: ({ oidc }: Context) =>
      tokenClaims(oidc.entities.AuthorizationCode, oidc.client?.clientId, devices),
    interactions: { url: (_: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: TOKEN_SECONDS,
      AuthorizationCode: 60,
      ClientCredentials: TOKEN_SECONDS,
      Grant: TOKEN_SECONDS,
      IdToken: TOKEN_SECONDS,
      Interaction: 60,
      Session: TOKEN_SECONDS,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: (context: Context) =>
          decodeURIComponent(context.get(CERTIFICATE_HEADER)) || undefined,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => API,
        useGrantedResource: () => true,
        getResourceServerInfo: (_: Context, resource: string) => resourceServer(resource),
      },
    },
  }
}

/** RFC 9068 access tokens: JWT, `typ: at+jwt`, `aud` = the API that was asked for. */
function resourceServer(resource: string): object {
  if (![API, OTHER_API].includes(resource)) throw new Error(`no such API: ${resource}`)
  return {
    scope: SCOPES.join(' '),
    audience: resource,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
    accessTokenTTL: TOKEN_SECONDS,
  }
}

function signingKey(): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid: 'demo-1', alg: 'ES256', use: 'sig' }
}

function clients(): object[] {
  const app = {
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
  return [
    { ...app, client_id: APP },
    { ...app, client_id: AGENT },
    { ...app, client_id: CERTIFICATE_APP, tls_client_certificate_bound_access_tokens: true },
    {
      client_id: JOB.id,
      client_secret: JOB.secret,
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
  ]
}

/** What a token tells beyond RFC 9068's own members. A machine has no login, so nothing of this. */
function tokenClaims(
  code: AuthorizationCode | undefined,
  client: string | undefined,
  devices: ReadonlyMap<string, string>,
): object {
  if (code === undefined) return {}
  return {
    acr: code.acr,
    amr: code.amr,
    auth_time: code.authTime,
    sid: code.sessionUid,
    device_id: devices.get(code.grantId),
    accounts: isUser(code.accountId) ? PEOPLE[code.accountId].accounts : [],
    // RFC 8693 section 4.1: who acts for the subject.
    ...(client === AGENT && { act: { sub: AGENT } }),
  }
}
