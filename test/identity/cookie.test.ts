import { describe, expect, test } from '@jest/globals'
import { identitySettings } from '../../src/config/schema/identity.ts'
import { compileCookies } from '../../src/identity/cookie.ts'
import { compileIdentity } from '../../src/identity/index.ts'
import { issuerOf } from '../harness/tokens.ts'
import { type Case, CERTIFICATE, edge, config as plain, proofOf, subjectOf, verdict } from './identifying.ts'

const NAME = '__Host-session'
const settings = (issuer: object = {}, more: readonly object[] = []) =>
  identitySettings.parse({
    issuers: [
      issuerOf({ cookie: { name: NAME, allowedOrigins: ['https://App.example.com:443'] }, ...issuer }),
      ...more,
    ],
  })
const config = compileIdentity(plain, { unverifiedCaller: false }, settings())

const withCookie = (
  cookie: string | string[],
  headers: Case['headers'] = {},
  check: Case['check'] = {},
): Case => ({
  headers: { cookie, ...headers },
  check,
  config,
})
const SAME = { 'sec-fetch-site': 'same-origin' }

describe('the cookie that holds a token', () => {
  test('is a credential like any other, and no scheme', async () => {
    const subject = await subjectOf(withCookie(`a=1; ${NAME}=plain; b=2`))
    expect(subject).toMatchObject({ state: 'identified', credential: { subject: 'bob' }, carrier: 'cookie' })
    expect(subject).toHaveProperty('scheme', undefined)
  })

  test.each<[string, string | string[], string]>([
    ['none', 'a=1; b=2', 'anonymous'],
    ['no cookie of that name', 'session=plain', 'anonymous'],
    ['a name that only ends so', `x${NAME}=plain`, 'anonymous'],
    ['a name that only begins so', `${NAME}2=plain`, 'anonymous'],
    ['inside another value', `a=${NAME}=plain`, 'anonymous'],
    ['alone', `${NAME}=plain`, 'identified'],
    ['without a blank', `a=1;${NAME}=plain;b=2`, 'identified'],
    ['in a line of its own', ['a=1', `${NAME}=plain`], 'identified'],
    ['a token that does not hold', `${NAME}=bad`, 'identity.token.signature'],
    ['an empty one', `${NAME}=`, 'identity.token.signature'],
    ['in quotes', `${NAME}="plain"`, 'identity.token.signature'],
    ['BR-02 twice', `${NAME}=plain; ${NAME}=plain`, 'identity.credential.multiple'],
    ['BR-02 in two lines', [`${NAME}=plain`, `${NAME}=plain`], 'identity.credential.multiple'],
    ['BR-02 in two lines that Envoy joined', `${NAME}=plain,${NAME}=plain`, 'identity.credential.multiple'],
    ['BR-02 and its name in capitals', `${NAME}=plain; __HOST-session=bad`, 'identity.credential.multiple'],
    [
      'BR-02 and its name behind a Unicode blank',
      `${NAME}=plain; \u2000${NAME}=bad`,
      'identity.credential.multiple',
    ],
    [
      'BR-02 and its name in Latin-1 blanks',
      `${NAME}=plain; \u00a0${NAME}\u0085=bad`,
      'identity.credential.multiple',
    ],
    ['BR-02 and its bare name', `${NAME}=plain; ${NAME}`, 'identity.credential.multiple'],
    ['only behind a Unicode blank', `\u2000${NAME}=plain`, 'identity.cookie.ambiguous'],
    ['only with its prefix in other case', '__hOsT-session=plain', 'identity.cookie.ambiguous'],
    ['behind a comma', `a=1,${NAME}=plain`, 'identity.cookie.ambiguous'],
    ['a bare name', NAME, 'identity.cookie.ambiguous'],
    ['after $Version', `$Version=1; ${NAME}=plain`, 'identity.cookie.ambiguous'],
    ['before $version', `${NAME}=plain; $version=1`, 'identity.cookie.ambiguous'],
    ['blanks around it', ` \t${NAME} =plain`, 'identified'],
    ['60,000 blanks inside a name', `a${' '.repeat(60_000)}b=1; ${NAME}=plain`, 'identified'],
    ['behind 2,000 others', `${'a=1;'.repeat(2_000)}${NAME}=plain`, 'identified'],
    ['behind 60,000 semicolons', `${';'.repeat(60_000)}${NAME}=plain`, 'identity.cookie.ambiguous'],
    ['before 60,000 commas', `${NAME}=plain;a=${','.repeat(60_000)}`, 'identity.cookie.ambiguous'],
    ['nothing but semicolons', ';'.repeat(60_000), 'identity.cookie.ambiguous'],
    ['as many as are looked at', `${NAME}=plain${';a=1,2'.repeat(1_023)};b`, 'identified'],
    [
      'one more than are looked at',
      `${NAME}=plain${';a=1,2'.repeat(1_023)};b;c`,
      'identity.cookie.ambiguous',
    ],
    ['behind 70,000 characters', `a=${'x'.repeat(70_000)}; ${NAME}=plain`, 'identity.cookie.ambiguous'],
  ])('%s', async (_, cookie, expected) => {
    expect(await verdict(withCookie(cookie))).toBe(expected)
  })

  test('BR-02 beside Authorization it is one credential too many, good or bad', async () => {
    for (const authorization of ['Bearer plain', 'Bearer bad', 'Basic eA==', '']) {
      const both = { ...withCookie(`${NAME}=plain`), authorization }
      expect(await verdict(both)).toBe('identity.credential.multiple')
    }
    const other = { ...withCookie('other=1'), authorization: 'Bearer plain' }
    expect(await verdict(other)).toBe('identified')
  })

  test('no cookie is looked at where no issuer has one', async () => {
    expect(await verdict({ ...withCookie(`${NAME}=plain; ${NAME}=bad`), config: plain })).toBe('anonymous')
    expect(compileCookies(identitySettings.parse({ issuers: [issuerOf()] }))).toBeUndefined()
  })

  test('holds tokens of its issuer alone', async () => {
    const other = { ...issuerOf(), issuer: 'https://other.example.com' }
    const swapped = compileIdentity(
      plain,
      { unverifiedCaller: false },
      settings({ issuer: other.issuer }, [issuerOf()]),
    )
    expect(await subjectOf({ ...withCookie(`${NAME}=plain`), config: swapped })).toMatchObject({
      failure: 'identity.token.unknown-issuer',
      carrier: 'cookie',
      detail: `the cookie ${NAME} is not for tokens of "https://idp.example.com"`,
    })
    const both = compileIdentity(
      plain,
      { unverifiedCaller: false },
      settings({}, [{ ...other, cookie: { name: NAME } }]),
    )
    expect(await verdict({ ...withCookie(`${NAME}=plain`), config: both })).toBe('identified')
  })

  test('what is told of a refused one holds nothing of it', async () => {
    for (const cookie of [`${NAME}=secret; ${NAME}=secret`, `\u2000${NAME}=secret`, `${NAME}=secret`]) {
      const told = JSON.stringify(await subjectOf(withCookie(cookie)))
      expect(told).toContain('refused')
      expect(told).not.toContain('secret')
    }
  })
})

