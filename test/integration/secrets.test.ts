/** Secrets planted into a whole `vigil serve`: none of them comes out anywhere but where the protocol wants it. */
import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { makeCa } from '../../scripts/certs/make.ts'
import { ROOT } from '../../scripts/root.ts'
import { deriveInstanceKeys } from '../../src/tokens/instance-keys.ts'
import type { Told } from '../harness/check-client.ts'
import { boundHeaders, mintNow } from '../harness/live.ts'
import { createPlanted, type Planted } from '../harness/planted.ts'
import { start } from '../harness/process.ts'
import { makeSigner, type ProofSigner } from '../harness/proofs.ts'
import { type RedisServer, startRedis } from '../harness/redis.ts'
import { AUDIENCE, issuerOf, keys, type Members } from '../harness/tokens.ts'
import { describeWithValkey } from '../harness/tools.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { checkBytes, type RequestOptions } from '../harness/wire.ts'

const NONCE_ISSUER = 'https://nonces.example.com'
const INSIDE_PORT = 9443
const secret = (name: string) => `${name}-${randomBytes(18).toString('base64url')}`

const settingsOf = (records: string) => ({
  entrypoints: [
    { name: 'sidecar', match: { port: INSIDE_PORT }, role: 'inside', externalOrigins: [AUDIENCE] },
    { name: 'gateway', externalOrigins: [AUDIENCE], peerVerified: true },
  ],
  identity: {
    issuers: [
      issuerOf({ claims: ['level'] }),
      issuerOf({ issuer: NONCE_ISSUER, dpop: { nonce: 'required' } }),
    ],
  },
  context: { requestHeaders: ['user-agent'] },
  actions: [
    { name: 'read', match: { methods: ['GET'], paths: ['/v1/items', '/v1/items/{id}'] }, sensitivity: 'low' },
    { name: 'pay', match: { methods: ['POST'], paths: ['/v1/payments'] }, sensitivity: 'high' },
    { name: 'odd', match: { paths: ['/v1/odd'] }, sensitivity: 'low' },
    { name: 'few', match: { paths: ['/v1/few'] }, sensitivity: 'low' },
  ],
  policy: [
    { name: 'fresh-login', when: 'action.name == "pay"', effect: 'step-up' },
    { name: 'errs', when: 'action.name == "odd" && int(subject.claims.level) > 3', effect: 'deny' },
  ],
  risk: { limits: [{ name: 'one', per: 'subject', actions: ['few'], requests: 1, windowSeconds: 3600 }] },
  audit: { sinks: [{ kind: 'file', path: records }, { kind: 'stdout' }] },
})

