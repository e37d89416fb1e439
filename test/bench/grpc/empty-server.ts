import { loadPackageDefinition, Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { PROTO_ROOT } from '../../../src/check/wire.ts'
import { reportUsage } from './usage.ts'

/** The line that everything is measured against: grpc-js and proto-loader, a handler that only says OK. */
const definition = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: [PROTO_ROOT],
  keepCase: true,
  longs: Number,
})
const grpc = loadPackageDefinition(definition) as unknown as {
  envoy: { service: { auth: { v3: { Authorization: { service: ServiceDefinition } } } } }
}
const server = new Server()
server.addService(grpc.envoy.service.auth.v3.Authorization.service, {
  Check: (_call: unknown, callback: (error: null, response: object) => void) =>
    callback(null, { status: { code: 0 }, ok_response: {} }),
})
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error
  process.send?.({ value: `127.0.0.1:${port}` })
})
reportUsage()