describe('a cookie alone never satisfies binding: required', () => {
  test.each<[string, Case, string]>([
    ['an unbound token', withCookie(`${NAME}=plain-required`), 'identity.binding.absent'],
    [
      'a token bound to a key, without its proof',
      withCookie(`${NAME}=dpop-required`),
      'identity.dpop.missing',
    ],
    ['even where optional', withCookie(`${NAME}=dpop-optional`), 'identity.dpop.missing'],
    ['a token bound to a certificate, without it', withCookie(`${NAME}=mtls`), 'identity.mtls.missing'],
    [
      'with the proof',
      { ...withCookie(`${NAME}=dpop-required`), dpop: proofOf('dpop-required') },
      'identified dpop',
    ],
    ['with the certificate', { ...withCookie(`${NAME}=mtls`), certificate: CERTIFICATE }, 'identified mtls'],
    [
      'a proof for another token',
      { ...withCookie(`${NAME}=dpop-required`), dpop: proofOf('dpop') },
      'identity.dpop.token-hash',
    ],
    ['two proofs', { ...withCookie(`${NAME}=dpop-required`), dpop: 'p,p' }, 'identity.dpop.multiple'],
  ])('%s', async (_, given, expected) => {
    expect(await verdict(given)).toBe(expected)
  })

  test('BR-07 what is wrong with the proof is told in the challenge of DPoP', async () => {
    expect(await subjectOf(withCookie(`${NAME}=dpop-required`))).toHaveProperty('scheme', 'DPoP')
    expect(await subjectOf(withCookie(`${NAME}=plain-required`))).toHaveProperty('scheme', undefined)
  })
})

