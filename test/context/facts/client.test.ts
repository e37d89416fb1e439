import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compileClient } from '../../../src/context/facts/client.ts'
import { checkOf } from '../../support/check-of.ts'

const headersOf = (lines: Record<string, string>) =>
  new Map(Object.entries(lines).map(([name, value]): [string, string[]] => [name, [value]]))
const read = (lines: Record<string, string>) => compileClient()(checkOf({ headers: headersOf(lines) }))
const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'

const AGENTS: [agent: string, kind: string, browser: string | undefined, os: string | undefined][] = [
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/124.0.0.0 Safari/537.36`,
    'browser',
    'Chrome',
    'Windows',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0) ${WEBKIT} Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0`,
    'browser',
    'Edge',
    'Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:125.0) Gecko/20100101 Firefox/125.0',
    'browser',
    'Firefox',
    'macOS',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1',
    'browser',
    'Safari',
    'iOS',
  ],
  [
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/124.0 Safari/537.36`,
    'browser',
    'Chrome',
    'ChromeOS',
  ],
  [
    `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} HeadlessChrome/124.0 Safari/537.36`,
    'headless',
    'Chrome',
    'Linux',
  ],
  ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'bot', undefined, undefined],
  ['GPTBot/1.0', 'bot', undefined, undefined],
  ['facebookexternalhit/1.1', 'bot', undefined, undefined],
  ['curl/8.5.0', 'tool', undefined, undefined],
  ['python-requests/2.31.0', 'tool', undefined, undefined],
  ['Go-http-client/2.0', 'tool', undefined, undefined],
  ['grpc-go/1.60.0', 'tool', undefined, undefined],
  ['okhttp/4.12.0', 'app', undefined, undefined],
  ['MyApp/3.1 CFNetwork/1494.0.7 Darwin/23.4.0', 'app', undefined, 'iOS'],
  ['Dart/3.3 (dart:io)', 'app', undefined, undefined],
  ['Acme Till 7', 'unknown', undefined, undefined],
  ['Firefox/125.0', 'unknown', 'Firefox', undefined],
]

describe('what a user agent says', () => {
  test.each(AGENTS)('%s', (agent, kind, browser, os) => {
    expect(read({ 'user-agent': agent })).toEqual({ kind, browser, os })
  })

  test.each([
    [{}],
    [{ 'user-agent': '' }],
    [{ 'sec-ch-ua': '"Chromium";v="124"' }],
  ])('%j: nothing', (lines) => {
    expect(read(lines)).toEqual({ kind: undefined, browser: undefined, os: undefined })
  })
})

describe('client hints go first', () => {
  const frozen = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/124.0.0.0 Safari/537.36`
  const GREASE = '"Not-A.Brand";v="99"'
  test.each([
    [`"Chromium";v="124", "Google Chrome";v="124", ${GREASE}`, '"Windows"', 'browser', 'Chrome', 'Windows'],
    [`${GREASE}, "Chromium";v="124", "Microsoft Edge";v="124"`, '"macOS"', 'browser', 'Edge', 'macOS'],
    ['"Chromium";v="124", "Brave";v="124", "Not(A:Brand";v="8"', '"Linux"', 'browser', 'Brave', 'Linux'],
    [`"Chromium";v="124", ${GREASE}`, '"Chrome OS"', 'browser', 'Chromium', 'ChromeOS'],
    [`"HeadlessChrome";v="124", ${GREASE}`, '"Linux"', 'headless', 'Chrome', 'Linux'],
    ['nonsense', 'nonsense', 'browser', 'Chrome', 'Windows'],
    [`"${'x'.repeat(65)}";v="1"`, '""', 'browser', 'Chrome', 'Windows'],
    ['"<script>";v="1"', '"a\u0000b"', 'browser', 'Chrome', 'Windows'],
  ])('%s and %s', (brands, platform, kind, browser, os) => {
    expect(read({ 'user-agent': frozen, 'sec-ch-ua': brands, 'sec-ch-ua-platform': platform })).toEqual({
      kind,
      browser,
      os,
    })
  })

  test('a tool stays a tool, whatever it adds', () => {
    expect(read({ 'user-agent': 'curl/8.5.0', 'sec-ch-ua': '"Google Chrome";v="1"' }).kind).toBe('tool')
  })
})

describe('hostile user agents', () => {
  test('are read up to 256 characters', () => {
    const long = `Mozilla/5.0 (Windows NT 10.0) ${'x'.repeat(226)}`
    expect(long).toHaveLength(256)
    expect(read({ 'user-agent': `${long} Firefox/125.0` }).browser).toBeUndefined()
    expect(read({ 'user-agent': `${long.slice(0, 240)} Firefox/125.0`.slice(0, 256) }).browser).toBe(
      'Firefox',
    )
  })

  test('property: never throw, and no name holds anything but a few plain characters', () => {
    const piece = fc.constantFrom(
      'Mozilla/5.0 (',
      'Version/',
      'safari ',
      'android ',
      ';',
      'x/1',
      '"',
      'rv:',
      'bot',
    )
    const crafted = fc.array(fc.oneof(piece, fc.string({ unit: 'binary' }))).map((parts) => parts.join(''))
    fc.assert(
      fc.property(crafted, crafted, crafted, (agent, brands, platform) => {
        const { browser, os } = read({
          'user-agent': agent,
          'sec-ch-ua': brands,
          'sec-ch-ua-platform': platform,
        })
        for (const name of [browser, os])
          expect(name ?? 'none').toMatch(/^[A-Za-z0-9][A-Za-z0-9 ._+!-]{0,39}$/)
      }),
      { numRuns: 2000 },
    )
  })

  test('what repeats the beginnings of the patterns costs little', () => {
    const pieces = [
      'a',
      '0',
      '/',
      '.',
      ' ',
      '(',
      ';',
      'Chrome/',
      'Version/',
      'safari ',
      'android',
      'build/',
      'rv:',
      'mobile',
    ]
    const agents = pieces.flatMap((a) => pieces.map((b) => `Mozilla/5.0 (${(a + b).repeat(300)}`))
    const before = process.cpuUsage()
    for (const agent of agents) read({ 'user-agent': agent })
    const { user } = process.cpuUsage(before)
    // 20 us each is usual; backtracking without bound would be thousands of times as much.
    expect(user / agents.length).toBeLessThan(5000)
  })
})

describe('parsed once', () => {
  const agent = AGENTS[0]?.[0] ?? ''

  test('the same object for the same headers', () => {
    const client = compileClient()
    const once = client(checkOf({ headers: headersOf({ 'user-agent': agent }) }))
    expect(client(checkOf({ headers: headersOf({ 'user-agent': agent }) }))).toBe(once)
  })

  test('hints tell clients with one user agent apart', () => {
    const client = compileClient()
    const withBrand = (brand: string) =>
      client(checkOf({ headers: headersOf({ 'user-agent': agent, 'sec-ch-ua': `"${brand}";v="1"` }) }))
        .browser
    expect([withBrand('Brave'), withBrand('Opera'), withBrand('Brave')]).toEqual(['Brave', 'Opera', 'Brave'])
  })
})
