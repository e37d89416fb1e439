import { Buffer } from 'node:buffer'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseStrictObject } from '../../src/tokens/json.ts'
import { COMPACT_LIMITS, parseCompact } from '../../src/tokens/strict.ts'

const b64 = (data: string | Uint8Array) => Buffer.from(data).toString('base64url')
const HEADER = b64('{"alg":"ES256"}')
const CLAIMS = b64('{"iss":"https://a.example"}')
const compact = (header: string, claims: string) => `${b64(header)}.${b64(claims)}.AAAA`
const failureOf = (token: string) => {
  const parsed = parseCompact(token)
  return parsed.ok ? 'accepted' : parsed.failure
}
const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`

describe('the strict compact gate', () => {
  test('hands over header, claims, signing input and signature', () => {
    expect(parseCompact(`${HEADER}.${CLAIMS}.AAAA`)).toEqual({
      ok: true,
      value: {
        header: { alg: 'ES256' },
        claims: { iss: 'https://a.example' },
        signingInput: `${HEADER}.${CLAIMS}`,
        signature: 'AAAA',
      },
    })
  })

  test.each([
    ['JWT-01 empty', ''],
    ['JWT-01 two segments', `${HEADER}.${CLAIMS}`],
    ['JWT-01 four segments', `${HEADER}.${CLAIMS}.AAAA.AAAA`],
    ['JWT-01 five segments (JWE)', `${HEADER}.AAAA.AAAA.AAAA.AAAA`],
    ['JWT-01 empty header', `.${CLAIMS}.AAAA`],
    ['JWT-01 empty claims (detached)', `${HEADER}..AAAA`],
    ['JWT-01 empty signature', `${HEADER}.${CLAIMS}.`],
    ['JWT-01 flattened JSON', JSON.stringify({ protected: HEADER, payload: CLAIMS, signature: 'AAAA' })],
    ['JWT-01 trailing newline', `${HEADER}.${CLAIMS}.AAAA\n`],
    ['JWT-01 two tokens joined', `${HEADER}.${CLAIMS}.AAAA,${HEADER}.${CLAIMS}.AAAA`],
    ['JWT-01 NUL', `${HEADER}.${CLAIMS}.AAAA\0`],
    ['JWT-02 padding', `${HEADER}.${CLAIMS}.AAA=`],
    ['JWT-02 white space inside', `${HEADER}.${CLAIMS.slice(0, 4)} ${CLAIMS.slice(4)}.AAAA`],
    ['JWT-02 standard alphabet', `${HEADER}.${CLAIMS}.AA+/`],
    ['JWT-02 unused bits in the signature', `${HEADER}.${CLAIMS}.AAB`],
    ['JWT-02 unused bits in the header', `${b64('{"a":1} ').slice(0, -1)}B.${CLAIMS}.AAAA`],
    ['JWT-02 impossible length', `${HEADER}.${CLAIMS}.AAAAA`],
    ['JWT-13 header is an array', compact('[]', '{}')],
    ['JWT-13 claims are a string', compact('{}', '"x"')],
    ['JWT-13 claims are null', compact('{}', 'null')],
    ['JWT-13 not JSON', compact('{}', '{a:1}')],
    ['JWT-13 text behind the object', compact('{}', '{} {}')],
    ['JWT-14 invalid UTF-8 in the claims', `${HEADER}.${b64(Uint8Array.of(0x7b, 0x22, 0xff, 0x22))}.AAAA`],
    ['JWT-14 overlong UTF-8', `${HEADER}.${b64(Buffer.from('7b22c0af223a317d', 'hex'))}.AAAA`],
    ['JWT-14 byte order mark', `${b64('\uFEFF{}')}.${CLAIMS}.AAAA`],
    ['JWT-14 UTF-16', `${HEADER}.${b64(Buffer.from('{}', 'utf16le'))}.AAAA`],
    ['JWT-14 lone surrogate in a value', compact('{}', '{"sub":"\\ud800"}')],
    ['JWT-14 lone surrogate in a name', compact('{}', '{"\\udfff":1}')],
    ['JWT-17 nested too deep in the claims', compact('{}', nested(COMPACT_LIMITS.maxDepth + 1))],
    ['JWT-17 nested too deep in the header', compact(nested(COMPACT_LIMITS.maxDepth + 1), '{}')],
    ['JWT-17 nested thousands deep', compact('{}', nested(4000))],
  ])('%s is malformed', (_, token) => {
    expect(failureOf(token)).toBe('identity.token.malformed')
  })

  test.each([
    ['in the header', compact('{"alg":"none","alg":"ES256"}', '{}')],
    ['in the claims', compact('{}', '{"sub":"a","sub":"b"}')],
    ['with the same value', compact('{}', '{"sub":"a","sub":"a"}')],
    ['behind an escape', compact('{}', '{"sub":"a","s\\u0075b":"b"}')],
    ['behind white space', compact('{}', '{"sub" : "a" ,\n\t"sub" : "b"}')],
    ['nested', compact('{}', '{"cnf":{"jkt":"a","jkt":"b"}}')],
    ['nested in an array', compact('{}', '{"a":[1,{"b":1,"c":[{}],"b":2}]}')],
    ['after a value that ends in a backslash', compact('{}', '{"a":"\\\\","a":1}')],
    ['named __proto__', compact('{}', '{"__proto__":1,"__proto__":2}')],
    ['with an empty name', compact('{}', '{"":1,"":2}')],
  ])('JWT-13 a duplicate member %s is refused', (_, token) => {
    expect(failureOf(token)).toBe('identity.token.duplicate-member')
  })

  test.each([
    ['the same name at two levels', '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}'],
    ['names that look alike in values', '{"a":"a","b":"\\"a\\":1,\\"a\\":2","c":["a","a"]}'],
    ['brackets inside strings', '{"a":"[[[[[[[[[[{{{{{{","b":"}}}]]]"}'],
    ['a surrogate pair', '{"a":"\\ud83d\\ude00"}'],
    ['__proto__ once', '{"__proto__":{"a":1}}'],
    ['the deepest nesting', nested(COMPACT_LIMITS.maxDepth)],
  ])('JWT-13 %s is accepted', (_, claims) => {
    expect(failureOf(compact('{}', claims))).toBe('accepted')
  })

  test.each([
    ['syntax', '{'],
    ['not-object', '[]'],
    ['depth', '{"a":[[]]}'],
    ['duplicate', '{"a":1,"a":1}'],
    ['surrogate', '{"a":"\\ud800"}'],
  ])('the flaw %s has its name', (flaw, text) => {
    expect(parseStrictObject(text, 2)).toEqual({ ok: false, flaw })
  })

  test('JWT-17 a token of exactly the limit passes, one character more is oversized', () => {
    const frame = `${HEADER}.${CLAIMS}.`
    const room = COMPACT_LIMITS.maxBytes - frame.length
    const fits = frame + 'A'.repeat(room)
    // 4n + 1 characters are no base64; the sizes here must not run into that.
    expect(room % 4).not.toBe(1)
    expect(failureOf(fits)).toBe('accepted')
    expect(failureOf(`${fits}A`)).toBe('identity.token.oversized')
    expect(failureOf('\0'.repeat(COMPACT_LIMITS.maxBytes + 1))).toBe('identity.token.oversized')
  })

  test('a refusal never quotes the token', () => {
    const secret = 'c2VjcmV0LXBsYW50ZWQ'
    const parsed = parseCompact(`${secret}.${secret}.${secret}`)
    expect(JSON.stringify(parsed)).not.toContain(secret)
    expect(JSON.stringify(parsed)).not.toContain('secret-planted')
  })
})

describe('properties', () => {
  test('any text is answered with a value and never with a throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseCompact(text) !== undefined))
  })

  test('JSON that JSON.stringify wrote is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value)
        const parsed = parseStrictObject(text, 1000)
        expect(parsed).toEqual({ ok: true, value: JSON.parse(text) })
      }),
    )
  })

  test('repeating any member is found', () => {
    const name = fc.string({ minLength: 1 })
    fc.assert(
      fc.property(name, fc.jsonValue(), fc.jsonValue(), (key, first, second) => {
        const member = JSON.stringify(key)
        const text = `{${member}:${JSON.stringify(first)},${member}:${JSON.stringify(second)}}`
        expect(parseStrictObject(text, 1000)).toEqual({ ok: false, flaw: 'duplicate' })
      }),
    )
  })
})
