import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { decideLines } from '../../src/cli/decide.ts'
import { openTestApp } from '../harness/app.ts'
import { athOf, makeSigner, signProof } from '../harness/proofs.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from '../harness/tokens.ts'

const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [
    { name: 'gateway', match: { callerSan: 'spiffe://mesh/gateway' }, externalOrigins: [AUDIENCE] },
  ],
  actions: [{ name: 'read', match: { paths: ['/v1/{rest...}'] }, sensitivity: 'low' }],
}
const at = new Date(NOW_MS + 1000).toISOString()

/** A CheckRequest in protobuf JSON. */
const request = (headers: object, id: string) => ({
  attributes: {
    source: { address: { socketAddress: { address: '198.51.100.7', portValue: 4000 } } },
    request: {
      time: at,
      http: { id, method: 'GET', host: 'api.example.com', path: '/v1/x', scheme: 'https', headers },
    },
  },
})

interface Answered {
  readonly line?: number
  readonly error?: string
  readonly decision?: { effect: string; reasons: string[]; why?: string; subject: { state: string } }
  readonly response?: {
    status: { code: number }
    okResponse?: object
    deniedResponse?: { status: { code: number }; headers: { header: { key: string; value: string } }[] }
  }
}

async function run(
  lines: readonly string[],
  settings: object = SETTINGS,
): Promise<{ code: number; out: Answered[] }> {
  const app = await openTestApp(settings)
  const out: Answered[] = []
  const deps = { decide: app.decide, newId: app.newId, nowMs: () => NOW_MS + 1000 }
  const code = await decideLines(
    Readable.from([lines.join('\n')]),
    (line) => out.push(JSON.parse(line)),
    deps,
  )
  return { code, out }
}

const line = (headers: object, id = '1') =>
  JSON.stringify({ at, caller: 'spiffe://mesh/gateway', request: request(headers, id) })

test('each line is decided, an unreadable one is told by its number, and the rest go on', async () => {
  const bearer = { authorization: `Bearer ${mintAccessToken()}` }
  const { code, out } = await run([
    line(bearer),
    'garbage',
    '',
    line({}),
    '{"at":"soon","request":{"attributes":{}}}',
    '{"at":"24 Nov 2026","request":{"attributes":{}}}',
    '[]',
    '{"request":{"attributes":{"request":{"http":{"methd":"POST"}}}}}',
    '{"calller":"spiffe://mesh/gateway","request":{"attributes":{}}}',
    '{"v":1,"request":{},"decision":{}}',
    '{"v":1,"request":{},"decision":{},"pseudonyms":["subject"]}',
  ])
  expect(code).toBe(2)
  expect(out[0]).toMatchObject({
    decision: { effect: 'allow', subject: { state: 'identified' } },
    response: { status: { code: 0 } },
  })
  expect(out[1]).toEqual({ line: 2, error: 'the line is not valid JSON' })
  expect(out[2]).toMatchObject({
    decision: { effect: 'deny' },
    response: { status: { code: 16 }, deniedResponse: { status: { code: 401 } } },
  })
  expect(out[3]).toMatchObject({ line: 5, error: expect.stringContaining('RFC 3339') })
  expect(out[4]).toMatchObject({ line: 6, error: expect.stringContaining('RFC 3339') })
  expect(out[5]).toEqual({ line: 7, error: 'a line must be a JSON object' })
  // Dropped in silence, they would be a decision about another request.
  expect(out[6]).toEqual({
    line: 8,
    error: 'unknown field attributes.request.http.methd; did you mean "method"?',
  })
  expect(out[7]).toEqual({ line: 9, error: 'unknown field calller; did you mean "caller"?' })
  const record = 'the line is an audit record, and a record holds no whole check'
  expect(out[8]).toEqual({ line: 10, error: record })
  expect(out[9]).toEqual({
    line: 11,
    error: `${record}. The sink altered this record (pseudonyms stand for: subject).`,
  })
})

test('a refusal is explained as its record explains it, what passes is not', async () => {
  const foreign = mintAccessToken({ claims: { aud: 'https://other.example' } })
  const { out } = await run([
    line({ authorization: `Bearer ${foreign}` }),
    line({ authorization: `Bearer ${mintAccessToken()}` }, '2'),
  ])
  expect(out[0]?.decision?.why).toBe(
    `The token was issued for another audience: aud claims "https://other.example"; audiences are ${AUDIENCE}.`,
  )
  expect(out[1]?.decision).not.toHaveProperty('why')
})

test('a rule is explained to the operator by its description, and the caller is told nothing of it', async () => {
  const policy = [
    {
      name: 'maintenance',
      description: 'Closed until Monday.',
      when: 'request.path == "/v1/x"',
      effect: 'deny',
    },
  ]
  const bearer = { authorization: `Bearer ${mintAccessToken()}` }
  const { out } = await run([line(bearer)], { ...SETTINGS, policy })
  expect(out[0]?.decision?.why).toBe('A rule denies this request: maintenance (Closed until Monday).')
  expect(JSON.stringify(out[0]?.response)).not.toContain('Monday')
})

test('in observe mode a line tells what Envoy is told, and what enforce mode would have said', async () => {
  const { out } = await run([line({}), line({ authorization: `Bearer ${mintAccessToken()}` }, '2')], {
    ...SETTINGS,
    enforcement: { mode: 'observe' },
  })
  expect(out[0]).toMatchObject({
    decision: { effect: 'deny', mode: 'observe', why: 'No credential was shown.' },
    response: { status: { code: 0 }, okResponse: {} },
    wouldRespond: { status: { code: 16 }, deniedResponse: { status: { code: 401 } } },
  })
  expect(out[1]).toMatchObject({ decision: { effect: 'allow', mode: 'observe' } })
  expect(out[1]).not.toHaveProperty('wouldRespond')
})

test('a bare CheckRequest is taken, with now as its time and an unverified caller', async () => {
  const { code, out } = await run([JSON.stringify(request({}, '1'))])
  expect(code).toBe(0)
  expect(out[0]).toMatchObject({ decision: { reasons: ['identity.credential.missing'] } })
})

test('state lives across the lines of one run: a replay is refused, and the retry of one check is not', async () => {
  const signer = await makeSigner('ES256')
  const token = mintAccessToken({ claims: { cnf: { jkt: signer.jkt } } })
  const claims = { jti: 'one', htm: 'GET', htu: `${AUDIENCE}/v1/x`, iat: NOW, ath: athOf(token) }
  const headers = { authorization: `DPoP ${token}`, dpop: signProof(signer, { claims }) }
  const { out } = await run([line(headers, '1'), line(headers, '1'), line(headers, '2')])
  expect(out.map(({ decision }) => decision?.effect)).toEqual(['allow', 'allow', 'deny'])
  expect(out[2]?.decision?.reasons).toEqual(['identity.dpop.replayed'])
})

test('what the README pipes in is the action `read` of its example, without a credential', async () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const piped = /^echo '(.*)' \|\n {2}npx vigil decide --config vigil\.yaml$/m.exec(readme)?.[1] ?? ''
  const example = parse(/`vigil\.yaml`:\n\n```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '')
  const { code, out } = await run([piped], { ...example, identity: SETTINGS.identity })
  expect(code).toBe(0)
  expect(out[0]?.decision?.reasons).toEqual(['identity.credential.missing'])
  const challenges = out[0]?.response?.deniedResponse?.headers.map(({ header }) => header.value)
  expect(challenges).toContain('Bearer scope="read"')
})
