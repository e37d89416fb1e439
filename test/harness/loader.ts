import { loadSync } from '@grpc/proto-loader'
import { PROTO_ROOT } from '../../src/check/wire.ts'

/** Both messages by proto-loader: what the codec by hand is held against, and messages that Vigil would never write. */
const definition = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: [PROTO_ROOT],
  keepCase: true,
  longs: Number,
  bytes: Buffer,
})
const service = definition['envoy.service.auth.v3.Authorization']
if (service === undefined || !('Check' in service)) throw new Error('no Authorization service')
const check = service['Check']

export const decodeRequest = check.requestDeserialize as (bytes: Buffer) => object
export const encodeResponse = check.responseSerialize as (response: object) => Buffer
