import { describe, expect, test } from '@jest/globals'
import { encodeResponse } from '../../src/check/encode.ts'
import { toCheckResponse } from '../../src/check/response.ts'
import { enforcementSettings } from '../../src/config/schema/enforcement.ts'
import { identitySettings } from '../../src/config/schema/identity.ts'
import { compileEnforcement, enforce } from '../../src/enforcement/index.ts'
import type { Check, Decision } from '../../src/model.ts'
import { ALLOW, DECISION_BASE, identified, sampleCheck } from '../support/edge-samples.ts'
import { deny, issuer } from './answering.ts'

const URL_OF = 'https://api.example.com/.well-known/oauth-protected-resource'
const PATH = '/.well-known/oauth-protected-resource/mcp'
const RESOURCES = [
  { resource: 'https://api.example.com' },
  {
    resource: 'https://api.example.com/mcp',
    authorizationServers: ['https://login.example.com'],
    scopes: ['tools'],
    name: 'Tools',
    documentation: 'https://docs.example.com/',
    dpopRequired: true,
    certificateBoundTokens: true,
  },
]
const configOf = (more: object = {}) =>
  compileEnforcement(
    enforcementSettings.parse({ resourceMetadata: RESOURCES, ...more }),
    identitySettings.parse({ issuers: [issuer] }),
    [{ scopes: ['orders.read'] }, { scopes: ['orders.write', 'orders.read'] }],
  )
const answer = (decision: Decision, change: Partial<Check>, more: object = {}, headers = {}) =>
  enforce(decision, sampleCheck(change, headers), { state: 'anonymous' }, 'low', undefined, configOf(more))

describe('PRM-01 MCP-01 metadata are told through the Check', () => {
  test('what the settings do not say follows from issuers and actions', () => {
    const made = answer(ALLOW, { path: '/.well-known/oauth-protected-resource' })
    expect(made).toMatchObject({
      effect: 'reply',
      status: 200,
      headers: [
        ['content-type', 'application/json'],
        ['cache-control', 'max-age=300'],
      ],
    })
    expect('body' in made && JSON.parse(made.body)).toEqual({
      resource: 'https://api.example.com',
      authorization_servers: ['https://idp.example.com'],
      scopes_supported: ['orders.read', 'orders.write'],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: ['ES256', 'Ed25519', 'PS256'],
    })
  })

  test('what they say stands there', () => {
    const made = answer(ALLOW, { path: PATH })
    expect('body' in made && JSON.parse(made.body)).toEqual({
      resource: 'https://api.example.com/mcp',
      authorization_servers: ['https://login.example.com'],
      scopes_supported: ['tools'],
      bearer_methods_supported: ['header'],
      resource_name: 'Tools',
      resource_documentation: 'https://docs.example.com/',
      dpop_signing_alg_values_supported: ['ES256', 'Ed25519', 'PS256'],
      dpop_bound_access_tokens_required: true,
      tls_client_certificate_bound_access_tokens: true,
    })
  })

  test('to Envoy it is a denial with status 200: nothing reaches the application', () => {
    const response = toCheckResponse(answer(ALLOW, { path: PATH }))
    expect(response.status.code).toBe(7)
    expect(response.denied_response?.status.code).toBe(200)
    expect(response.ok_response).toBeUndefined()
    expect(encodeResponse(response).length).toBeGreaterThan(100)
  })

  test('a page of a configured origin may read it', () => {
    const origin = 'https://app.example.com'
    const made = answer(ALLOW, { path: PATH }, { cors: { origins: [origin] } }, { origin })
    expect('headers' in made && made.headers).toContainEqual(['access-control-allow-origin', origin])
  })

  test.each<[string, Partial<Check>]>([
    ['another host', { path: PATH, authority: 'evil.example.com' }],
    ['another path', { path: '/mcp' }],
    ['another method', { path: PATH, method: 'POST' }],
  ])('%s is not told', (_what, change) => expect(answer(ALLOW, change).effect).toBe('allow'))

  test.each([
    ['GET', 'reply'],
    ['HEAD', 'reply'],
    ['POST', 'allow'],
  ])('asked by %s: %s', (method, effect) => {
    expect(answer(ALLOW, { path: PATH, method }).effect).toBe(effect)
  })

  test('what is refused is refused', () => {
    const made = answer(deny('check.request.path'), { path: PATH })
    expect(made).toMatchObject({ effect: 'deny', status: 400 })
  })
})

describe('PRM-02 every challenge names the metadata of the resource', () => {
  const challenges = (decision: Decision, change: Partial<Check>) => {
    const made = enforce(decision, sampleCheck(change), identified(), 'low', undefined, configOf())
    return 'headers' in made
      ? made.headers.filter(([name]) => name === 'www-authenticate').map(([, value]) => value)
      : []
  }
  const stepUp: Decision = {
    ...DECISION_BASE,
    effect: 'step-up',
    unmet: { acr: ['a'] },
    marksChallenge: true,
  }

  test.each<[string, Decision]>([
    ['a bad token', deny('identity.token.expired')],
    ['a missing scope', deny('policy.scope.insufficient', ['a'])],
    ['a step-up', stepUp],
  ])('%s', (_what, decision) => {
    expect(challenges(decision, { path: '/mcp/x' })).toEqual([
      expect.stringMatching(`resource_metadata="${URL_OF}/mcp"$`),
    ])
    expect(challenges(decision, { path: '/v1' })).toEqual([
      expect.stringMatching(`resource_metadata="${URL_OF}"$`),
    ])
  })

  test('no credential: in both challenges', () => {
    const made = answer(deny('identity.credential.missing'), {})
    expect('headers' in made && made.headers.slice(0, 2)).toEqual([
      ['www-authenticate', `DPoP algs="ES256 Ed25519 PS256", resource_metadata="${URL_OF}"`],
      ['www-authenticate', `Bearer resource_metadata="${URL_OF}"`],
    ])
  })

  test('not those of another host', () => {
    expect(challenges(stepUp, { authority: 'other.example.com' })[0]).not.toContain('resource_metadata')
  })
})
