import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An issuer's metadata and keys on loopback, for those who fetch them. */
export interface KeyServer {
  readonly issuerUrl: string
  readonly keysUrl: string
  stop(): void
}

/** @param jwks as published; metadata as OpenID Connect Discovery 1.0 section 4.2 wants it */
export async function startKeyServer(jwks: object): Promise<KeyServer> {
  let issuerUrl = ''
  const server = createServer((request, response) => {
    const metadata = {
      issuer: issuerUrl,
      jwks_uri: `${issuerUrl}/keys`,
      authorization_endpoint: `${issuerUrl}/authorize`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(request.url === '/keys' ? jwks : metadata))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuerUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuerUrl,
    keysUrl: `${issuerUrl}/keys`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
