import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Check, ClientFact, Entrypoint, FingerprintFact } from '../../model.ts'

/** Reads the fingerprint of a check; the same object for the same software as long as it is remembered. */
export type ReadFingerprint = (check: Check, entrypoint: Entrypoint, client: ClientFact) => FingerprintFact

const MAX_REMEMBERED = 5000
/** JA4 takes 36 characters, JA3 as a hash 32. */
const MAX_TLS = 64
const MAX_HEADER = 128
const LENGTH = 16
const TLS = /^[\x21-\x2b\x2d-\x7e]+$/

const NONE: FingerprintFact = Object.freeze({ tls: undefined, value: undefined })

/**
 * Languages, encodings and the hints that need no asking (UA-CH section 3) are sent alike with every request of a browser
 * or app; `accept` differs between pages, pictures and scripts. No versions: an update is no other software.
 */
export function compileFingerprint(): ReadFingerprint {
  const remembered = new LRUCache<string, FingerprintFact>({ max: MAX_REMEMBERED })
  return ({ headers }, { fingerprintHeader }, { kind, browser, os }) => {
    // Nothing is read where nobody asked for it: making the key costs more than all of the address.
    if (fingerprintHeader === undefined) return NONE
    const tls = tlsOf(headers.get(fingerprintHeader))
    if (kind === undefined && tls === undefined) return NONE
    const languages = cut(headers.get('accept-language')?.[0])
    const encodings = cut(headers.get('accept-encoding')?.[0])
    const seen = `${tls ?? ''}\n${kind}/${browser}/${os}\n${languages}\n${encodings}`
    const mobile = headers.get('sec-ch-ua-mobile')?.[0]
    const key = mobile === '?0' || mobile === '?1' ? `${seen}\n${mobile}` : seen
    const known = remembered.get(key)
    if (known !== undefined) return known
    const fact = Object.freeze({ tls, value: hash('sha256', key, 'base64url').slice(0, LENGTH) })
    remembered.set(key, fact)
    return fact
  }
}

/** Two values mean that the client's own was not overwritten: then neither is Envoy's word. */
function tlsOf(values: readonly string[] | undefined): string | undefined {
  const [tls, ...others] = values ?? []
  return tls !== undefined && others.length === 0 && tls.length <= MAX_TLS && TLS.test(tls) ? tls : undefined
}

const cut = (text = ''): string => (text.length > MAX_HEADER ? text.slice(0, MAX_HEADER) : text)
