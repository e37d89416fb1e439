/** The demo's device management signs what docs/posture.md asks for. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { calculateThumbprint } from 'dpop'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { newKey } from '../../envoy/demo/credentials.ts'
import { type DeviceManagement, startDeviceManagement } from '../../envoy/demo/device-management.ts'
import { type Issuer, startIssuer } from '../../envoy/demo/issuer.ts'
import { API } from '../../envoy/demo/people.ts'
import { freePort } from '../harness/ports.ts'

let issuer: Issuer
let devices: DeviceManagement
beforeAll(async () => {
  issuer = await startIssuer(await freePort())
  devices = await startDeviceManagement(issuer)
})
afterAll(() => issuer.stop())

test.each([true, false])('a posture token names device, key and state (managed: %s)', async (isManaged) => {
  const key = await newKey()
  const token = await devices.vouch('laptop-1', key, isManaged)
  const keys = createRemoteJWKSet(new URL(`${issuer.url}/devices/jwks`))
  const wanted = { issuer: `${issuer.url}/devices`, audience: API, typ: 'device-posture+jwt' }
  const { payload } = await jwtVerify(token, keys, wanted)
  expect(payload).toMatchObject({
    sub: 'laptop-1',
    cnf: { jkt: await calculateThumbprint(key.publicKey) },
    posture: { managed: isManaged },
  })
  expect(Number(payload.exp) - Number(payload.iat)).toBeLessThanOrEqual(600)
})

test('only the public half of its key is published', async () => {
  const response = await fetch(`${issuer.url}/devices/jwks`)
  const { keys } = (await response.json()) as { keys: object[] }
  expect(response.headers.get('content-type')).toBe('application/jwk-set+json')
  expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']])
})
