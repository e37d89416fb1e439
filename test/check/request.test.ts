import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { decodeRequest } from '../../src/check/decode.ts'
import { toCheck, undecodableCheck } from '../../src/check/request.ts'
import { encodeRequest, type WireCheckRequest, type WireHttp } from '../../src/check/wire.ts'
import { ARRIVAL, ID, wireHeaders, wireRequest } from '../support/edge-samples.ts'

const check = (http: WireHttp) => toCheck(wireRequest(http), ARRIVAL)
/** One length-delimited protobuf field of less than 128 bytes. */
const field = (number: number, content: string | Buffer) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, Buffer.byteLength(content)]), Buffer.from(content)])
/** Through the bytes, as from an Envoy. */
const overTheWire = (request: object) => toCheck(decodeRequest(encodeRequest(request)), ARRIVAL)

describe('headers', () => {
  test('the map form: names in lower case, pseudo headers left out', () => {
    const { headers } = check({
      headers: wireHeaders({ ':path': '/x', ':authority': 'h', 'X-Device-Id': 'd1', cookie: 'a=1,b=2' }),
    })
    expect([...headers]).toEqual([
      ['x-device-id', ['d1']],
      ['cookie', ['a=1,b=2']],
    ])
  })

  test('the list form keeps repeats apart and in order', () => {
    const header_map = {
      headers: [
        { key: 'dpop', raw_value: Buffer.from('one') },
        { key: ':method', raw_value: Buffer.from('GET') },
        { key: 'DPoP', raw_value: Buffer.from('two') },
        { key: 'x-plain', value: 'text' },
        { key: 'x-empty' },
      ],
    }
    const { headers } = overTheWire({ attributes: { request: { http: { header_map } } } })
    expect([...headers]).toEqual([
      ['dpop', ['one', 'two']],
      ['x-plain', ['text']],
      ['x-empty', ['']],
    ])
  })

  test('raw bytes are read as latin1, byte for byte (CVE-2026-73552)', () => {
    const header_map = { headers: [{ key: 'x-raw', raw_value: Buffer.from([0x61, 0xff, 0xc3, 0xa9]) }] }
    expect(check({ header_map }).headers.get('x-raw')).toEqual(['a\u00ff\u00c3\u00a9'])
  })

  test.each([
    '__proto__',
    'constructor',
    'tostring',
    'hasownproperty',
  ])('a header named %s is only a header', (name) => {
    // Made by hand: an encoder in JavaScript may lose such a name, an Envoy does not.
    const entry = Buffer.concat([field(1, name), field(2, 'v')])
    const bytes = field(1, field(4, field(2, field(3, entry))))
    expect([...toCheck(decodeRequest(bytes), ARRIVAL).headers]).toEqual([[name, ['v']]])
    const listed = check({ header_map: { headers: [{ key: name, value: 'v' }] } }).headers
    expect([...listed]).toEqual([[name, ['v']]])
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })

  test.each([
    ['NUL in a value', 'x-a', 'a\u0000b', '"x-a" holds a line break or a NUL'],
    ['line break in a value', 'X-A', 'a\r\nx-vigil-subject: root', '"x-a" holds a line break or a NUL'],
    ['space in a name', 'x a', 'v', 'a name that is none'],
    ['empty name', '', 'v', 'a name that is none'],
    ['colon in a name', 'x:a', 'v', 'a name that is none'],
    ['a letter that lower-cases to ASCII in a name', 'coo\u212aie', 'v', 'a name that is none'],
  ])('%s refuses the request, and is told without a value', (_what, key, value, malformedDetail) => {
    const refused = { malformed: 'check.request.header', malformedDetail }
    expect(check({ headers: wireHeaders({ [key]: value }) })).toMatchObject(refused)
    expect(check({ header_map: { headers: [{ key, value }] } })).toMatchObject(refused)
  })

  test('of a request that is refused for something else no header is told', () => {
    const hostile = { method: 'TRACE', headers: wireHeaders({ 'x-a': 'a\u0000b' }) }
    expect(check(hostile)).toMatchObject({ malformed: 'check.request.method', malformedDetail: undefined })
  })

  test.each([
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc; x=1', true],
    ['application/grpc-web', false],
    ['application/grpc,text/plain', false],
    ['application/json', false],
  ])('content-type %s is gRPC: %s', (value, isGrpc) => {
    expect(check({ headers: wireHeaders({ 'content-type': value }) }).isGrpc).toBe(isGrpc)
  })
})

