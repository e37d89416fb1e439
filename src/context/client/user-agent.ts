import { createIsbotFromList, list } from 'isbot'
import UAParser from 'my-ua-parser'
import type { ClientFact, ProgramKind } from '../../model.ts'

/**
 * Longer ones are cut: the patterns of the libraries backtrack, and their cost grows with the length (measured: what is
 * crafted against them stays far below a millisecond at this one).
 */
export const MAX_USER_AGENT = 256

/** HTTP libraries and command lines: what a script is written with. */
const TOOL =
  /^(?:curl|wget|httpie|python|aiohttp|httpx|urllib|scrapy|go-http-client|java\/|apache-httpclient|axios|node|undici|got |postmanruntime|insomnia|bruno|libwww-perl|lwp|ruby|faraday|php|guzzle|symfony|powershell|rest-client|reqwest|hyper|tonic|k6|jmeter|apachebench|grpc-(?:go|python|node|java-netty|c\+\+|dotnet|ruby))/i
/** A browser that nobody looks at. */
const HEADLESS = /headless|phantomjs|slimerjs|puppeteer|playwright|selenium|webdriver|cypress/i
/** Network stacks of native apps. */
const APP =
  /okhttp|cfnetwork|dalvik|alamofire|dart[/ :]|flutter|react ?native|grpc-(?:java-okhttp|objc|swift)/i

/** Crawlers that say so; without the patterns of the list that take whatever is no browser, such as most native apps. */
const isCrawler = createIsbotFromList(list.filter((pattern) => !pattern.startsWith('^[')))

/** A name that a client sent is shown only in this form. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._+!-]{0,39}$/

const nameOf = (name: string | undefined): string | undefined =>
  name !== undefined && NAME.test(name) ? name : undefined

/** One word for what the library and client hints call differently. */
const SYSTEMS: Readonly<Record<string, string>> = {
  'Mac OS': 'macOS',
  'Chromium OS': 'ChromeOS',
  'Chrome OS': 'ChromeOS',
}

export const systemOf = (name: string | undefined): string | undefined => {
  const system = nameOf(name)
  return system === undefined ? undefined : (SYSTEMS[system] ?? system)
}

/** `Mobile Safari` and `Safari` are one family, as `Chrome Headless` and `Chrome` are. */
export const familyOf = (name: string | undefined): string | undefined =>
  nameOf(name?.replace(/^Mobile | (?:Headless|WebView)$|^Google |^Microsoft /g, ''))

/** What a user agent says about itself; it is a claim. */
export function readUserAgent(text: string): ClientFact {
  const agent = text.slice(0, MAX_USER_AGENT)
  const parsed = new UAParser(agent)
  const browser = familyOf(parsed.getBrowser().name)
  return { kind: kindOf(agent, browser), browser, os: systemOf(parsed.getOS().name) }
}

function kindOf(agent: string, browser: string | undefined): ProgramKind {
  if (TOOL.test(agent)) return 'tool'
  if (HEADLESS.test(agent)) return 'headless'
  if (APP.test(agent)) return 'app'
  if (isCrawler(agent)) return 'bot'
  return browser !== undefined && agent.startsWith('Mozilla/') ? 'browser' : 'unknown'
}
