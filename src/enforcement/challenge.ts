import type { HeaderPair, Scheme } from '../model.ts'

type Parameter = readonly [name: string, value: string | number | undefined]

/** What a challenge may say beyond its scheme. */
export interface ChallengeParameters {
  readonly error?: string | undefined
  readonly description?: string | undefined
  readonly scope?: string | undefined
  readonly acrValues?: string | undefined
  readonly maxAge?: number | undefined
  /** Where the metadata of the resource stand (RFC 9728 section 5.1, PRM-02). */
  readonly resourceMetadata?: string | undefined
}

export interface ChallengeConfig {
  readonly realm?: string | undefined
  /** Space-separated proof algorithms, told in every DPoP challenge (RFC 9449 section 7.1). */
  readonly algs: string
}

/**
 * WWW-Authenticate lines. With a scheme: one line, of the scheme that was used (RFC 9449 section 7.2). Without:
 * one line per scheme, as separate headers because clients parse those more reliably than a joined one.
 */
export function challenges(
  scheme: Scheme | undefined,
  parameters: ChallengeParameters,
  config: ChallengeConfig,
): readonly HeaderPair[] {
  const line = (each: Scheme, told: ChallengeParameters): HeaderPair => [
    'www-authenticate',
    challenge(each, told, config),
  ]
  if (scheme !== undefined) return [line(scheme, parameters)]
  // The scopes are the same under both schemes: once is enough.
  return [line('DPoP', { ...parameters, scope: undefined }), line('Bearer', parameters)]
}

/** RFC 6750 section 3: the scheme is followed by at least one parameter, also where there is nothing to say. */
const DEFAULT_REALM = 'vigil'

function challenge(scheme: Scheme, p: ChallengeParameters, config: ChallengeConfig): string {
  const list: readonly Parameter[] = [
    ['realm', config.realm],
    ['error', p.error],
    ['error_description', p.description],
    ['scope', p.scope],
    ['acr_values', p.acrValues],
    ['max_age', p.maxAge],
    ['algs', scheme === 'DPoP' ? config.algs : undefined],
    ['resource_metadata', p.resourceMetadata],
  ]
  const text = list
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${quotable(String(value))}"`)
  return `${scheme} ${text.length === 0 ? `realm="${DEFAULT_REALM}"` : text.join(', ')}`
}

/** RFC 6750 section 3: only %x20-21 / %x23-5B / %x5D-7E may stand inside. */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')
}
