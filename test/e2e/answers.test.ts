/** What real Envoys do with an answer: the table behind the rules of src/check/response.ts and src/enforcement. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { ENVOY_VERSIONS } from '../../scripts/tools/catalog.ts'
import { encodeResponse } from '../../src/check/encode.ts'
import { toCheck } from '../../src/check/request.ts'
import { toCheckResponse } from '../../src/check/response.ts'
import { settings } from '../../src/config/schema/settings.ts'
import { compileEnforcement, enforce, observe } from '../../src/enforcement/index.ts'
import type { Check, Decision, Subject } from '../../src/model.ts'
import { bootstrapText, type Envoy, startEnvoy } from '../harness/envoy.ts'
import { type RawRequest, sendHttp1, sendHttp2 } from '../harness/http.ts'
import * as loader from '../harness/loader.ts'
import { freePorts } from '../harness/ports.ts'
import { readDetails } from '../harness/rpc-status.ts'
import { type StubAuthz, startStubAuthz } from '../harness/stub-authz.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'

const DECISION_ID = '5f0c1d9e-0000-4000-8000-000000000001'
const defaults = settings.parse({})
const enforcement = compileEnforcement(defaults.enforcement, defaults.identity)

/** A request as Vigil sees it. */
function checkWith(contentType: string): Check {
  const http = {
    method: 'GET',
    path: '/v1/accounts',
    host: 'api.example.com',
    headers: [{ key: 'content-type', value: contentType }],
  }
  return toCheck(
    { attributes: { request: { http } } },
    { id: DECISION_ID, atMs: 0, caller: { state: 'unverified', sans: [] } },
  )
}

/** The bytes with which Vigil answers this decision. */
function answerTo(decision: Decision, contentType = 'application/json'): Buffer {
  const check = checkWith(contentType)
  return encodeResponse(
    toCheckResponse(enforce(decision, check, { state: 'anonymous' }, 'low', undefined, enforcement)),
  )
}

const base = { reasons: ['policy.test'], shadow: [], degraded: [] } as const
const ALLOW: Decision = { ...base, effect: 'allow' }
const QUOTA = { limit: 'per-subject', max: 1, windowSeconds: 60, used: 2, retryAfterSeconds: 37 }
const THROTTLE: Decision = { ...base, effect: 'throttle', retryAfterSeconds: 37, limit: QUOTA }
const deny = (failure: Extract<Decision, { effect: 'deny' }>['failure']): Decision => ({
  ...base,
  effect: 'deny',
  failure,
})
const STEP_UP: Decision = {
  ...base,
  effect: 'step-up',
  unmet: { acr: ['phr'], maxAgeSeconds: 5 },
  marksChallenge: true,
}
const UNAVAILABLE: Decision = {
  ...base,
  effect: 'unavailable',
  failure: 'history.store.unavailable',
  retryAfterSeconds: 1,
}

/** A CheckResponse that Vigil would never write. */
const raw = (response: object): Buffer => loader.encodeResponse(response)
/** Identity header in an OK response, with these members beside it. */
const okHeader = (members: object): Buffer =>
  raw({
    status: { code: 0 },
    ok_response: { headers: [{ header: { key: 'x-user', value: 'alice' }, ...members }] },
  })

type Site = { envoy: Envoy; authz: StubAuthz; app: Server; port: number }

/** The sidecar's bootstrap with one thing changed in its text. */
async function startSite(binary: string, replace: readonly (readonly [string, string])[]): Promise<Site> {
  const ports = await freePorts('ADMIN_PORT', 'LISTENER_PORT', 'VIGIL_PORT', 'APP_PORT')
  let text = bootstrapText(join(ROOT, 'envoy', 'sidecar.yaml'), ports)
  for (const [piece, by] of replace) {
    expect(text).toContain(piece)
    text = text.replace(piece, by)
  }
  const authz = await startStubAuthz(ports.VIGIL_PORT)
  const app = createServer((request, response) => {
    const pairs = request.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [[name, all[i + 1]]] : []))
    response.end(JSON.stringify(pairs))
  }).listen(ports.APP_PORT, '127.0.0.1')
  await once(app, 'listening')
  // By default Envoy keeps access log lines for 10 s.
  const args = ['--file-flush-interval-msec', '50']
  const envoy = await startEnvoy({ bootstrap: parse(text) as object, binary, args })
  return { envoy, authz, app, port: ports.LISTENER_PORT }
}