describe('what is refused whatever it carries', () => {
  test('a check of the network filter carries no HTTP', () => {
    const read = toCheck({ attributes: { source: { principal: 'spiffe://a/b' } } }, ARRIVAL)
    expect(read).toMatchObject({ malformed: 'check.request.not-http', path: '', method: '', authority: '' })
    expect(toCheck({}, ARRIVAL).malformed).toBe('check.request.not-http')
  })

  test('bytes that are no check', () => {
    expect(undecodableCheck(ARRIVAL)).toMatchObject({ id: ID, malformed: 'check.request.undecodable' })
  })

  test.each(['get', 'Get', 'TRACE', 'PROPFIND', '', 'GET ', 'GET\u0000'])('method %j', (method) => {
    expect(check({ method }).malformed).toBe('check.request.method')
  })

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('method %s is known', (method) => {
    expect(check({ method }).malformed).toBeUndefined()
  })

  test.each([
    ['CONNECT', {}],
    // RFC 8441: an upgrade over HTTP/2 is a CONNECT with `:protocol`.
    ['GET', { ':protocol': 'websocket' }],
    ['POST', { ':Protocol': 'connect-udp' }],
  ])('CONNECT, plain or extended: %s %j', (method, headers) => {
    expect(check({ method, headers: wireHeaders(headers) }).malformed).toBe('check.request.connect')
  })

  test.each(['ftp', 'httpx', 'javascript', 'http:', 'http\u0000'])('scheme %j', (scheme) => {
    expect(check({ scheme }).malformed).toBe('check.request.not-http')
  })

  test.each([
    ['htTp', 'http'],
    ['HTTPS', 'https'],
    ['', ''],
  ])('scheme %j reads %j (CVE-2023-35944)', (scheme, read) => {
    expect(check({ scheme })).toMatchObject({ scheme: read })
    expect(check({ scheme }).malformed).toBeUndefined()
  })

  test('a hostile path', () => {
    expect(check({ path: '/a/../admin' })).toMatchObject({
      malformed: 'check.request.path',
      path: '/a/../admin',
    })
    expect(check({ path: '' }).malformed).toBe('check.request.path')
  })
})

describe('authority', () => {
  test.each([
    ['API.Example.COM', 'api.example.com'],
    ['api.example.com:8443', 'api.example.com:8443'],
    ['api.example.com.', 'api.example.com'],
    ['api.example.com.:443', 'api.example.com:443'],
    ['[2001:DB8::1]:443', '[2001:db8::1]:443'],
    ['[::1]', '[::1]'],
    ['10.0.0.1:80', '10.0.0.1:80'],
    ['my_service', 'my_service'],
    ['a.b_c-d.svc.cluster.local', 'a.b_c-d.svc.cluster.local'],
  ])('%s reads %s', (host, authority) => {
    expect(check({ host })).toMatchObject({ authority })
    expect(check({ host }).malformed).toBeUndefined()
  })

  test.each([
    [''],
    ['.'],
    ['a,b'],
    ['api.example.com,evil.example'],
    ['api.example.com..'],
    ['api.example.com:'],
    ['api.example.com:0'],
    ['api.example.com:0443'],
    ['api.example.com:65536'],
    ['api.example.com:99999'],
    ['api.example.com:1:2'],
    ['-a.example.com'],
    ['2001:db8::1'],
    ['[2001:db8::1'],
    ['[::1%25eth0]'],
    ['[1.2.3.4]'],
    ['[]'],
    ['api.example.com/x'],
    ['api.example.com\\x'],
    ['api example.com'],
    ['api.example.com\u0000'],
    ['\u212aube.example.com'],
    ['bücher.example'],
  ])('%j is malformed', (host) => {
    expect(check({ host }).malformed).toBe('check.request.host')
  })

  test('userinfo is malformed and is not kept', () => {
    const read = check({ host: 'user:hunter2@api.example.com' })
    expect(read.malformed).toBe('check.request.host')
    expect(JSON.stringify(read)).not.toContain('hunter2')
  })
})

