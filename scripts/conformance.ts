import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './root.ts'

/** One normative check: what it asks, and whether Vigil does it. `no` needs a reason. */
interface Row {
  readonly id: string
  readonly asks: string
  readonly no?: string
}

interface Standard {
  readonly title: string
  readonly rows: readonly Row[]
}

const yes = (id: string, asks: string): Row => ({ id, asks })
const no = (id: string, asks: string, why: string): Row => ({ id, asks, no: why })

/** The checks that Vigil claims, standard by standard. */
export const STANDARDS: readonly Standard[] = [
  {
    title: 'JSON Web Token: RFC 7515, RFC 7519, RFC 8725 and its successor draft',
    rows: [
      yes('JWT-01', 'Format first: three base64url segments and nothing else; no JWE, no JSON serialisation'),
      yes('JWT-02', 'Canonical base64url: no padding, no white space, unused bits zero'),
      yes('JWT-03', '`alg` from a per-issuer allow-list; never `none`, never symmetric'),
      yes('JWT-04', '`alg` fits the key; one key, one algorithm'),
      yes('JWT-05', 'Unknown `crit` is refused'),
      yes('JWT-06', '`jku`, `x5u`, `jwk`, `x5c` of the header are ignored'),
      yes('JWT-07', '`kid` is capped and never used in paths or queries'),
      yes('JWT-08', '`iss` is bound to its own key set'),
      yes('JWT-09', '`aud` must name an audience of ours'),
      yes('JWT-10', '`exp` is required, `nbf` honoured, leeway at most 60 s'),
      yes('JWT-11', '`iat` in the future is refused'),
      yes('JWT-12', 'Claims have the right types'),
      yes('JWT-13', 'Duplicate members are refused'),
      yes('JWT-14', 'UTF-8 only'),
      yes('JWT-15', '`typ` per kind of token; ID tokens are never taken'),
      yes(
        'JWT-16',
        'Key sets: https, discovery with equal issuer, cooldown, bounded stale time, removal takes effect',
      ),
      yes('JWT-17', 'Size and depth caps before parsing'),
    ],
  },
  {
    title: 'JWT access tokens: RFC 9068',
    rows: [
      yes('AT-01', '`typ` is `at+jwt` (a named per-issuer option relaxes it)'),
      yes('AT-02', '`iss` matches exactly'),
      yes('AT-03', '`aud` holds our resource indicator'),
      yes('AT-04', 'Signature; `alg` is not `none`'),
      yes('AT-05', '`exp`'),
      yes('AT-06', 'Required claims are present'),
      yes('AT-07', 'Encrypted tokens are refused: encryption cannot be agreed'),
      yes('AT-08', '`scope` is a string; every scope of the action is needed'),
      yes('AT-09', 'Errors as `invalid_token` of RFC 6750'),
    ],
  },
  {
    title: 'DPoP: RFC 9449',
    rows: [
      yes('DPOP-01', 'Exactly one `DPoP` header'),
      yes('DPOP-02', 'One well-formed JWT'),
      yes('DPOP-03', '`jti`, `htm`, `htu`, `iat`, `ath` with the right types'),
      yes('DPOP-04', '`typ` is `dpop+jwt`'),
      yes('DPOP-05', 'Asymmetric `alg` from our list, which challenges tell'),
      yes('DPOP-06', 'Signature verifies with the `jwk` of the header'),
      yes('DPOP-07', 'No private members; key strength'),
      yes('DPOP-08', '`htm` equals the method'),
      yes('DPOP-09', '`htu` equals the target URI, both normalised, authority from configuration'),
      yes('DPOP-10', 'Nonce: bound, unpredictable, cannot be downgraded'),
      yes('DPOP-11', '`iat` or nonce within the window'),
      yes('DPOP-12', '`ath` is the hash of the token'),
      yes('DPOP-13', '`cnf.jkt` is the thumbprint of the proof key'),
      yes('DPOP-14', 'A bound token as Bearer, an unbound token as DPoP: refused'),
      yes('DPOP-15', 'Both schemes in one request: 400'),
      yes('DPOP-16', '`jti` replay: refused in every replica'),
      yes('DPOP-17', 'At most one `DPoP-Nonce` an answer; such answers are not cached'),
      yes('DPOP-18', 'token68 syntax, scheme without case'),
      yes('DPOP-19', 'Scripts may read the challenge and the nonce'),
    ],
  },
  {
    title: 'Certificate-bound tokens: RFC 8705, RFC 9440, x-forwarded-client-cert',
    rows: [
      yes('MTLS-01', '`cnf.x5t#S256` is the hash of the leaf'),
      yes('MTLS-02', 'Another or no certificate: 401 `invalid_token`'),
      yes('MTLS-03', 'No chain validation is needed for the binding'),
      yes('MTLS-04', 'A bound token without a certificate is refused'),
      yes('MTLS-05', 'Two bindings: both must hold'),
    ],
  },
  {
    title: 'Bearer use: RFC 6750',
    rows: [
      yes('BR-01', 'No credential: a bare challenge without error'),
      yes('BR-02', 'Malformed or two methods: 400 `invalid_request`'),
      yes('BR-03', 'Invalid token: 401 `invalid_token`'),
      yes('BR-04', 'Missing scope: 403 `insufficient_scope` with all scopes'),
      yes('BR-05', 'Tokens in the query are refused and never recorded'),
      yes('BR-06', 'Only allowed characters in challenges'),
      yes('BR-07', 'The error stands in the challenge of the scheme that was used'),
    ],
  },
  {
    title: 'Step-up: RFC 9470',
    rows: [
      yes('SU-01', '401 `insufficient_user_authentication` in the scheme in use'),
      yes('SU-02', '`acr_values` in one quoted list, best first'),
      yes('SU-03', '`max_age` against `auth_time`, never `iat`; missing is unmet'),
      yes('SU-04', 'Missing `acr` is unmet'),
      yes('SU-05', '`acr` by exact set, never by order of letters'),
      yes('SU-06', 'Both parameters together'),
      no('SU-07', 'Introspection carries `acr` and `auth_time`', 'introspection comes with a later version'),
      yes('SU-08', 'Loop guard: 403 when three challenges of a session within ten minutes did not help'),
      yes('SU-09', 'A machine gets 403 instead of a challenge'),
    ],
  },
  {
    title: 'Protected resource metadata: RFC 9728',
    rows: [
      yes(
        'PRM-01',
        'Told at the well-known address, the path of the resource behind it; `resource` is the identifier',
      ),
      yes('PRM-02', '`resource_metadata` in every challenge'),
    ],
  },
  {
    title: 'Model Context Protocol, authorization: 2026-07-28',
    rows: [
      yes('MCP-01', 'Resource metadata with at least one authorization server; challenges name them'),
      yes('MCP-02', 'Only tokens for this audience; an option keeps the token from the application'),
      yes('MCP-03', 'Invalid or expired: 401'),
      yes('MCP-04', 'Missing scope: 403 with all scopes of the operation in one challenge'),
      yes('MCP-05', 'No `offline_access` in challenges'),
      yes('MCP-06', 'Tokens in the query are refused'),
      yes(
        'MCP-07',
        '`Mcp-Method` and `Mcp-Name`, decoded, only under a version that makes the server compare them',
      ),
      yes('MCP-08', 'Refusals as JSON-RPC with codes that are free for it'),
    ],
  },
  {
    title: 'Not in this version',
    rows: [
      no('INT-01', 'Token introspection (RFC 7662)', 'comes with a later version'),
      no(
        'ACT-01',
        'Delegation (RFC 8693 `act`) in policy',
        'comes with the next version; it already keeps an agent’s habits apart',
      ),
      no('SET-01', 'Security events (RFC 8417, SSF, CAEP, RISC)', 'comes with a later version'),
    ],
  },
]

/** How many test titles name an id. */
export function countTests(id: string): number {
  const root = join(ROOT, 'test')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test.ts'),
  )
  return files.reduce((sum, file) => sum + readFileSync(join(root, file), 'utf8').split(id).length - 1, 0)
}

/** docs/conformance.md. */
export function describeConformance(): string {
  const sections = STANDARDS.map(({ title, rows }) => {
    const lines = rows.map(
      ({ id, asks, no: why }) =>
        `| ${id} | ${asks} | ${why === undefined ? 'implemented and tested' : `not: ${why}`} |`,
    )
    return `## ${title}\n\n| check | what it asks | state |\n|---|---|---|\n${lines.join('\n')}\n`
  })
  return `# Conformance

What of which standard is implemented, and held by tests that carry the check's id in their name (\`npx jest -t DPOP-09\`).
Nothing here is a certification. The checks are those a resource server must make; official vectors (RFC 7638 section
3.1, RFC 8705 appendix A, the examples of RFC 9449) are part of the tests. This page is written by \`npm run docs\`.

${sections.join('\n')}`
}
