import { Buffer } from 'node:buffer'

/** What the leaf of a workload must be (X509-SVID standard, sections 2 to 4). The chain is Envoy's to validate. */

/** One DER value: its tag and where its content lies. */
interface Der {
  readonly tag: number
  readonly start: number
  readonly end: number
}

const SEQUENCE = 0x30
const BOOLEAN = 0x01
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OID = 0x06
/** `extensions` of TBSCertificate (RFC 5280 section 4.1). */
const EXTENSIONS = 0xa3
/** `uniformResourceIdentifier` of GeneralName (RFC 5280 section 4.2.1.6). */
const URI = 0x86

/** Contents of the object identifiers 2.5.29.15, .17 and .19. */
const KEY_USAGE = '551d0f'
const SUBJECT_ALT_NAME = '551d11'
const BASIC_CONSTRAINTS = '551d13'

/** Bits of KeyUsage in its first byte (RFC 5280 section 4.2.1.3). */
const DIGITAL_SIGNATURE = 0x80
const KEY_CERT_SIGN = 0x04
const CRL_SIGN = 0x02

interface Extension {
  readonly isCritical: boolean
  readonly value: Der
}

class Malformed extends Error {}

/**
 * Why a certificate is no X509-SVID of this SPIFFE ID, as the end of a sentence; undefined: it is one.
 * @param der of a certificate that a TLS stack has accepted
 */
export function flawOfSvid(der: Uint8Array, id: string): string | undefined {
  try {
    const extensions = extensionsOf(der)
    return flawOfUse(der, extensions) ?? flawOfName(der, extensions.get(SUBJECT_ALT_NAME), id)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return 'cannot be read'
  }
}

/** Sections 4.1 and 4.3: a leaf signs for itself and for nobody else. */
function flawOfUse(der: Uint8Array, extensions: ReadonlyMap<string, Extension>): string | undefined {
  if (isAuthority(der, extensions.get(BASIC_CONSTRAINTS))) return 'is that of an authority'
  const usage = extensions.get(KEY_USAGE)
  if (usage === undefined || !usage.isCritical) return 'has no critical key usage'
  const bits = only(der, usage.value, BIT_STRING)
  const first = bits.end - bits.start < 2 ? 0 : (der[bits.start + 1] ?? 0)
  if ((first & (KEY_CERT_SIGN | CRL_SIGN)) !== 0) return 'may sign certificates or revocation lists'
  return (first & DIGITAL_SIGNATURE) === 0 ? 'may not sign' : undefined
}

/** Section 2: exactly one URI, which is the SPIFFE ID; names of other kinds may stand beside it. */
function flawOfName(der: Uint8Array, names: Extension | undefined, id: string): string | undefined {
  const list = names === undefined ? [] : children(der, only(der, names.value, SEQUENCE))
  const uris = list.filter(({ tag }) => tag === URI)
  const [uri] = uris
  if (uri === undefined || uris.length > 1) return `has ${uris.length} URIs instead of one`
  const text = textOf(der, uri)
  return text.replace(/^spiffe:/i, 'spiffe:') === id ? undefined : 'has another name than the peer'
}

/** The default of `cA` is false, so it stands there only as true (RFC 5280 section 4.2.1.9). */
function isAuthority(der: Uint8Array, constraints: Extension | undefined): boolean {
  if (constraints === undefined) return false
  const [first] = children(der, only(der, constraints.value, SEQUENCE))
  return isTrue(der, first)
}

const isTrue = (der: Uint8Array, value: Der | undefined): boolean =>
  value?.tag === BOOLEAN && der[value.start] !== 0

function extensionsOf(der: Uint8Array): ReadonlyMap<string, Extension> {
  const certificate = only(der, { start: 0, end: der.length }, SEQUENCE)
  const [body] = children(der, certificate)
  if (body?.tag !== SEQUENCE) throw new Malformed()
  const holder = children(der, body).find(({ tag }) => tag === EXTENSIONS)
  const found = new Map<string, Extension>()
  for (const extension of holder === undefined ? [] : children(der, only(der, holder, SEQUENCE))) {
    const parts = children(der, extension)
    const [name, value] = [parts[0], parts.at(-1)]
    if (name?.tag !== OID || value?.tag !== OCTET_STRING) throw new Malformed()
    const id = hexOf(der, name)
    // RFC 5280 section 4.2: no extension twice. Two of them could be read by two readers.
    if (found.has(id)) throw new Malformed()
    found.set(id, { isCritical: parts.length === 3 && isTrue(der, parts[1]), value })
  }
  return found
}

type Range = Pick<Der, 'start' | 'end'>

/** The one value that fills the range. */
function only(der: Uint8Array, range: Range, tag: number): Der {
  const [value, ...more] = children(der, range)
  if (value?.tag !== tag || more.length > 0) throw new Malformed()
  return value
}

/** The values that fill a range, one behind the other. */
function children(der: Uint8Array, { start, end }: Range): Der[] {
  const found: Der[] = []
  for (let at = start; at < end; ) {
    const value = read(der, at, end)
    found.push(value)
    at = value.end
  }
  return found
}

/** Lengths of at most four bytes; the indefinite form is not DER. */
function read(der: Uint8Array, at: number, limit: number): Der {
  const [tag, first] = [der[at], der[at + 1]]
  if (tag === undefined || first === undefined) throw new Malformed()
  const extra = first < 0x80 ? 0 : first & 0x7f
  if (extra > 4 || first === 0x80) throw new Malformed()
  let length = first < 0x80 ? first : 0
  for (let i = 0; i < extra; i++) length = length * 256 + (der[at + 2 + i] ?? 0)
  const start = at + 2 + extra
  if (start + length > limit) throw new Malformed()
  return { tag, start, end: start + length }
}

const hexOf = (der: Uint8Array, { start, end }: Range) =>
  Buffer.from(der.buffer, der.byteOffset + start, end - start).toString('hex')

const textOf = (der: Uint8Array, { start, end }: Range) =>
  Buffer.from(der.buffer, der.byteOffset + start, end - start).toString('latin1')