describe('attempt: equal only for the same Check of the same Envoy', () => {
  const request = (over: {
    id?: string
    seconds?: number
    nanos?: number
    ip?: string
    port?: number
  }): WireCheckRequest => {
    const all = { id: '17', seconds: 100, nanos: 5, ip: '10.0.0.9', port: 4711, ...over }
    return {
      attributes: {
        source: { address: { socket_address: { address: all.ip, port_value: all.port } } },
        request: { time: { seconds: all.seconds, nanos: all.nanos }, http: { id: all.id } },
      },
    }
  }
  const attempt = (wire: WireCheckRequest, id = ID) => toCheck(wire, { ...ARRIVAL, id }).attempt

  test('the same again is the same, whatever the decision id', () => {
    expect(attempt(request({}), 'one')).toBe(attempt(request({}), 'two'))
  })

  test.each([
    [{ id: '18' }],
    [{ seconds: 101 }],
    [{ nanos: 6 }],
    [{ ip: '10.0.0.8' }],
    [{ port: 4712 }],
  ])('another %j is another', (over) => {
    expect(attempt(request(over))).not.toBe(attempt(request({})))
  })

  test('no part can be shifted into the next', () => {
    expect(attempt(request({ ip: 'a|b', id: 'c' }))).not.toBe(attempt(request({ ip: 'a', id: 'b|c' })))
  })

  test.each([
    ['no time', { attributes: { ...request({}).attributes, request: { http: { id: '17' } } } }],
    ['zero time', request({ seconds: 0, nanos: 0 })],
    ['no stream id', request({ id: '' })],
    ['no source', { attributes: { request: request({}).attributes?.request ?? {} } }],
    ['no source port', request({ port: 0 })],
    ['a pipe as source', request({ ip: '' })],
  ])('%s: nothing is ever a retry', (_what, wire) => {
    expect(attempt(wire, 'one')).toBe('one')
    expect(attempt(wire, 'two')).toBe('two')
  })
})

