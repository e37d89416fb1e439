import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials, type ServerDuplexStream, type ServiceDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { makeCa, makeLeaf, type Pair } from '../../../scripts/certs/make.ts'

/**
 * Stands in for the agent beside each Envoy of Istio, which gives it its certificate and the mesh's CA by SDS. Nobody
 * signs here on demand: certificates are made before, with the names that Istio gives.
 */

/** PEM texts. */
export interface Identity {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

export interface Authority {
  /** A certificate for `ns/NAMESPACE/sa/ACCOUNT` of the trust domain cluster.local. */
  identity(namespace: string, account: string, usage: 'serverAuth' | 'clientAuth'): Identity
  remove(): void
}

export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-mesh-ca-'))
  const ca = makeCa(folder)
  const read = (pair: Pair): Identity => ({
    cert: readFileSync(pair.cert, 'utf8'),
    key: readFileSync(pair.key, 'utf8'),
    ca: readFileSync(ca.cert, 'utf8'),
  })
  return {
    identity: (namespace, account, usage) => {
      const names = [`URI:spiffe://cluster.local/ns/${namespace}/sa/${account}`]
      return read(makeLeaf(folder, ca, { stem: `${namespace}-${account}`, names, usage }))
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const field = (type: string, id: number) => ({ type, id })
const many = (type: string, id: number) => ({ rule: 'repeated' as const, ...field(type, id) })
const TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret'

/** What is used of envoy.service.secret.v3; a `google.protobuf.Any` with a message inside is the same on the wire. */
const definition = fromJSON(
  {
    nested: {
      'envoy.service.secret.v3': {
        nested: {
          SecretDiscoveryService: {
            methods: {
              StreamSecrets: {
                ...{ requestType: 'Request', responseType: 'Response', comment: '' },
                ...{ requestStream: true, responseStream: true },
              },
            },
          },
          Request: { fields: { resource_names: many('string', 3), response_nonce: field('string', 5) } },
          Response: {
            fields: {
              ...{ version_info: field('string', 1), resources: many('Resource', 2) },
              ...{ type_url: field('string', 4), nonce: field('string', 5) },
            },
          },
          Resource: { fields: { type_url: field('string', 1), value: field('Secret', 2) } },
          Secret: {
            fields: {
              ...{ name: field('string', 1), tls_certificate: field('Certificate', 2) },
              ...{ validation_context: field('Validation', 4) },
            },
          },
          Certificate: { fields: { certificate_chain: field('Text', 1), private_key: field('Text', 2) } },
          Validation: { fields: { trusted_ca: field('Text', 1) } },
          Text: { fields: { inline_string: field('string', 3) } },
        },
      },
    },
  },
  { keepCase: true },
)

interface Asked {
  readonly resource_names?: readonly string[]
  readonly response_nonce?: string
}

/** Gives one Envoy who it is. */
export interface Agent {
  readonly port: number
  stop(): Promise<void>
}

export async function startAgent({ cert, key, ca }: Identity): Promise<Agent> {
  const text = (inline_string: string) => ({ inline_string })
  const secrets: Record<string, object> = {
    default: { tls_certificate: { certificate_chain: text(cert), private_key: text(key) } },
    ROOTCA: { validation_context: { trusted_ca: text(ca) } },
  }
  const StreamSecrets = (stream: ServerDuplexStream<Asked, object>) => {
    stream.on('error', () => undefined) // Envoy may hang up at any time
    stream.on('end', () => stream.end())
    stream.on('data', ({ resource_names = [], response_nonce }: Asked) => {
      if (response_nonce) return // it has taken, or refused, what it was given
      const resources = resource_names.map((name) => ({ type_url: TYPE, value: { name, ...secrets[name] } }))
      stream.write({ version_info: '1', nonce: '1', type_url: TYPE, resources })
    })
  }
  const server = new Server()
  server.addService(definition['envoy.service.secret.v3.SecretDiscoveryService'] as ServiceDefinition, {
    StreamSecrets,
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return { port, stop: async () => server.forceShutdown() }
}
