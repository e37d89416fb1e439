/** Requests for what Vigil itself answers (RFC 9728), and for what only looks like it. */
import { choose, goTo, type Mutators, rest } from './mutation.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

const METHODS = ['GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const
const HOSTS = ['api.example.com', 'api.example.com:443', 'partner.example.com', 'evil.example'] as const

const PATHS = [
  WELL_KNOWN,
  `${WELL_KNOWN}/mcp`,
  `${WELL_KNOWN}/v1/items`,
  `${WELL_KNOWN}/`,
  `${WELL_KNOWN}/mcp/x`,
  `${WELL_KNOWN}%2fmcp`,
  `${WELL_KNOWN}/%6dcp`,
  `${WELL_KNOWN}/mcp?a=b`,
  `${WELL_KNOWN}/MCP`,
  `${WELL_KNOWN}x`,
  `/v1${WELL_KNOWN}`,
  `/mcp${WELL_KNOWN}`,
  `/${WELL_KNOWN}`,
] as const

export const metadataMutators: Mutators = {
  metadata: (draft, { n }) => {
    const [method, host] = [choose(METHODS, n), choose(HOSTS, rest(n, 7))]
    goTo(draft, method, host, choose(PATHS, rest(n, 28)))
    if (rest(n, 364) % 2 === 0) Object.assign(draft, { token: undefined, proof: undefined })
  },
}