describe('peers', () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-request-'))
  let pem = ''
  beforeAll(() => {
    const subject = ['-subj', '/CN=peer', '-days', '2', '-nodes']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', join(dir, 'k.pem')]
    execFileSync('openssl', ['req', '-x509', ...key, '-out', join(dir, 'c.pem'), ...subject], {
      stdio: 'ignore',
    })
    pem = readFileSync(join(dir, 'c.pem'), 'utf8')
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  const source = (peer: object) => overTheWire({ attributes: { source: peer } }).source

  test('MTLS-01 a URL-encoded PEM becomes DER', () => {
    const body = pem
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('-'))
      .join('')
    const der = source({ certificate: encodeURIComponent(pem) }).certificate
    expect(Buffer.from(der ?? []).toString('base64')).toBe(body)
  })

  test('a copied check still holds it', () => {
    const read = overTheWire({ attributes: { source: { certificate: encodeURIComponent(pem) } } })
    expect({ ...read, source: { ...read.source } }.source.certificate).toEqual(read.source.certificate)
    expect(read.source.certificate).toBeDefined()
  })

  test.each([
    'garbage',
    '%',
    '-----BEGIN CERTIFICATE-----',
    encodeURIComponent('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
  ])('MTLS-02 %s is no certificate, not an empty one with a thumbprint', (certificate) => {
    expect(source({ certificate }).certificate).toBeUndefined()
  })

  test('most checks never read it, so it is not parsed before', () => {
    const { source } = check({})
    expect(Object.hasOwn(source, 'certificate')).toBe(false)
    const shown = overTheWire({ attributes: { source: { certificate: 'x' } } }).source
    expect(Object.getOwnPropertyDescriptor(shown, 'certificate')?.get).toBeInstanceOf(Function)
  })

  test('the same certificate is the same object again, however many others came between, and never one of them', () => {
    const encoded = encodeURIComponent(pem)
    const first = source({ certificate: encoded }).certificate
    expect(source({ certificate: encoded }).certificate).toBe(first)
    for (let i = 0; i < 300; i++)
      expect(source({ certificate: `no certificate ${i}` }).certificate).toBeUndefined()
    expect(source({ certificate: encoded }).certificate).toEqual(first)
    // Longer than what is kept, with the blanks that PEM allows around it.
    const long = encodeURIComponent(`${' \n'.repeat(3000)}${pem}`)
    const again = source({ certificate: long }).certificate
    expect(again).toEqual(first)
    expect(source({ certificate: long }).certificate).not.toBe(again)
  })

  test('without a certificate there is none', () => {
    expect(source({ principal: 'spiffe://a/b' })).toEqual({ principal: 'spiffe://a/b' })
  })

  test.each([
    'spiffe://a/b\u0000c',
    'spiffe://a/b\n',
    'spiffe://ä',
  ])('principal %j is the name of nobody, and not none (CVE-2026-47778)', (principal) => {
    expect(source({ principal }).principal).toBe('\ufffd')
  })
})

describe('the rest', () => {
  test('context extensions and metadata arrive as plain values', () => {
    const fields = {
      s: { stringValue: 'x' },
      n: { numberValue: 0 },
      b: { boolValue: false },
      z: { nullValue: 0 },
      l: { listValue: { values: [{ stringValue: 'a' }, { numberValue: 1 }] } },
      o: { structValue: { fields: { in: { boolValue: true } } } },
      e: {},
    }
    const read = overTheWire({
      attributes: {
        context_extensions: { tenant: 'acme', constructor: 'x' },
        metadata_context: { filter_metadata: { 'envoy.filters.http.jwt_authn': { fields }, empty: {} } },
        tls_session: { sni: 'api.example.com' },
      },
    })
    expect(read.metadata).toEqual({
      'envoy.filters.http.jwt_authn': {
        s: 'x',
        n: 0,
        b: false,
        z: null,
        l: ['a', 1],
        o: { in: true },
        e: null,
      },
      empty: {},
    })
    expect([...read.extensions]).toEqual([
      ['tenant', 'acme'],
      ['constructor', 'x'],
    ])
    expect(read.sni).toBe('api.example.com')
  })

  test('a query leaves only a flag', () => {
    const read = check({ path: '/cb?access_token=SECRET' })
    expect(read).toMatchObject({ path: '/cb', hasQueryToken: true })
    expect(JSON.stringify(read)).not.toContain('SECRET')
  })

  test.each([
    ['a page that is about to be shown', 'GET', { 'sec-fetch-mode': 'navigate' }, 'id=7'],
    ['a form', 'POST', { 'sec-fetch-mode': 'navigate' }, undefined],
    ['a script', 'GET', { 'sec-fetch-mode': 'cors' }, undefined],
    ['a WebSocket', 'GET', { 'sec-fetch-mode': 'navigate', upgrade: 'websocket' }, undefined],
  ])('of %s it is kept as %s says', (_who, method, headers, query) => {
    expect(check({ method, path: '/cb?id=7', headers: wireHeaders(headers) }).query).toBe(query)
  })

  test('nothing of x-forwarded-* or x-envoy-* changes method, host or path (CVE-2026-40575)', () => {
    const headers = {
      'x-forwarded-uri': '/public',
      'x-envoy-original-path': '/public',
      'x-forwarded-host': 'evil.example',
      'x-http-method-override': 'DELETE',
    }
    expect(check({ headers: wireHeaders(headers) })).toMatchObject({
      path: '/v1/orders',
      authority: 'api.example.com',
      method: 'GET',
    })
  })
})
