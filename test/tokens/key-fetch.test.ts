import { describe, expect, test } from '@jest/globals'
import {
  addressProblem,
  discoverKeys,
  fetchKeys,
  MAX_DOCUMENT_BYTES,
  metadataUrls,
} from '../../src/tokens/key-fetch.ts'

const ISSUER = 'https://idp.example.com/tenant'
const OAUTH = 'https://idp.example.com/.well-known/oauth-authorization-server/tenant'
const OPENID = 'https://idp.example.com/tenant/.well-known/openid-configuration'
const JWKS = 'https://keys.example.com/jwks'
const never = new AbortController().signal

type Pages = Readonly<Record<string, unknown>>

/** A web of JSON documents; a Response is given as it is, an Error is thrown, what is missing is 404. */
function web(pages: Pages): typeof fetch & { readonly asked: string[] } {
  const asked: string[] = []
  const fetcher = async (input: unknown, init?: RequestInit) => {
    const url = String(input)
    asked.push(url)
    expect(init).toMatchObject({ redirect: 'manual', signal: never, headers: { accept: 'application/json' } })
    const page = pages[url]
    if (page instanceof Error || page instanceof DOMException) throw page
    if (page instanceof Response) return page
    return page === undefined ? new Response('', { status: 404 }) : Response.json(page)
  }
  return Object.assign(fetcher, { asked }) as never
}

describe('JWT-16 addresses', () => {
  test.each([
    ['https://idp.example.com/jwks', undefined],
    ['http://127.0.0.1:8080/jwks', undefined],
    ['http://localhost/jwks', undefined],
    ['http://127.100.20.30/jwks', undefined],
    ['http://[::1]/jwks', undefined],
    ['http://evil-localhost/jwks', 'must use https (http only on a loopback address)'],
    ['http://idp.example.com/jwks', 'must use https (http only on a loopback address)'],
    ['http://localhost.evil.example/jwks', 'must use https (http only on a loopback address)'],
    ['http://127.0.0.1.evil.example/jwks', 'must use https (http only on a loopback address)'],
    ['ftp://idp.example.com/jwks', 'must use https (http only on a loopback address)'],
    ['ftp://127.0.0.1/jwks', 'must use https (http only on a loopback address)'],
    ['file:///etc/jwks', 'must use https (http only on a loopback address)'],
    ['data:application/json,{}', 'must use https (http only on a loopback address)'],
    ['https://user:word@idp.example.com/', 'must not hold a user name or password'],
    ['https://user@idp.example.com/', 'must not hold a user name or password'],
    ['https://:word@idp.example.com/', 'must not hold a user name or password'],
    ['idp', 'is not a URL'],
  ])('%s', (address, problem) => {
    expect(addressProblem(address)).toBe(problem)
  })

  test.each([
    [ISSUER, OAUTH, OPENID],
    [
      'https://idp.example.com/',
      'https://idp.example.com/.well-known/oauth-authorization-server',
      'https://idp.example.com/.well-known/openid-configuration',
    ],
    [
      'https://idp.example.com:8443',
      'https://idp.example.com:8443/.well-known/oauth-authorization-server',
      'https://idp.example.com:8443/.well-known/openid-configuration',
    ],
  ])('metadata of %s (RFC 8414 section 3.1)', (issuer, oauth, openid) => {
    expect(metadataUrls(issuer)).toEqual([oauth, openid])
  })
})