describeWithValkey('planted secrets', (server) => {
  const planted: Planted = createPlanted()
  const answers: { name: string; told: Told }[] = []
  let folder: string
  let valkey: RedisServer
  let vigil: VigilProcess
  let signer: ProofSigner
  let thief: ProofSigner
  let certificate: string
  const password = secret('password')

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-secrets-'))
    ;[signer, thief] = [await makeSigner('ES256'), await makeSigner('ES256')]
    makeCa(folder)
    certificate = readFileSync(join(folder, 'ca.crt'), 'utf8')
    valkey = await startRedis({ server, args: ['--requirepass', password] })
    planted.plant('password of the store', password)
    const key = { root: randomBytes(32), current: randomBytes(32), previous: randomBytes(32) }
    const derived = deriveInstanceKeys(key)
    for (const [name, bytes] of Object.entries(key)) planted.plant(`instance key ${name}`, bytes)
    for (const bytes of [derived.store, ...derived.nonce, ...derived.hop]) planted.plant('derived key', bytes)
    const written = Object.fromEntries(Object.entries(key).map(([k, v]) => [k, v.toString('base64url')]))
    writeFileSync(join(folder, 'instance-key.json'), JSON.stringify(written))
    writeFileSync(join(folder, 'password'), password)
    vigil = await startVigil({
      config: settingsOf(join(folder, 'records.jsonl')),
      server: { deadlineMs: 10_000 },
      fixed: {
        store: {
          kind: 'redis',
          budgetMs: 3000,
          redis: { port: valkey.port, passwordFile: join(folder, 'password') },
        },
        instanceKeyFile: join(folder, 'instance-key.json'),
        acknowledge: { unverifiedCaller: true },
        telemetry: { logLevel: 'debug' },
      },
    })
    await vigil.running.waitForLine(/store\.connected/)
  }, 90_000)

  afterAll(async () => {
    await vigil?.stop()
    await valkey?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  let streams = 0
  /** Asks, and keeps the answer under a name. */
  async function ask(name: string, request: RequestOptions | Buffer): Promise<Told> {
    const told = await vigil.ask(
      Buffer.isBuffer(request) ? request : { streamId: `stream-${++streams}`, ...request },
    )
    answers.push({ name, told })
    return told
  }
  /** Mints a token and remembers it. */
  function token(name: string, overrides: Parameters<typeof mintNow>[0] = {}): string {
    const text = mintNow({ ...overrides, claims: { jti: secret('jti'), ...overrides.claims } })
    planted.plant(`token (${name})`, text)
    return text
  }
  const bearer = (name: string, overrides?: Parameters<typeof mintNow>[0]) => ({
    authorization: `Bearer ${token(name, overrides)}`,
  })
  /** A proved request; token and proof are remembered. */
  function bound(
    name: string,
    claims: Members = {},
    by = signer,
    path = '/v1/items',
    tokenClaims: Members = {},
  ) {
    const text = token(name, { claims: { cnf: { jkt: signer.jkt }, ...tokenClaims } })
    const headers = boundHeaders(by, path, claims, text)
    planted.plant(`proof (${name})`, headers['dpop'] ?? '')
    return headers
  }

  test('what passes', async () => {
    expect((await ask('bearer', { headers: bearer('bearer') })).isPass).toBe(true)
    const cookie = secret('cookie')
    planted.plant('cookie', cookie)
    const withCookie = { ...bearer('with cookie'), cookie: `session=${cookie}` }
    expect((await ask('cookie', { headers: withCookie })).isPass).toBe(true)
    const query = secret('query')
    planted.plant('query', query)
    expect((await ask('query', { headers: bearer('q'), path: `/v1/items?code=${query}` })).isPass).toBe(true)
    const raw = Object.entries(bound('raw headers'))
    expect((await ask('raw headers', { rawHeaders: raw })).isPass).toBe(true)
    const x5t = thumbprintOf(certificate)
    planted.plant('certificate', certificate)
    planted.plant('certificate thumbprint', x5t)
    const mtls = bearer('mtls', { claims: { cnf: { 'x5t#S256': x5t } } })
    const source = { certificate: encodeURIComponent(certificate) }
    expect((await ask('certificate', { headers: mtls, source })).isPass).toBe(true)
  })

  test('nonces: only in the header that is made for them', async () => {
    const claims = { iss: NONCE_ISSUER }
    const asked = await ask('nonce asked', { headers: bound('no nonce', {}, signer, '/v1/items', claims) })
    const nonce = asked.header('dpop-nonce') ?? ''
    expect(nonce).toHaveLength(43)
    planted.plant('nonce', nonce)
    planted.plant('nonce', Buffer.from(nonce, 'base64url'))
    const good = bound('with nonce', { nonce }, signer, '/v1/items', claims)
    expect((await ask('nonce good', { headers: good })).isPass).toBe(true)
    const forged = secret('forged-nonce')
    planted.plant('forged nonce', forged)
    const bad = bound('bad nonce', { nonce: forged }, signer, '/v1/items', claims)
    const told = await ask('nonce bad', { headers: bad })
    expect(told.reasons).toEqual(['identity.dpop.nonce-invalid'])
    planted.plant('nonce', told.header('dpop-nonce') ?? '')
  })

  test('hops: only in the header for the upstream', async () => {
    const headers = bound('for a hop')
    const hop = (await ask('edge', { headers })).upstreamHeader('x-vigil-hop') ?? ''
    expect(hop).not.toBe('')
    planted.plant('hop', hop)
    for (const part of hop.split('.')) planted.plant('part of the hop', part)
    const destination = { port: INSIDE_PORT }
    const inside = { ...headers, 'x-vigil-hop': hop }
    expect((await ask('inside', { headers: inside, destination })).isPass).toBe(true)
    const again = await ask('inside again', { headers: inside, destination })
    expect(again.reasons).toEqual(['identity.hop.repeated'])
    const forged = `${hop.slice(0, -6)}AAAAAA`
    planted.plant('forged hop', forged)
    const bare = { authorization: headers['authorization'] ?? '', 'x-vigil-hop': forged }
    expect((await ask('forged hop', { headers: bare, destination })).isPass).toBe(false)
  })

  test('what is refused', async () => {
    const replayed = bound('replayed')
    await ask('first', { headers: replayed })
    const whole = token('tampered')
    const tampered = `${whole.slice(0, -10)}${'A'.repeat(10)}`
    const odd = { alg: 'ES256', kid: secret('kid'), typ: 'at+jwt' }
    planted.plant('kid', odd.kid)
    const unknownIssuer = `https://${secret('issuer').toLowerCase()}.example.com`
    planted.plant('unknown issuer', unknownIssuer)
    planted.plant('tampered token', tampered)
    const basic = Buffer.from(`user:${secret('basic')}`).toString('base64')
    planted.plant('basic', basic)
    const inQuery = token('in query')
    const junk = secret('junk')
    planted.plant('junk', junk)
    const big = `${'x'.repeat(40_000)}${junk}`
    const past = Math.floor(Date.now() / 1000) - 600
    const refused: Record<string, RequestOptions | Buffer> = {
      replay: { headers: replayed },
      expired: { headers: bearer('expired', { claims: { iat: past - 60, exp: past } }) },
      tampered: { headers: { authorization: `Bearer ${tampered}` } },
      'unknown kid': { headers: bearer('unknown kid', { header: odd }) },
      'unknown issuer': { headers: bearer('unknown issuer', { claims: { iss: unknownIssuer } }) },
      'wrong audience': { headers: bearer('aud', { claims: { aud: 'https://other.example.com' } }) },
      'stranger’s key': { headers: bearer('stranger', { key: keys.stranger }) },
      'claims of the wrong type': { headers: bearer('types', { claims: { sub: 7, exp: junk } }) },
      'not a token': { headers: { authorization: `Bearer ${junk}` } },
      oversized: { headers: { authorization: `Bearer ${big}` } },
      basic: { headers: { authorization: `Basic ${basic}` } },
      'two credentials': { headers: { authorization: `Bearer ${token('a')},Bearer ${token('b')}` } },
      'bound as bearer': { headers: bearer('as bearer', { claims: { cnf: { jkt: signer.jkt } } }) },
      'wrong key': { headers: bound('wrong key', {}, thief) },
      'wrong method': { headers: bound('wrong method', { htm: 'POST' }) },
      'wrong target': { headers: bound('wrong target', { htu: `https://${junk}.example.com/` }) },
      'wrong token hash': { headers: bound('wrong ath', { ath: junk }) },
      'no proof': { headers: { ...bound('x'), dpop: junk } },
      'token in the query': { path: `/v1/items?access_token=${inQuery}` },
      'cookie only': { headers: { cookie: `session=${junk}` } },
      'hostile path': { headers: bearer('path'), path: `/v1/%00?access_token=${token('hostile')}` },
      'broken header': { headers: { ...bearer('header'), 'x-broken': `a\r\n${junk}` } },
      'broken host': { headers: bearer('host'), host: 'a,b' },
      'unknown action': { headers: bearer('action'), path: '/elsewhere' },
      'rule that errs': { headers: bearer('rule', { claims: { level: 'many' } }), path: '/v1/odd' },
      'step-up': { headers: bearer('step-up'), method: 'POST', path: '/v1/payments' },
      'truncated bytes': checkBytes({ headers: bearer('truncated') }).subarray(0, -20),
      'no CheckRequest': Buffer.from(`\xff\xff${token('random')}`),
    }
    for (const [name, request] of Object.entries(refused))
      expect([name, (await ask(name, request)).isPass]).toEqual([name, false])
    await ask('few', { headers: bearer('few'), path: '/v1/few' })
    expect((await ask('throttled', { headers: bearer('throttled'), path: '/v1/few' })).status).toBe(429)
  }, 30_000)

  test('nothing is in the store, either', async () => {
    const client = new Redis({ port: valkey.port, password, replyMapping: 'legacy' })
    const names = await client.keys('*')
    const values = await client.mget(names)
    client.disconnect()
    expect(names.length).toBeGreaterThan(10)
    expect(planted.foundIn([...names, ...values].join('\n'))).toEqual([])
  })

  test('the store goes, and comes back with another password', async () => {
    await valkey.stop()
    await ask('without store, low', { headers: bound('low') })
    await ask('without store, high', { headers: bearer('high'), method: 'POST', path: '/v1/payments' })
    valkey = await startRedis({ server, port: valkey.port, args: ['--requirepass', 'another'] })
    await vigil.running.waitForLine(/WRONGPASS/, 20_000)
    await ask('refused by the store', { headers: bound('refused') })
  }, 60_000)

  test('not one of them has come out: answers, metrics, logs, records', async () => {
    const metrics = (await vigil.probe('/metrics')).text
    expect(await vigil.stop()).toBe(0)
    expect(planted.names().length).toBeGreaterThan(100)
    for (const { name, told } of answers)
      expect([name, planted.foundIn(withoutProtocol(told))]).toEqual([name, []])
    const records = readFileSync(join(folder, 'records.jsonl'), 'utf8')
    expect(records.split('\n').length - 1).toBe(answers.length)
    const output = vigil.running.output()
    // Records go to standard output, too.
    const isRecord = (line: string) => line.startsWith('{"v":1,')
    const [onStdout, log] = [true, false].map((isWanted) =>
      output
        .split('\n')
        .filter((line) => isRecord(line) === isWanted)
        .join('\n'),
    )
    expect(log).toContain('"vigil ended"')
    const places = { metrics, records, 'records on stdout': onStdout ?? '', 'stdout and stderr': log ?? '' }
    // What a refused token names (its key, its issuer) is told in the record, so that people can mend it; nowhere else.
    const isTold = (place: string, found: string) =>
      place.startsWith('records') && /^(?:kid|unknown issuer) as /.test(found)
    for (const [place, text] of Object.entries(places)) {
      const found = planted.foundIn(text).filter((each) => !isTold(place, each))
      expect([place, found]).toEqual([place, []])
    }
  })
})

