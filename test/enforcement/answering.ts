import { enforcementSettings } from '../../src/config/schema/enforcement.ts'
import { identitySettings } from '../../src/config/schema/identity.ts'
import { compileEnforcement, enforce } from '../../src/enforcement/index.ts'
import type { FailureCode } from '../../src/errors.ts'
import type { Answer, Check, Decision, Scheme, Subject } from '../../src/model.ts'
import { DECISION_BASE, ID, identified, sampleCheck } from '../support/edge-samples.ts'

/** An enforcement configuration, and the refusal that it makes of a decision. */

export const P = 'https://docs.example.com/problems/'
export const issuer = {
  issuer: 'https://idp.example.com',
  audiences: ['https://api.example.com'],
  jwks: { uri: 'https://idp.example.com/jwks' },
}
export const config = compileEnforcement(
  enforcementSettings.parse({ problemBase: P }),
  identitySettings.parse({ issuers: [issuer] }),
)
export const ALGS = 'ES256 Ed25519 PS256'

export const deny = (failure: FailureCode, scopes?: readonly string[]): Decision => ({
  ...DECISION_BASE,
  effect: 'deny',
  failure,
  reasons: [failure],
  rule: 'secret-rule-name',
  ...(scopes === undefined ? {} : { scopes }),
})
export const refused = (failure: FailureCode, scheme?: Scheme, nextNonce?: string): Subject => ({
  state: 'refused',
  failure,
  ...(scheme === undefined ? {} : { scheme }),
  ...(nextNonce === undefined ? {} : { nextNonce }),
})
export type Refusal = Extract<Answer, { status: number }>

export function answer(
  decision: Decision,
  subject: Subject = identified(),
  check: Check = sampleCheck(),
): Refusal {
  const made = enforce(decision, check, subject, 'high', undefined, config)
  if (!('status' in made)) throw new Error('it passes')
  return made
}

export const JSON_HEADERS = [
  ['cache-control', 'no-store'],
  ['content-type', 'application/problem+json'],
] as const
export const body = (text: string) => text.replace('{P}', P).replace('{ID}', ID)