describe('fetching a key set', () => {
  test('hands over its members', async () => {
    expect(await fetchKeys(web({ [JWKS]: { keys: [1, 2] } }), JWKS, never)).toEqual([1, 2])
  })

  const tooLong = `{"keys":[],"x":"${'x'.repeat(MAX_DOCUMENT_BYTES)}"}`
  test.each([
    ['an error page', new Response('oops', { status: 500 }), 'answered 500'],
    [
      'a redirect',
      new Response(null, { status: 302, headers: { location: 'http://evil.example' } }),
      'answered 302',
    ],
    ['an answer without body', new Response(null, { status: 200 }), 'not a well-formed JSON object (syntax)'],
    ['no JSON', new Response('<html>'), 'not a well-formed JSON object (syntax)'],
    ['a list', Response.json([]), 'not a well-formed JSON object (not-object)'],
    ['no keys', Response.json({ keys: {} }), 'no list `keys`'],
    ['keys twice', new Response('{"keys":[],"keys":[]}'), 'not a well-formed JSON object (duplicate)'],
    ['invalid UTF-8', new Response(Buffer.from('7b22ff223a317d', 'hex')), 'not UTF-8'],
    ['too much', new Response(tooLong), 'answered more than'],
    [
      'a refused connection',
      Object.assign(new TypeError('fetch failed'), {
        cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }),
      }),
      'ECONNREFUSED',
    ],
    ['no answer in time', new DOMException('late', 'TimeoutError'), 'TimeoutError'],
  ])('refuses %s', async (_, page, message) => {
    await expect(fetchKeys(web({ [JWKS]: page }), JWKS, never)).rejects.toThrow(message)
  })

  test.each(['?code=planted-secret', '#planted-secret'])('shows of an address no %s', async (end) => {
    const url = `${JWKS}${end}`
    await expect(fetchKeys(web({}), url, never)).rejects.toThrow(/^https:.*jwks answered 404$/)
    await expect(fetchKeys(web({ [url]: new Error() }), url, never)).rejects.toThrow(/jwks could not be/)
    const cause = new Error('down')
    await expect(fetchKeys(web({ [url]: cause }), url, never)).rejects.toMatchObject({ cause })
    const long = web({ [url]: new Response(tooLong) })
    await expect(fetchKeys(long, url, never)).rejects.toThrow(/jwks answered more than 524288 bytes$/)
  })

  test('takes a document of just the size and depth that are allowed', async () => {
    const [before, after] = ['{"keys":[],"x":"', '"}']
    const fits = `${before}${'x'.repeat(MAX_DOCUMENT_BYTES - before.length - after.length)}${after}`
    expect(await fetchKeys(web({ [JWKS]: new Response(fits) }), JWKS, never)).toEqual([])
    const nested = (levels: number) => `{"keys":[],"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect(await fetchKeys(web({ [JWKS]: new Response(nested(16)) }), JWKS, never)).toEqual([])
    const deep = fetchKeys(web({ [JWKS]: new Response(nested(17)) }), JWKS, never)
    await expect(deep).rejects.toThrow('the document is not a well-formed JSON object (depth)')
  })

  test('lets go of a page that it does not read', async () => {
    const left: unknown[] = []
    const body = new ReadableStream({ cancel: (reason) => void left.push(reason) })
    const fetching = fetchKeys(web({ [JWKS]: new Response(body, { status: 500 }) }), JWKS, never)
    await expect(fetching).rejects.toThrow('answered 500')
    expect(left).toHaveLength(1)
  })

  test('tells an answer that breaks off, and why', async () => {
    const cause = Object.assign(new Error('planted-secret'), { code: 'ECONNRESET' })
    const body = new ReadableStream({ pull: (controller) => controller.error(cause) })
    const fetching = fetchKeys(web({ [JWKS]: new Response(body) }), JWKS, never)
    await expect(fetching).rejects.toThrow(/jwks broke off \(ECONNRESET\)$/)
    await expect(fetching).rejects.toMatchObject({ name: 'KeyLoadError', cause })
  })
})

describe('JWT-16 discovery', () => {
  const metadata = { issuer: ISSUER, jwks_uri: JWKS }
  const keys = { keys: ['k'] }

  test('takes RFC 8414 metadata first', async () => {
    const fetcher = web({ [OAUTH]: metadata, [OPENID]: new Error('not asked'), [JWKS]: keys })
    expect(await discoverKeys(fetcher, ISSUER, never)).toEqual(['k'])
    expect(fetcher.asked).toEqual([OAUTH, JWKS])
  })

  test('then OpenID Connect discovery', async () => {
    const fetcher = web({ [OPENID]: metadata, [JWKS]: keys })
    expect(await discoverKeys(fetcher, ISSUER, never)).toEqual(['k'])
    expect(fetcher.asked).toEqual([OAUTH, OPENID, JWKS])
  })

  test.each([
    ['another issuer', { ...metadata, issuer: `${ISSUER}/` }, 'another issuer'],
    ['no issuer', { jwks_uri: JWKS }, 'another issuer'],
    ['no jwks_uri', { issuer: ISSUER }, 'no jwks_uri'],
    ['a jwks_uri over http', { issuer: ISSUER, jwks_uri: 'http://keys.example.com' }, 'must use https'],
  ])('refuses metadata with %s', async (_, page, message) => {
    const fetcher = web({ [OAUTH]: page, [OPENID]: page, [JWKS]: keys })
    await expect(discoverKeys(fetcher, ISSUER, never)).rejects.toThrow(message)
    expect(fetcher.asked).not.toContain(JWKS)
  })

  test('does not go on after a fault that is none of the issuer', async () => {
    const fault = new Error('no such stream')
    const body = new ReadableStream({ cancel: () => Promise.reject(fault) })
    const fetcher = web({ [OAUTH]: new Response(body, { status: 500 }), [OPENID]: metadata, [JWKS]: keys })
    await expect(discoverKeys(fetcher, ISSUER, never)).rejects.toBe(fault)
    expect(fetcher.asked).toEqual([OAUTH])
  })

  test('tells what came of both', async () => {
    const both = `discovery failed: ${OAUTH} answered 404; then the metadata names another issuer`
    await expect(discoverKeys(web({ [OPENID]: {} }), ISSUER, never)).rejects.toThrow(both)
  })
})
