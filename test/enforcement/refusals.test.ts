import { describe, expect, test } from '@jest/globals'
import type { FailureCode } from '../../src/errors.ts'
import type { Decision, Subject } from '../../src/model.ts'
import { DECISION_BASE, identified } from '../support/edge-samples.ts'
import { ALGS, answer, body, deny, JSON_HEADERS, refused } from './answering.ts'

describe('RFC 6750, 9449, 9470, 9457: answers byte for byte', () => {
  const cases: readonly [
    string,
    Decision,
    Subject,
    number,
    readonly (readonly [string, string])[],
    string,
  ][] = [
    [
      '5.1 BR-01 no credentials: two challenges without error code, each with a parameter (RFC 6750 section 3)',
      deny('identity.credential.missing'),
      refused('identity.credential.missing'),
      401,
      [
        ['www-authenticate', `DPoP algs="${ALGS}"`],
        ['www-authenticate', 'Bearer realm="vigil"'],
      ],
      '{"type":"{P}authentication-required","title":"Authentication required","status":401,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.1 with the scopes of the action: in the Bearer challenge, not in the body',
      deny('identity.credential.missing', ['orders.read']),
      refused('identity.credential.missing'),
      401,
      [
        ['www-authenticate', `DPoP algs="${ALGS}"`],
        ['www-authenticate', 'Bearer scope="orders.read"'],
      ],
      '{"type":"{P}authentication-required","title":"Authentication required","status":401,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.8 BR-02 two credentials',
      deny('identity.credential.multiple'),
      refused('identity.credential.multiple'),
      400,
      (['DPoP', 'Bearer'] as const).map((scheme) => [
        'www-authenticate',
        `${scheme} error="invalid_request", error_description="The request is malformed or carries more than one credential"${scheme === 'DPoP' ? `, algs="${ALGS}"` : ''}`,
      ]),
      '{"type":"{P}invalid-request","title":"Invalid request","status":400,"error":"invalid_request","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.2 BR-03 an invalid token, in the scheme that was used (BR-07)',
      deny('identity.token.expired'),
      refused('identity.token.expired', 'Bearer'),
      401,
      [
        [
          'www-authenticate',
          'Bearer error="invalid_token", error_description="The access token is invalid or expired"',
        ],
      ],
      '{"type":"{P}invalid-token","title":"Invalid access token","status":401,"error":"invalid_token","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.2 BR-07 the same in the DPoP scheme',
      deny('identity.token.signature'),
      refused('identity.token.signature', 'DPoP'),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="invalid_token", error_description="The access token is invalid or expired", algs="${ALGS}"`,
        ],
      ],
      '{"type":"{P}invalid-token","title":"Invalid access token","status":401,"error":"invalid_token","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.2 DPOP-13 another key: RFC 9449 section 7.1',
      deny('identity.dpop.key-binding'),
      refused('identity.dpop.key-binding', 'DPoP'),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="${ALGS}"`,
        ],
      ],
      '{"type":"{P}invalid-token","title":"Invalid access token","status":401,"error":"invalid_token","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.2 a bad proof',
      deny('identity.dpop.replayed'),
      identified({ scheme: 'DPoP' }),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="invalid_dpop_proof", error_description="The DPoP proof is missing or invalid", algs="${ALGS}"`,
        ],
      ],
      '{"type":"{P}invalid-dpop-proof","title":"Invalid DPoP proof","status":401,"error":"invalid_dpop_proof","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.3 SU-01 SU-02 SU-06 step-up: both parameters, acr in order of preference',
      {
        ...DECISION_BASE,
        effect: 'step-up',
        unmet: { acr: ['phrh', 'phr'], maxAgeSeconds: 300 },
        marksChallenge: true,
      },
      identified(),
      401,
      [
        [
          'www-authenticate',
          'Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="phrh phr", max_age="300"',
        ],
      ],
      '{"type":"{P}step-up-required","title":"Stronger or more recent authentication required","status":401,"error":"insufficient_user_authentication","acr_values":["phrh","phr"],"max_age":300,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.3 SU-04 only the level is unmet: no max_age',
      { ...DECISION_BASE, effect: 'step-up', unmet: { acr: ['phr'] }, marksChallenge: true },
      identified(),
      401,
      [
        [
          'www-authenticate',
          'Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="phr"',
        ],
      ],
      '{"type":"{P}step-up-required","title":"Stronger or more recent authentication required","status":401,"error":"insufficient_user_authentication","acr_values":["phr"],"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.3 SU-03 only freshness is unmet, and max_age 0 is said',
      { ...DECISION_BASE, effect: 'step-up', unmet: { maxAgeSeconds: 0 }, marksChallenge: true },
      identified({ scheme: 'DPoP' }),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="0", algs="${ALGS}"`,
        ],
      ],
      '{"type":"{P}step-up-required","title":"Stronger or more recent authentication required","status":401,"error":"insufficient_user_authentication","max_age":0,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.4 DPOP-10 DPOP-17 a nonce is asked for, exactly one',
      deny('identity.dpop.nonce-required'),
      refused('identity.dpop.nonce-required', 'DPoP', '4mF1n8yW0bq'),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof", algs="${ALGS}"`,
        ],
        ['dpop-nonce', '4mF1n8yW0bq'],
      ],
      '{"type":"{P}dpop-nonce-required","title":"DPoP nonce required","status":401,"error":"use_dpop_nonce","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.5 BR-04 insufficient scope: all scopes at once',
      deny('policy.scope.insufficient', ['orders.write', 'orders.read']),
      identified(),
      403,
      [
        [
          'www-authenticate',
          'Bearer error="insufficient_scope", error_description="The request requires higher privileges than provided by the access token", scope="orders.write orders.read"',
        ],
      ],
      '{"type":"{P}insufficient-scope","title":"Insufficient scope","status":403,"error":"insufficient_scope","scope":"orders.write orders.read","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.6 a policy denial: no challenge',
      deny('policy.rule.denied'),
      identified(),
      403,
      [],
      '{"type":"{P}access-denied","title":"Access denied","status":403,"detail":"This request was refused by policy. Quote the instance identifier to support.","instance":"urn:uuid:{ID}"}',
    ],
    [
      'a repeated hop: no challenge, since a Bearer client has no proof to make anew',
      deny('identity.hop.repeated'),
      identified(),
      403,
      [],
      '{"type":"{P}access-denied","title":"Access denied","status":403,"detail":"This request was refused by policy. Quote the instance identifier to support.","instance":"urn:uuid:{ID}"}',
    ],
    [
      'the canary: no challenge, and a title by which the probe knows the answer',
      deny('policy.canary.refused'),
      { state: 'anonymous' },
      403,
      [],
      '{"type":"{P}canary","title":"Canary refused by Vigil","status":403,"instance":"urn:uuid:{ID}"}',
    ],
    [
      'a check that is too large: 413, no challenge',
      deny('check.request.oversized'),
      { state: 'anonymous' },
      413,
      [],
      '{"type":"{P}request-too-large","title":"Request too large","status":413,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.8 own fault: 503, no challenge, so that the client keeps its token',
      { ...DECISION_BASE, effect: 'unavailable', failure: 'history.store.unavailable', retryAfterSeconds: 2 },
      identified(),
      503,
      [['retry-after', '2']],
      '{"type":"{P}unavailable","title":"Service unavailable","status":503,"instance":"urn:uuid:{ID}"}',
    ],
  ]
  test.each(cases)('%s', (_what, decision, subject, status, headers, text) => {
    const made = answer(decision, subject)
    expect(made.status).toBe(status)
    expect(made.headers).toEqual([...headers, ...JSON_HEADERS])
    expect(made.body).toBe(body(text))
  })

  test('revocation and expiry, policy and risk look the same: no oracle', () => {
    const same = (one: FailureCode, two: FailureCode) => {
      const [a, b] = [one, two].map((failure) => answer(deny(failure), refused(failure, 'Bearer')))
      expect({ ...a, metadata: {} }).toEqual({ ...b, metadata: {} })
    }
    same('identity.token.expired', 'identity.token.signature')
    same('identity.token.unknown-issuer', 'identity.token.audience')
    same('policy.rule.denied', 'policy.default.denied')
    same('policy.rule.denied', 'check.caller.refused')
  })
})
