import { readFileSync } from 'node:fs'
import { peerPath } from '../../../scripts/tools/locate.ts'
import { parseObjects } from '../../chart/harness/helm.ts'
import { startControlPlane } from '../../cluster/harness/control-plane.ts'
import { freePort } from '../../harness/ports.ts'
import { waitUntil } from '../../harness/wait.ts'
import { startKeyServer } from './issuer.ts'
import { type PeerOptions, type PeerServer, served, startPinned } from './server.ts'

/**
 * Authorino with the least that can be compared: the token is verified (signature and times; of the issuer only the key) and
 * one rule asks whether the account is the caller's. It reads its configuration from an API server, which is stopped again
 * before anything is measured: then Authorino has the machine as to itself, and serves on.
 */
export async function startAuthorino({ jwks, core }: PeerOptions): Promise<PeerServer> {
  const peer = peerPath('authorino')
  const crd = peer?.files['authorino.kuadrant.io_authconfigs.yaml']
  if (peer === undefined || crd === undefined) throw new Error('no authorino: run `npm run tools -- --peers`')
  const keys = await startKeyServer(jwks)
  const plane = await startControlPlane([], false)
  try {
    for (const object of parseObjects(readFileSync(crd, 'utf8'))) await plane.api.apply(object)
    await applied(plane.api, authConfig(keys.issuerUrl))
    const port = await freePort()
    const running = startPinned(core, peer.binary, ['server', ...flagsOf(port)], {
      KUBECONFIG: plane.kubeconfig,
    })
    const server = await served(running, port, keys.stop)
    await running.waitForLine(/"resource reconciled"/, 30_000)
    return server
  } finally {
    await plane.stop()
  }
}

/** Nothing but gRPC; it listens on all addresses, which no flag changes. */
const flagsOf = (port: number): string[] => [
  ...['--ext-auth-grpc-port', String(port), '--ext-auth-http-port', '0', '--oidc-http-port', '0'],
  ...['--metrics-addr', '0', '--health-probe-addr', '0', '--pprof-bind-address', '0'],
]

const authConfig = (issuerUrl: string) => ({
  apiVersion: 'authorino.kuadrant.io/v1beta3',
  kind: 'AuthConfig',
  metadata: { name: 'bench', namespace: 'default' },
  spec: {
    hosts: ['api.example.com'],
    // Its `jwksUrl` takes RS256 alone.
    authentication: { token: { jwt: { issuerUrl } } },
    authorization: {
      'own-accounts': {
        patternMatching: {
          patterns: [{ predicate: "request.path.split('/')[3] in auth.identity.accounts" }],
        },
      },
    },
  },
})

/** A kind that has only just been defined is refused for a moment. */
async function applied(api: { apply(object: object): Promise<void> }, object: object): Promise<void> {
  await waitUntil('the AuthConfig', 30_000, async () => {
    try {
      await api.apply(object)
      return true
    } catch (error) {
      if (/: 404 /.test(String(error))) return false
      throw error
    }
  })
}
