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

const LATER = 'comes with a later version'

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
    title: 'What went wrong elsewhere: Envoy, Istio, grpc-go, OPA-Envoy, oauth2-proxy',
    rows: [
      yes('CVE-2019-9900', 'No control bytes in paths and headers, plain or encoded'),
      yes('CVE-2019-9901', 'Dot segments, plain or encoded, are refused'),
      yes('CVE-2020-25017', 'Every value of a repeated header counts'),
      yes('CVE-2021-21378', 'A token that is not known is no missing token'),
      yes('CVE-2021-29492', 'Encoded slashes are refused, or allowed by configuration'),
      yes('CVE-2021-31920', 'Two slashes are not one'),
      yes('CVE-2021-32777', 'A second credential is no second try'),
      yes('CVE-2021-32779', 'A `#` in a path is refused'),
      yes('CVE-2021-39155', 'Hosts are compared without case, port and trailing dot'),
      yes('CVE-2021-39156', 'The same for a `#` behind a good path'),
      yes('CVE-2023-27487', '`x-envoy-original-path` names no path'),
      yes(
        'CVE-2023-27488',
        'A header that is no UTF-8 gets an answer instead of a gRPC error, which could be let pass',
      ),
      yes('CVE-2023-35944', 'Schemes are compared without case, and only two are taken'),
      yes('CVE-2024-23324', 'The same for bytes in metadata'),
      yes('CVE-2024-45806', '`x-envoy-*` tell no client address'),
      yes('CVE-2025-54576', 'The query takes no part in matching'),
      yes('CVE-2025-64484', 'Twins of identity headers with `_` are removed'),
      yes('CVE-2025-66220', 'A NUL in a name of a certificate makes it nobody'),
      yes('CVE-2026-26205', '`//admin` is not read as a host'),
      yes('CVE-2026-26308', 'A joined text is not one of its values'),
      yes('CVE-2026-31837', 'Keys that cannot be had are no keys: there are no built-in ones'),
      yes('CVE-2026-33186', 'A gRPC method needs its slash'),
      yes('CVE-2026-39350', 'A dot in the name of a caller is a dot'),
      yes('CVE-2026-40575', 'Forwarded paths decide nothing'),
      yes('CVE-2026-47774', 'Headers without end are denied unread'),
      yes('CVE-2026-47778', 'A NUL in a principal makes it nobody'),
      yes('CVE-2026-73511', 'Parameters of a segment are refused, or allowed by configuration'),
      yes('CVE-2026-73547', 'CONNECT, and no path at all'),
      yes('CVE-2026-73551', 'Dot segments with parameters are dot segments'),
      yes('CVE-2026-73552', 'Latin-1 is compared as the bytes that came'),
      yes('CVE-2026-73553', 'Parameters behind the path'),
    ],
  },
  {
    title: 'Delegation: RFC 8693 `act`',
    rows: [
      yes(
        'ACT-01',
        'The subject is `sub`, the actor the outermost `act`; rules, record and upstream see both',
      ),
      yes('ACT-02', 'Nested actors grant nothing: no condition can read them'),
      yes('ACT-03', '`exp`, `aud` and the like inside `act` mean nothing'),
      yes('ACT-04', '`may_act` grants nothing'),
      yes('ACT-05', 'A registered agent without `act` is an agent, never the user whom its token names'),
      yes('ACT-06', 'At most five actors; the chain stands in the record'),
      no('ACT-07', 'Revoking the actor ends the delegated token', 'revocation comes with a later version'),
      yes('ACT-08', 'A token without `act` that an agent got as the user: told apart by its client alone'),
    ],
  },
  {
    title: 'Workloads: SPIFFE',
    rows: [
      yes(
        'SPIFFE-01',
        'SPIFFE IDs: syntax, lengths; the trust domain is configured; no leaf is a trust domain itself',
      ),
      yes('SPIFFE-02', 'X.509-SVID: exactly one URI, which is the name of the peer'),
      yes(
        'SPIFFE-03',
        'X.509-SVID: no authority, signs neither certificates nor lists; key usage is critical',
      ),
      yes('SPIFFE-04', 'JWT-SVID: `sub` is a SPIFFE ID, `aud` names us, `exp`; a workload, and nothing else'),
      yes('SPIFFE-05', 'JWT-SVID: no EdDSA, `typ` is `JWT`, `JOSE` or absent, no other header parameter'),
      yes('SPIFFE-06', 'JWT-SVID: keys of the trust domain of `sub`, with `use: jwt-svid` only'),
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
    title: 'Audit events: OCSF 1.8',
    rows: [
      yes('OCSF-01', 'Every event is accepted by the schema of its class'),
      yes('OCSF-02', 'Activity, action, disposition, status and severity say what became of the request'),
    ],
  },
  {
    title: 'Not in this version',
    rows: [
      no('INT-01', 'Token introspection and its signed answers (RFC 7662, RFC 9701)', LATER),
      no('SET-01', 'Security events (RFC 8417, RFC 9493) of SSF, CAEP and RISC, pushed or polled', LATER),
      no('GTR-01', 'Requests to revoke all tokens of a subject (Global Token Revocation, a draft)', LATER),
      no('TSL-01', 'Token Status List (a draft)', LATER),
      no('AZ-01', 'AuthZEN Authorization API 1.0: decisions for others than Envoy', LATER),
      no(
        'TXN-01',
        'Transaction tokens (a draft)',
        'only access tokens, JWT-SVIDs and certificates are credentials',
      ),
      no('RAR-01', '`authorization_details` (RFC 9396)', 'it grants nothing: scopes do'),
      no(
        'WIT-01',
        'Workload identity tokens and proofs: WIMSE, WIT-SVID (drafts)',
        'X.509-SVID and JWT-SVID only',
      ),
      no('SIG-01', 'HTTP Message Signatures (RFC 9421)', 'bindings are DPoP and mTLS'),
      no('DBSC-01', 'Device Bound Session Credentials (a draft)', 'a matter of whoever sets the cookie'),
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
