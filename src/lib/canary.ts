/**
 * What `vigil probe` asks, and what every Vigil answers in the same way, whatever its configuration says: one refusal that
 * anybody may ask for, and one pass that no client of an Envoy can ask for (docs/decisions/0013).
 */

/** A path that ends like this is refused, whoever asks and in every mode. Below any prefix: routes are attached by prefix. */
export const CANARY_PATH = '/.well-known/vigil-canary'

/** By this `title` of the problem a probe knows the refusal again. */
export const CANARY_TITLE = 'Canary refused by Vigil'

/**
 * Host and context extension of the check that passes. Context extensions come from the configuration of an Envoy and never
 * from its clients, and RFC 6761 section 6.4 gives nobody a host below `.invalid`: a request that passes leads nowhere.
 */
export const PROBE_HOST = 'vigil-probe.invalid'
export const PROBE_EXTENSION = { name: 'vigil.probe', value: 'allow' } as const

export const isCanary = ({ path }: { readonly path: string }): boolean => path.endsWith(CANARY_PATH)

interface Asked {
  readonly method: string
  readonly authority: string
  readonly path: string
  readonly extensions: ReadonlyMap<string, string>
}

export const isProbe = ({ method, authority, path, extensions }: Asked): boolean =>
  authority === PROBE_HOST &&
  method === 'GET' &&
  path === '/' &&
  extensions.get(PROBE_EXTENSION.name) === PROBE_EXTENSION.value
