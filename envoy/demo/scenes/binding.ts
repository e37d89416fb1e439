import { logIn, newKey, proofFor } from '../credentials.ts'
import type { Act } from '../scene.ts'
import type { World } from '../world.ts'
import { passage, refusal } from './played.ts'

const READ = { path: '/v1/accounts' } as const

/** alice's token, bound to a key that only her app holds. */
async function boundToken({ issuer }: World) {
  return logIn(issuer.url, { user: 'alice', key: await newKey() })
}

/** alice's token, bound to her client certificate. */
function certificateToken({ issuer, files }: World) {
  return logIn(issuer.url, { user: 'alice', certificate: files.pem('alice.crt') })
}

export const bindingAct: Act = {
  title: 'Is the token in the hands of its owner?',
  scenes: [
    {
      name: 'A good DPoP proof',
      request: 'a token bound to alice’s key, with a proof signed by that key',
      expected: '200',
      play: async (world) => {
        const credential = await boundToken(world)
        return passage(
          await world.client.send({ ...READ, credential }),
          'who copies the token alone has nothing',
        )
      },
    },
    {
      name: 'No proof',
      request: 'the same kind of token, without a proof',
      expected: '401 invalid_dpop_proof',
      play: async (world) => {
        const credential = await boundToken(world)
        const told = await world.client.send({ ...READ, credential, proof: 'none' })
        return refusal(told, { status: 401, error: 'invalid_dpop_proof', reason: 'identity.dpop.missing' })
      },
    },
    {
      name: 'A replayed proof',
      request: 'a captured request, token and proof, sent a second time',
      expected: '200 for alice, 401 invalid_dpop_proof for the copy',
      play: async (world) => {
        const credential = await boundToken(world)
        const proof = await proofFor(credential, { method: 'GET', url: world.client.url(READ) })
        const first = await world.client.send({ ...READ, credential, proof })
        const second = await world.client.send({ ...READ, credential, proof })
        const wanted = { status: 401, error: 'invalid_dpop_proof', reason: 'identity.dpop.replayed' }
        const played = await refusal(second, wanted)
        return {
          ...played,
          got: `first ${first.status}, then ${played.got}`,
          isAsExpected: played.isAsExpected && first.status === 200,
        }
      },
    },
    {
      name: 'A proof with another key',
      request: 'alice’s token, with a proof that mallory signed with a key of his own',
      expected: '401 invalid_token',
      play: async (world) => {
        const credential = await boundToken(world)
        const thief = { ...credential, key: await newKey() }
        const told = await world.client.send({ ...READ, credential: thief })
        return refusal(told, { status: 401, error: 'invalid_token', reason: 'identity.dpop.key-binding' })
      },
    },
    {
      name: 'The right certificate',
      request: 'a token bound to alice’s client certificate, over TLS with that certificate',
      expected: '200',
      play: async (world) => {
        const credential = await certificateToken(world)
        return passage(
          await world.client.send({ ...READ, credential, certificate: 'alice' }),
          'bound by mTLS',
        )
      },
    },
    {
      name: 'Another certificate',
      request: 'the same token, over TLS with mallory’s certificate, which is as valid',
      expected: '401 invalid_token',
      play: async (world) => {
        const credential = await certificateToken(world)
        const told = await world.client.send({ ...READ, credential, certificate: 'mallory' })
        return refusal(told, { status: 401, error: 'invalid_token', reason: 'identity.mtls.mismatch' })
      },
    },
  ],
}
