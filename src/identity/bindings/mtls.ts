import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { parseClientCert } from '../../lib/client-cert.ts'
import { type CidrMatcher, compileCidrs } from '../../lib/ip.ts'
import { firstCertificate } from '../../lib/pem.ts'
import { lastXfccElement } from '../../lib/xfcc.ts'
import type { Check, Entrypoint } from '../../model.ts'
import { type Result, refused } from '../contract.ts'

const NONE: readonly string[] = []
/** Told to whoever reads the record (static.yaml). */
const HOW_TO_BELIEVE =
  'give it a client certificate (server.tls.clientCaFile) or a Unix socket, or accept its word (acknowledge.unverifiedCaller)'
const SHA256_HEX = /^[0-9a-fA-F]{64}$/

/**
 * Whether the client holds the certificate to which its token is bound (RFC 8705 section 3.1; MTLS-01, 02, 04). The
 * handshake has proved possession, so no chain is validated (MTLS-03).
 * @param x5t `cnf["x5t#S256"]` of the token
 * @param isBelieved false when the calling Envoy has not proved who it is: then nothing it tells is a certificate
 */
export function proveByCertificate(
  x5t: string,
  check: Check,
  entrypoint: Entrypoint,
  isBelieved: boolean,
): Result<'mtls'> {
  const shown = thumbprintOf(check, entrypoint)
  if (shown === undefined) return refused('identity.mtls.missing')
  if (!isBelieved) return refused('identity.mtls.untrusted-caller', HOW_TO_BELIEVE)
  return shown === x5t ? { ok: true, value: 'mtls' } : refused('identity.mtls.mismatch')
}

/** The first source that shows a certificate decides, most trusted first: one client, one certificate. */
function thumbprintOf(check: Check, entrypoint: Entrypoint): string | undefined {
  const { certificate } = check.source
  if (certificate !== undefined) return digest(certificate)
  return fromXfcc(check, entrypoint) ?? fromClientCert(check, entrypoint)
}

function fromXfcc(check: Check, entrypoint: Entrypoint): string | undefined {
  if (!entrypoint.trustsXfcc) return undefined
  const element = lastXfccElement(check.headers.get('x-forwarded-client-cert') ?? NONE)
  const hex = element?.get('hash')?.[0]
  // XFCC writes the digest in hex, x5t#S256 in base64url.
  if (hex !== undefined)
    return SHA256_HEX.test(hex) ? Buffer.from(hex, 'hex').toString('base64url') : undefined
  const pem = element?.get('cert')?.[0]
  return pem === undefined ? undefined : digestOfPem(pem)
}

function fromClientCert(check: Check, entrypoint: Entrypoint): string | undefined {
  const lines = check.headers.get('client-cert')
  if (lines === undefined || !proxiesOf(entrypoint.clientCertFrom)(check.source.ip)) return undefined
  const der = parseClientCert(lines)
  return der === undefined ? undefined : digest(der)
}

/** @param encoded URL-encoded PEM; a `+` in it is a `+` */
function digestOfPem(encoded: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(encoded)) return undefined
  const text = encoded.replace(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const der = firstCertificate(text)
  return der === undefined ? undefined : digest(der)
}

const digest = (der: Uint8Array) => hash('sha256', der, 'base64url')

/** Compiled proxy networks; entrypoints live as long as their configuration. */
const compiled = new WeakMap<readonly string[], CidrMatcher>()

function proxiesOf(networks: readonly string[]): CidrMatcher {
  const known = compiled.get(networks)
  if (known !== undefined) return known
  const matcher = compileCidrs(networks)
  compiled.set(networks, matcher)
  return matcher
}