/** An answer without the two headers that exist to carry a secret. */
function withoutProtocol({ response }: Told): string {
  return JSON.stringify(response, (_name, value) => {
    const name = value?.header?.key?.toLowerCase()
    return name === 'dpop-nonce' || name === 'x-vigil-hop' ? name : value
  })
}

function thumbprintOf(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url')
}

describe('a start that fails', () => {
  const value = secret('planted')
  const planted = createPlanted()
  planted.plant('planted', value)
  const jwk = { ...keys.es256.privateKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }
  planted.plant('private key', String(jwk.d))

  test.each<[string, { static?: object | string; config?: object; key?: string; seed?: string }]>([
    ['a password instead of its file', { static: { store: { kind: 'redis', redis: { password: value } } } }],
    ['a key instead of its file', { static: `instanceKey: ${value}\n` }],
    ['an instance key that is none', { static: { instanceKeyFile: 'key' }, key: `root: ${value}\n` }],
    ['an instance key that is no YAML', { static: { instanceKeyFile: 'key' }, key: `root: "${value}\n` }],
    [
      'a seed that is none',
      { static: { store: { memory: { seedFile: 'seed' } } }, seed: `{"key":"${value}"` },
    ],
    [
      'a private key',
      { config: { identity: { issuers: [issuerOf({ jwks: { inline: { keys: [jwk] } } })] } } },
    ],
  ])(
    '%s: the message does not quote it',
    async (_what, given) => {
      const folder = mkdtempSync(join(tmpdir(), 'vigil-bad-start-'))
      const write = (name: string, content: object | string = {}) =>
        writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
      write('static.yaml', given.static)
      write('vigil.yaml', given.config)
      write('key', given.key)
      write('seed', given.seed)
      const args = ['serve', '--static', join(folder, 'static.yaml'), '--config', join(folder, 'vigil.yaml')]
      const vigil = start(process.execPath, ['src/main.ts', ...args], { cwd: ROOT })
      try {
        expect(await vigil.ended).not.toBe(0)
        expect(vigil.output()).not.toBe('')
        expect(planted.foundIn(vigil.output())).toEqual([])
      } finally {
        await vigil.stop()
        rmSync(folder, { recursive: true, force: true })
      }
    },
    30_000,
  )
})
