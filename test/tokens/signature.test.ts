import { createPublicKey } from 'node:crypto'
import { expect, test } from '@jest/globals'
import type { Algorithm } from '../../src/lib/algorithms.ts'
import type { VerificationKey } from '../../src/tokens/jwk.ts'
import type { KeyRing } from '../../src/tokens/key-ring.ts'
import { verifySignature } from '../../src/tokens/signature.ts'
import { parseCompact } from '../../src/tokens/strict.ts'
import { makeSigner } from '../harness/proofs.ts'
import { keys, mintAccessToken } from '../harness/tokens.ts'

const signer = await makeSigner('ES256')

function partsOf(token: string) {
  const parsed = parseCompact(token)
  if (!parsed.ok) throw new Error(parsed.failure)
  return parsed.value
}

/** A ring whose issuer is asked by nobody who need not; `asked` counts. */
function ringOf(kid: string) {
  const key: VerificationKey = {
    kid,
    thumbprint: signer.jkt,
    object: createPublicKey(signer.privateKey),
    algorithm: 'ES256',
  }
  const asked = { times: 0 }
  const ring = {
    keys: new Set([key]),
    becomeUsable: async () => true,
    lookAgain: async () => {
      asked.times += 1
      return false
    },
  }
  return { ring: ring as unknown as KeyRing, asked }
}

test.each<[string, string, Algorithm, number, string]>([
  ['a key of another name', 'other', 'ES256', 1, 'identity.token.unknown-key'],
  ['its key, with another algorithm', 'known', 'ES384', 0, 'identity.token.algorithm'],
  ['its key', 'known', 'ES256', 0, 'identity.token.signature'],
])('JWT-16 the issuer is asked again only for an unknown key: %s', async (_, kid, algorithm, times, failure) => {
  const { ring, asked } = ringOf('known')
  const jws = partsOf(mintAccessToken({ key: keys.es256 }))
  expect(await verifySignature(jws, { kid, algorithm } as never, ring)).toMatchObject({
    ok: false,
    failure,
  })
  expect(asked.times).toBe(times)
})

test('JWT-04 a signature that cannot be checked is a bad one', async () => {
  const { ring } = ringOf('known')
  for (const key of ring.keys) Object.defineProperty(key, 'object', { value: undefined })
  const jws = partsOf(mintAccessToken({ key: keys.es256 }))
  expect(await verifySignature(jws, { kid: 'known', algorithm: 'ES256' }, ring)).toEqual({
    ok: false,
    failure: 'identity.token.signature',
    detail: 'it could not be checked with the key of the issuer',
  })
})