describe('another site cannot change anything with it', () => {
  const CROSS = 'identity.cookie.cross-site'
  const own = edge.externalOrigins[0] ?? ''
  test.each<[string, NonNullable<Case['headers']>, string]>([
    ['nothing is told', {}, CROSS],
    ['the same origin', SAME, 'identified'],
    ['the same site is not the same origin', { 'sec-fetch-site': 'same-site' }, CROSS],
    ['another site', { 'sec-fetch-site': 'cross-site' }, CROSS],
    ['a user’s own navigation', { 'sec-fetch-site': 'none' }, CROSS],
    ['in capitals', { 'sec-fetch-site': 'Same-Origin' }, CROSS],
    ['twice', { 'sec-fetch-site': ['same-origin', 'same-origin'] }, CROSS],
    ['joined', { 'sec-fetch-site': 'same-origin,same-origin' }, CROSS],
    ['the site’s own origin', { origin: own }, 'identified'],
    [
      'an allowed origin, though another site',
      { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' },
      'identified',
    ],
    ['an origin that is not allowed', { origin: 'https://evil.example' }, CROSS],
    ['an origin that only begins so', { origin: `${own}.evil.example` }, CROSS],
    ['another port', { origin: `${own}:8443` }, CROSS],
    ['another scheme', { origin: own.replace('https', 'http') }, CROSS],
    ['with a path', { origin: `${own}/` }, CROSS],
    ['null', { origin: 'null' }, CROSS],
    ['empty', { origin: '' }, CROSS],
    ['two origins', { origin: [own, own] }, CROSS],
    ['two origins, joined', { origin: `https://evil.example,${own}` }, CROSS],
    ['a referer is no origin', { referer: `${own}/page` }, CROSS],
  ])('%s', async (_, headers, expected) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(await verdict(withCookie(`${NAME}=plain`, headers, { method }))).toBe(expected)
    }
  })

  test('what changes nothing may come from anywhere', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
      expect(await verdict(withCookie(`${NAME}=plain`, headers, { method }))).toBe('identified')
    }
  })

  test.each([
    ['websocket', CROSS],
    ['WebSocket', CROSS],
    ['h2c, websocket', CROSS],
    ['h2c', 'identified'],
  ])('an upgrade to %s', async (upgrade, expected) => {
    expect(await verdict(withCookie(`${NAME}=plain`, { upgrade }))).toBe(expected)
    expect(await verdict(withCookie(`${NAME}=plain`, { upgrade, ...SAME }))).toBe('identified')
    expect(await verdict(withCookie(`${NAME}=plain`, { upgrade, origin: own }))).toBe('identified')
  })

  test('is asked before the token is looked at, and not of a token in Authorization', async () => {
    expect(await verdict(withCookie(`${NAME}=bad`, {}, { method: 'POST' }))).toBe(CROSS)
    const bearer: Case = { authorization: 'Bearer plain', check: { method: 'POST' }, config }
    expect(await verdict(bearer)).toBe('identified')
  })
})
