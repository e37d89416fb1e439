/** What callers over gRPC and its kin get from real Envoys: src/enforcement/tell-grpc.ts and tell-connect.ts. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ENVOY_VERSIONS } from '../../scripts/tools/catalog.ts'
import type { Decision } from '../../src/model.ts'
import { sendHttp1, sendHttp2 } from '../harness/http.ts'
import { readDetails } from '../harness/rpc-status.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import {
  answerTo,
  DECISION_ID,
  deny,
  raw,
  type Site,
  STEP_UP,
  startSite,
  stopSite,
  THROTTLE,
  UNAVAILABLE,
} from './answering.ts'

const FIRST_FILTER = '                http_filters:\n'
const GRPC_WEB = [
  FIRST_FILTER,
  `${FIRST_FILTER}                  - name: envoy.filters.http.grpc_web
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb
`,
] as const

for (const version of ENVOY_VERSIONS) {
  describeWithEnvoy('answers to gRPC and its kin', version, (binary) => {
    let site: Site
    beforeAll(async () => {
      site = await startSite(binary, [])
    }, 30_000)
    afterAll(() => stopSite(site))

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
      const ask = (verdict: Buffer, type: string) => {
        site.authz.verdict = verdict
        return sendHttp1({ port: site.port, method: 'POST', headers: [['content-type', type]] })
      }
      const call = (type: string, decision: Decision) => ask(answerTo(decision, type), type)

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
  })

  describeWithEnvoy('with the grpc_web filter before ext_authz', version, (binary) => {
    let site: Site
    beforeAll(async () => {
      site = await startSite(binary, [GRPC_WEB])
    }, 30_000)
    afterAll(() => stopSite(site))

    const MARK = ['x-grpc-web', '1'] as const
    const ask = (verdict: Buffer) => {
      site.authz.verdict = verdict
      const headers = [['content-type', 'application/grpc-web+proto'] as const, MARK]
      return sendHttp1({ port: site.port, method: 'POST', headers })
    }

    test.each([
      ['a limit', THROTTLE, '8'],
      ['a policy', deny('policy.rule.denied'), '7'],
      ['our own fault', UNAVAILABLE, '14'],
    ])('%s: gRPC-Web is gRPC in the check, and told by its mark', async (_what, decision, status) => {
      const answer = await ask(answerTo(decision, 'application/grpc', [MARK]))
      expect(site.authz.checks.at(-1)).not.toContain('application/grpc-web')
      expect(site.authz.checks.at(-1)).toContain('x-grpc-web')
      expect([answer.status, answer.value('content-type')]).toEqual([200, 'application/grpc-web+proto'])
      expect(answer.value('grpc-status')).toBe(status)
      expect(answer.value('grpc-message')).toMatch(/^[a-z ]+$/)
      expect(readDetails(answer.value('grpc-status-details-bin') ?? '')).toMatchObject({
        code: Number(status),
      })
    })

    test('answered as gRPC a limit would be 14, which clients retry at once', async () => {
      expect((await ask(answerTo(THROTTLE, 'application/grpc'))).value('grpc-status')).toBe('14')
    })
  })
}