async function stopSite(site: Site | undefined): Promise<void> {
  await site?.envoy.stop()
  await site?.authz.stop()
  site?.app.closeAllConnections()
  site?.app.close()
}

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
      const observedBytes = (decision: Decision, subject: Subject) => {
        const check = checkWith('application/json')
        const told = [check, subject, 'low', undefined] as const
        const answer = observe(enforce(decision, ...told, enforcement), decision, ...told)
        return encodeResponse(toCheckResponse(answer))
      }

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

    describe('a gRPC caller', () => {
      const call = (verdict: Buffer) => {
        site.authz.verdict = verdict
        return sendHttp2({
          port: site.port,
          method: 'POST',
          headers: [
            ['content-type', 'application/grpc'],
            ['te', 'trailers'],
          ],
        })
      }

      test.each([
        ['no credential', 16, deny('identity.credential.missing')],
        ['a policy', 7, deny('policy.rule.denied')],
        ['a malformed request', 3, deny('identity.credential.multiple')],
        ['too many requests', 8, THROTTLE],
        ['our own fault', 14, UNAVAILABLE],
      ] as const)('%s is grpc-status %d', async (_, status, decision) => {
        const answer = await call(answerTo(decision, 'application/grpc'))
        expect(answer.status).toBe(200)
        expect(answer.value('grpc-status')).toBe(String(status))
        expect(answer.value('grpc-message')).toMatch(/^[a-z ]+$/i)
        expect(readDetails(answer.value('grpc-status-details-bin') ?? '')).toMatchObject({
          code: status,
          message: answer.value('grpc-message'),
          ErrorInfo: { domain: 'vigil', metadata: { decision_id: DECISION_ID } },
        })
        expect(answer.value('grpc-retry-pushback-ms')).toBe(decision === THROTTLE ? '37000' : undefined)
      })

      test('a step-up tells its program what is unmet, and the challenge arrives as metadata', async () => {
        const answer = await call(answerTo(STEP_UP, 'application/grpc'))
        expect(answer.value('grpc-status')).toBe('16')
        expect(answer.value('www-authenticate')).toContain('insufficient_user_authentication')
        expect(readDetails(answer.value('grpc-status-details-bin') ?? '')).toMatchObject({
          ErrorInfo: { reason: 'STEP_UP_REQUIRED', metadata: { acr_values: 'phr', max_age: '5' } },
        })
      })

      test('without its own grpc-status a 429 would be 14, which clients retry at once', async () => {
        const denied = { status: { code: 429 }, headers: [], body: 'slow down' }
        const answer = await call(raw({ status: { code: 7 }, denied_response: denied }))
        expect(answer.value('grpc-status')).toBe('14')
      })
    })

    describe('callers of other protocols over plain HTTP', () => {
      const call = (type: string, decision: Decision) =>
        told(answerTo(decision, type), { method: 'POST', headers: [['content-type', type]] })

      test('gRPC-Web: 200 with the trailers in the headers', async () => {
        const answer = await call('application/grpc-web+proto', THROTTLE)
        expect(answer.status).toBe(200)
        // Envoy drops the content type of an answer without a body.
        expect(answer.value('content-type')).toBeUndefined()
        expect(answer.value('grpc-status')).toBe('8')
        expect(answer.value('grpc-message')).toBe('rate limit exceeded')
        expect(answer.body).toBe('')
      })

      test('gRPC-Web in base64: the frame arrives', async () => {
        const answer = await call('application/grpc-web-text', THROTTLE)
        expect(Buffer.from(answer.body, 'base64').toString('latin1')).toContain('grpc-status: 8\r\n')
      })

      test('Connect, a stream: the envelope arrives byte for byte', async () => {
        const answer = await call('application/connect+json', deny('policy.rule.denied'))
        expect(answer.status).toBe(200)
        const bytes = Buffer.from(answer.body, 'utf8')
        expect([bytes[0], bytes.readUInt32BE(1)]).toEqual([2, bytes.length - 5])
        expect(JSON.parse(bytes.subarray(5).toString())).toMatchObject({
          error: { code: 'permission_denied' },
        })
      })
    })

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
