import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { AUDIENCE } from '../../harness/tokens.ts'
import { PATH } from '../kinds.ts'
import type { Client } from './messages.ts'

/** A client with a key of its own, which remembers the newest nonce it was given (RFC 9449 section 8). */
export class ProvingClient {
  readonly #key: KeyObject
  readonly #header: string
  nonce: string | undefined

  constructor({ alg, jwk, privateJwk }: Client) {
    this.#key = createPrivateKey({ key: privateJwk as never, format: 'jwk' })
    this.#header = encode({ typ: 'dpop+jwt', alg, jwk })
  }

  /** A fresh proof for one request with this token. */
  prove(method: string, token: string, serial: number): string {
    const claims = {
      jti: `${process.pid}-${serial}`,
      htm: method,
      htu: `${AUDIENCE}${PATH}`,
      iat: Math.floor(Date.now() / 1000),
      ath: createHash('sha256').update(token).digest('base64url'),
      nonce: this.nonce,
    }
    const input = `${this.#header}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(input), { key: this.#key, dsaEncoding: 'ieee-p1363' })
    return `${input}.${signature.toString('base64url')}`
  }
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
