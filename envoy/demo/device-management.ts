import { calculateThumbprint, type KeyPair } from 'dpop'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Issuer } from './issuer.ts'
import { API } from './people.ts'

/** What knows the company's laptops: it vouches for their state in signed tokens (docs/posture.md). */
export interface DeviceManagement {
  /** A posture token for a device that holds this key. */
  vouch(device: string, key: KeyPair, isManaged: boolean): Promise<string>
}

const LIFETIME = '5m'

/** Signs with a key of its own, which it publishes beside the authorization server. */
export async function startDeviceManagement(server: Issuer): Promise<DeviceManagement> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'devices-1', alg: 'ES256', use: 'sig' }
  server.page('/devices/jwks', async () => JSON.stringify({ keys: [key] }), 'application/jwk-set+json')
  return {
    vouch: async (device, { publicKey: held }, isManaged) =>
      new SignJWT({ cnf: { jkt: await calculateThumbprint(held) }, posture: { managed: isManaged } })
        .setProtectedHeader({ alg: 'ES256', typ: 'device-posture+jwt', kid: key.kid })
        .setIssuer(`${server.url}/devices`)
        .setAudience(API)
        .setSubject(device)
        .setIssuedAt()
        .setExpirationTime(LIFETIME)
        .sign(privateKey),
  }
}
