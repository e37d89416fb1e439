import { LRUCache } from 'lru-cache'
import type { Check, ClientFact } from '../../model.ts'
import { MAX_HINT, readHints } from '../client/hints.ts'
import { MAX_USER_AGENT, readUserAgent } from '../client/user-agent.ts'

/** Reads the client of a check; the same object for the same headers as long as they are remembered. */
export type ReadClient = (check: Check) => ClientFact

/** Distinct user agents are few: 2,000 hold more than 95 % of real traffic. */
const MAX_REMEMBERED = 2000

const UNTOLD: ClientFact = Object.freeze({ kind: undefined, browser: undefined, os: undefined })

/** User agent and client hints, parsed once for all requests that send the same. All of it is claimed. */
export function compileClient(): ReadClient {
  const remembered = new LRUCache<string, ClientFact>({ max: MAX_REMEMBERED })
  return ({ headers }) => {
    const agent = headers.get('user-agent')?.[0]
    if (agent === undefined || agent === '') return UNTOLD
    const brands = headers.get('sec-ch-ua')?.[0]
    const platform = headers.get('sec-ch-ua-platform')?.[0]
    const key = keyOf(agent, brands, platform)
    const known = remembered.get(key)
    if (known !== undefined) return known
    const fact = Object.freeze(read(agent, brands, platform))
    remembered.set(key, fact)
    return fact
  }
}

/** Cut as they are read, so that what is remembered is bounded, too. */
function keyOf(agent: string, brands: string | undefined, platform: string | undefined): string {
  const cut = agent.length > MAX_USER_AGENT ? agent.slice(0, MAX_USER_AGENT) : agent
  if (brands === undefined) return cut
  return `${cut}\n${brands.slice(0, MAX_HINT)}\n${platform?.slice(0, MAX_HINT) ?? ''}`
}

/** Hints go first where they say something: the user agent of modern browsers is frozen. */
function read(agent: string, brands: string | undefined, platform: string | undefined): ClientFact {
  const told = readUserAgent(agent)
  if (brands === undefined) return told
  const hints = readHints(brands, platform)
  return {
    kind: hints.isHeadless && told.kind === 'browser' ? 'headless' : told.kind,
    browser: hints.browser ?? told.browser,
    os: hints.os ?? told.os,
  }
}
