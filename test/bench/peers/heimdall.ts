import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { peerPath } from '../../../scripts/tools/locate.ts'
import { freePorts } from '../../harness/ports.ts'
import { AUDIENCE, ISSUER } from '../../harness/tokens.ts'
import { startKeyServer } from './issuer.ts'
import { type PeerOptions, type PeerServer, scratch, served, startPinned } from './server.ts'

/**
 * heimdall with the least that can be compared: the token is verified (signature, issuer, audience, times) and one rule asks
 * whether the account is the caller's. No logs of requests, metrics or traces; its cache is on, as by default.
 */
export async function startHeimdall({ jwks, core }: PeerOptions): Promise<PeerServer> {
  const peer = peerPath('heimdall')
  if (peer === undefined) throw new Error('no heimdall: run `npm run tools -- --peers`')
  const ports = await freePorts('serve', 'management')
  const keys = await startKeyServer(jwks)
  const folder = scratch('heimdall')
  const file = (name: string, content: object) => {
    writeFileSync(join(folder.path, name), JSON.stringify(content)) // JSON is YAML
    return join(folder.path, name)
  }
  const config = file('heimdall.yaml', configOf(ports, keys.keysUrl, file('rules.yaml', RULES)))
  const args = ['serve', 'decision', '--envoy-grpc', '--insecure', '-c', config]
  return served(startPinned(core, peer.binary, args), ports.serve, () => {
    keys.stop()
    folder.remove()
  })
}

const configOf = (ports: { serve: number; management: number }, keysUrl: string, rules: string) => ({
  serve: { host: '127.0.0.1', port: ports.serve },
  management: { host: '127.0.0.1', port: ports.management },
  log: { level: 'error', access_log_enabled: false },
  metrics: { enabled: false },
  tracing: { enabled: false },
  mechanisms: {
    authenticators: [
      {
        id: 'token',
        type: 'jwt',
        config: {
          jwks_endpoint: { url: keysUrl },
          assertions: { issuers: [ISSUER], audience: [AUDIENCE], allowed_algorithms: ['ES256'] },
        },
      },
    ],
    authorizers: [
      {
        id: 'own-accounts',
        type: 'cel',
        config: {
          expressions: [{ expression: 'Request.URL.Captures.account in Subject.Attributes.accounts' }],
        },
      },
    ],
  },
  providers: { file_system: { src: rules } },
})

const RULES = {
  version: '1alpha4',
  name: 'bench',
  rules: [
    {
      id: 'read',
      match: { routes: [{ path: '/v1/accounts/:account/items' }], methods: ['GET'] },
      execute: [{ authenticator: 'token' }, { authorizer: 'own-accounts' }],
    },
  ],
}
