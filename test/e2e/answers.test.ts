/** What real Envoys do with an answer: the table behind the rules of src/check/response.ts and src/enforcement. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ENVOY_VERSIONS } from '../../scripts/tools/catalog.ts'
import { type RawRequest, sendHttp1 } from '../harness/http.ts'
import type { StubAuthz } from '../harness/stub-authz.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import {
  ALLOW,
  answerTo,
  DECISION_ID,
  deny,
  observedBytes,
  raw,
  type Site,
  startSite,
  stopSite,
  THROTTLE,
  UNAVAILABLE,
} from './answering.ts'

/** Identity header in an OK response, with these members beside it. */
const okHeader = (members: object): Buffer =>
  raw({
    status: { code: 0 },
    ok_response: { headers: [{ header: { key: 'x-user', value: 'alice' }, ...members }] },
  })

/** Values of one header as the application saw them, in order. */
function seen(body: string, name: string): string[] {
  const pairs = JSON.parse(body) as [string, string][]
  return pairs.filter(([key]) => key === name).map(([, value]) => value)
}

/** Twins must get as far as Vigil's answer, or its removal of them would not be seen. */
const UNDERSCORES = [
  'headers_with_underscores_action: REJECT_REQUEST',
  'headers_with_underscores_action: ALLOW',
] as const
const FAIL_OPEN = ['failure_mode_allow: false', 'failure_mode_allow: true'] as const

const MALLORY = [
  ['x-user', 'mallory'],
  ['x-vigil-risk', 'mallory'],
  ['x-vigil-decision', 'mallory'],
  ['x-vigil-subject', 'mallory'],
  ['x-vigil-hop', 'mallory'],
  ['x_vigil_subject', 'mallory'],
  ['x-vigil_risk', 'mallory'],
] as const

