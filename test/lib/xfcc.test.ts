import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { lastXfccElement, parseXfcc } from '../../src/lib/xfcc.ts'

const FIRST = '468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688'
const SECOND = '9ba61d6425303443c0748a02dd8de688468ed33be74eee6556d90c0149c1309e'
const SUBJECT = '"/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client"'
const plain = (text: string) => parseXfcc(text)?.map((element) => Object.fromEntries(element))

describe('x-forwarded-client-cert', () => {
  test('Envoy example 1: one certificate, URI only', () => {
    const text = `By=http://frontend.lyft.com;Hash=${FIRST};Subject=${SUBJECT};URI=http://testclient.lyft.com`
    expect(plain(text)).toEqual([
      {
        by: ['http://frontend.lyft.com'],
        hash: [FIRST],
        subject: ['/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client'],
        uri: ['http://testclient.lyft.com'],
      },
    ])
  })

  test('Envoy example 2: two certificates, the newest last', () => {
    const text = `By=http://frontend.lyft.com;Hash=${FIRST};URI=http://testclient.lyft.com,By=http://backend.lyft.com;Hash=${SECOND};URI=http://frontend.lyft.com`
    expect(plain(text)).toHaveLength(2)
    expect(lastXfccElement([text])?.get('hash')).toEqual([SECOND])
  })

  test('Envoy example 3: several DNS names', () => {
    const text = `By=http://frontend.lyft.com;Hash=${FIRST};Subject=${SUBJECT};URI=http://testclient.lyft.com;DNS=lyft.com;DNS=www.lyft.com`
    expect(lastXfccElement([text])?.get('dns')).toEqual(['lyft.com', 'www.lyft.com'])
  })

  test('a quoted value keeps its delimiters and quotes', () => {
    expect(plain('Subject="a,URI=spiffe://evil;Hash=x\\"y\\\\";hash=h')).toEqual([
      { subject: ['a,URI=spiffe://evil;Hash=x"y\\'], hash: ['h'] },
    ])
  })

  test('the last line counts when the header is repeated', () => {
    expect(lastXfccElement([`Hash=${FIRST}`, `Hash=${SECOND}`])?.get('hash')).toEqual([SECOND])
  })

  test.each([
    ['empty', ''],
    ['no pair', 'Hash'],
    ['trailing comma', 'Hash=a,'],
    ['trailing semicolon', 'Hash=a;'],
    ['open quote', 'Subject="a'],
    ['text after a quote', 'Subject="a"b'],
    ['a pair glued to a quote', 'Subject="a"xHash=b'],
    ['quote inside a plain value', 'URI=a"b'],
    ['key that is no word', 'a b=c'],
    ['two hashes in one element', 'Hash=a;hash=b'],
    ['an earlier hop left a quote open', `Subject=",By=x;Hash=${SECOND};Subject="CN=evil,Hash=${FIRST}"`],
  ])('malformed as a whole: %s', (_, text) => {
    expect(parseXfcc(text)).toBeUndefined()
  })

  test('whatever a client puts before it, the last element is the last hop or nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'Hash=By";,\\x ') }), (forged) => {
        const last = lastXfccElement([forged, `By=spiffe://a;Hash=${SECOND};Subject="CN=x"`])
        expect([undefined, SECOND]).toContain(last?.get('hash')?.[0])
      }),
      { numRuns: 500 },
    )
  })
})
