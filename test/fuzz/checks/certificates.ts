import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from './keys.ts'

/** Certificates that clients and workloads show: files of the golden cases, most of them with one flaw. */

const FOLDER = join(import.meta.dirname, '../../golden/certificates')

export interface Certificate {
  readonly name: string
  readonly pem: string
  readonly der: Buffer
  /** `cnf["x5t#S256"]` of a token that is bound to it. */
  readonly x5t: string
}

function read(name: string): Certificate {
  const pem = readFileSync(join(FOLDER, `${name}.pem`), 'utf8')
  const der = Buffer.from(new X509Certificate(pem).raw)
  return { name, pem, der, x5t: sha256(der) }
}

export const LAPTOP = read('laptop')
export const OTHER = read('other')
/** The one that is an X509-SVID without flaw. */
export const SVID = read('svid-orders')
export const CERTIFICATES: readonly [Certificate, ...Certificate[]] = [
  LAPTOP,
  OTHER,
  SVID,
  ...[
    'svid-authority',
    'svid-crl',
    'svid-lax-usage',
    'svid-mute',
    'svid-no-uri',
    'svid-no-usage',
    'svid-signing',
    'svid-two-uris',
  ].map(read),
]