for (const version of ENVOY_VERSIONS) {
  describeWithEnvoy('answers', version, (binary) => {
    let site: Site
    beforeAll(async () => {
      site = await startSite(binary, [UNDERSCORES])
    }, 30_000)
    afterAll(() => stopSite(site))

    const told = (verdict: StubAuthz['verdict'], request: Partial<RawRequest> = {}) => {
      site.authz.verdict = verdict
      return sendHttp1({ port: site.port, headers: MALLORY, ...request })
    }

    describe('a pass', () => {
      test('identity headers replace what the client sent, and its copies and their twins are gone', async () => {
        const { status, body } = await told(answerTo(ALLOW))
        expect(status).toBe(200)
        expect(seen(body, 'x-vigil-risk')).toEqual(['low'])
        expect(seen(body, 'x-vigil-decision')).toEqual([DECISION_ID])
        expect(body.match(/mallory/g)).toHaveLength(1) // x-user, which is not Vigil's to remove
      })

      test.each([
        ['neither member', {}, ['alice']],
        ['append: false', { append: { value: false } }, ['alice']],
        ['append_action 2', { append_action: 2 }, ['alice']],
        ['both, as Vigil writes them', { append: { value: false }, append_action: 2 }, ['alice']],
      ])('%s: the header is overwritten', async (_, members, expected) => {
        expect(seen((await told(okHeader(members))).body, 'x-user')).toEqual(expected)
      })

      test('append: true would let the client keep its value', async () => {
        const values = seen((await told(okHeader({ append: { value: true } }))).body, 'x-user')
        expect(values.join()).toBe('mallory,alice')
      })

      test('raw_value instead of value arrives empty', async () => {
        const header = { key: 'x-user', raw_value: Buffer.from('alice') }
        const verdict = raw({ status: { code: 0 }, ok_response: { headers: [{ header }] } })
        expect(seen((await told(verdict)).body, 'x-user')).toEqual([''])
      })

      test('setting and removing the same header removes it', async () => {
        const headers = [
          { header: { key: 'x-user', value: 'alice' }, append: { value: false }, append_action: 2 },
        ]
        const verdict = raw({ status: { code: 0 }, ok_response: { headers, headers_to_remove: ['x-user'] } })
        expect(seen((await told(verdict)).body, 'x-user')).toEqual([])
      })
    })

    describe('a refusal in observe mode', () => {
      test('of a bad credential reaches the application without a name, and what the client forged is gone', async () => {
        const failure = 'identity.token.expired'
        const refused = { state: 'refused', failure, scheme: 'Bearer' } as const
        const answer = await told(observedBytes(deny(failure), refused))
        expect(answer.status).toBe(200)
        expect(seen(answer.body, 'x-vigil-decision')).toEqual([DECISION_ID])
        expect(seen(answer.body, 'x-vigil-subject')).toEqual([])
        expect(seen(answer.body, 'x_vigil_subject')).toEqual([])
        expect(answer.body.match(/mallory/g)).toHaveLength(1) // x-user, which is not Vigil's to remove
        expect(answer.values('www-authenticate')).toEqual([])
      })

      test.each([
        ['no credential', deny('identity.credential.missing')],
        ['a limit', THROTTLE],
        ['an own fault', UNAVAILABLE],
      ])('of %s looks to the caller like any answer of the application', async (_, decision) => {
        const answer = await told(observedBytes(decision, { state: 'anonymous' }))
        expect(answer.status).toBe(200)
        for (const name of ['www-authenticate', 'retry-after', 'ratelimit'])
          expect(answer.values(name)).toEqual([])
        expect(answer.body).not.toContain('urn:vigil:problem')
      })
    })

    describe('what Envoy takes for a pass: why there is one choke point', () => {
      test.each([
        ['no bytes at all', Buffer.alloc(0)],
        ['a denied body without a status', raw({ denied_response: { status: { code: 403 }, body: 'no' } })],
        [
          'status 0 with a denied body',
          raw({ status: { code: 0 }, denied_response: { status: { code: 403 }, body: 'no' } }),
        ],
      ])('%s is ALLOW, with what the client sent', async (_, verdict) => {
        const { status, body } = await told(verdict)
        expect(status).toBe(200)
        expect(seen(body, 'x-user')).toEqual(['mallory'])
      })
    })

    describe('a refusal', () => {
      test('both challenges of a 401 arrive, as two lines', async () => {
        const answer = await told(answerTo(deny('identity.credential.missing')))
        expect(answer.status).toBe(401)
        expect(answer.values('www-authenticate').map((line) => line.split(' ')[0])).toEqual([
          'DPoP',
          'Bearer',
        ])
        expect(answer.value('content-type')).toBe('application/problem+json')
        expect(answer.body).toContain(`urn:uuid:${DECISION_ID}`)
      })

      test('with append: true the challenge would not be trusted to arrive', async () => {
        const header = { header: { key: 'www-authenticate', value: 'DPoP' }, append: { value: true } }
        const denied = { status: { code: 401 }, headers: [header], body: '' }
        const answer = await told(raw({ status: { code: 16 }, denied_response: denied }))
        expect(answer.status).toBe(401)
        expect(answer.values('www-authenticate')).toEqual([])
      })

      test.each([
        [403, deny('policy.rule.denied'), undefined],
        [400, deny('identity.credential.multiple'), undefined],
        [413, deny('check.request.oversized'), undefined],
        [429, THROTTLE, '37'],
        [503, UNAVAILABLE, '1'],
      ] as const)('%d arrives as it is', async (status, decision, retryAfter) => {
        const answer = await told(answerTo(decision))
        expect(answer.status).toBe(status)
        expect(answer.value('retry-after')).toBe(retryAfter)
        expect(JSON.parse(answer.body)).toMatchObject({ status, instance: `urn:uuid:${DECISION_ID}` })
      })

      test('an explicit code without a denied response is 403', async () => {
        expect((await told(raw({ status: { code: 7 } }))).status).toBe(403)
      })
    })

    test.each([
      ['allow', ALLOW],
      ['deny', deny('policy.rule.denied')],
    ])(
      'dynamic metadata of an %s is there for the access log',
      async (effect, decision) => {
        const path = `/metadata-${effect}`
        await told(answerTo(decision), { path })
        const line = await waitUntil('the access log', 10_000, () =>
          site.envoy
            .logs()
            .split('\n')
            .find((text) => text.includes(path)),
        )
        expect(JSON.parse(line)).toMatchObject({
          vigil: { effect, decision: DECISION_ID, reasons: ['policy.test'] },
        })
      },
      20_000,
    )

    describe('no answer', () => {
      test.each(['error', 'hang'] as const)('%s is 503', async (verdict) => {
        expect((await told(verdict)).status).toBe(503)
      })
    })
  })

  describeWithEnvoy('failure_mode_allow: true, which no bootstrap of ours says', version, (binary) => {
    let site: Site
    beforeAll(async () => {
      site = await startSite(binary, [FAIL_OPEN, UNDERSCORES])
    }, 30_000)
    afterAll(() => stopSite(site))

    test.each(['error', 'hang'] as const)('%s is ALLOW, with what the client sent', async (verdict) => {
      site.authz.verdict = verdict
      const { status, body } = await sendHttp1({ port: site.port, headers: MALLORY })
      expect(status).toBe(200)
      expect(seen(body, 'x-vigil-subject')).toEqual(['mallory'])
    })

    test('a 503 that Vigil says itself is still a refusal', async () => {
      site.authz.verdict = answerTo(UNAVAILABLE)
      expect((await sendHttp1({ port: site.port, headers: MALLORY })).status).toBe(503)
    })
  })
}
