import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { calculateThumbprint, generateKeyPair, generateProof } from 'dpop'
import { createProofVerifier } from '../../src/tokens/dpop.ts'
import { createNonces } from '../../src/tokens/nonce.ts'
import { readProofKey } from '../../src/tokens/proof-key.ts'
import { athOf } from '../harness/proofs.ts'
import { AT_MS, makeCheck, makeEntrypoint, makeToken } from '../harness/requests.ts'

const TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const JKT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
const HEADER =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19'
/** Sections 4.1, 5 (refresh) and 7.1; the first two are for a token endpoint and so carry no `ath`. */
const SECTION_4_1 = `${HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`
const SECTION_5 = `${HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA`
const SECTION_7_1 = `${HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`

const verifier = createProofVerifier(createNonces([Buffer.alloc(32, 1)], randomBytes))

const resource = {
  check: (atMs: number) =>
    makeCheck({ atMs, authority: 'resource.example.org', path: '/protectedresource', method: 'GET' }),
  entrypoint: makeEntrypoint({ externalOrigins: ['https://resource.example.org'] }),
  token: makeToken(TOKEN, { jkt: JKT }),
}

describe('RFC 9449 examples', () => {
  test('section 6.1 jkt of the example key', () => {
    const { jwk } = JSON.parse(Buffer.from(HEADER, 'base64url').toString()) as { jwk: unknown }
    expect(readProofKey(jwk, 'ES256')?.thumbprint).toBe(JKT)
  })

  test('section 7.1 ath of the example token', () => {
    expect(athOf(TOKEN)).toBe('fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo')
  })

  test.each([
    [1562262618, true],
    [1562262678, true],
    [1562262679, false],
    [1562262612, false],
  ])('section 7.1 proof at %d: %s', async (seconds, isAccepted) => {
    const result = await verifier.verify({
      ...resource,
      proof: SECTION_7_1,
      check: resource.check(seconds * 1000),
    })
    expect(result.ok).toBe(isAccepted)
  })

  test('section 7.1 with the signature of another example', async () => {
    const proof =
      SECTION_7_1.slice(0, SECTION_7_1.lastIndexOf('.')) + SECTION_5.slice(SECTION_5.lastIndexOf('.'))
    const result = await verifier.verify({ ...resource, proof, check: resource.check(1562262618_000) })
    expect(result).toMatchObject({ failure: 'identity.dpop.signature' })
  })

  test.each([
    ['4.1', SECTION_4_1, 1562262616],
    ['5', SECTION_5, 1562265296],
  ])('section %s: a proof for a token endpoint has no ath, so no resource takes it', async (_, proof, iat) => {
    const check = makeCheck({
      atMs: iat * 1000,
      authority: 'server.example.com',
      path: '/token',
      method: 'POST',
    })
    const entrypoint = makeEntrypoint({ externalOrigins: ['https://server.example.com'] })
    const result = await verifier.verify({ ...resource, proof, check, entrypoint })
    expect(result).toMatchObject({ failure: 'identity.dpop.claims' })
  })
})

describe('proofs of an independent client (npm dpop)', () => {
  test.each(['ES256', 'PS256', 'RS256', 'Ed25519'] as const)('%s with nonce', async (alg) => {
    const pair = await generateKeyPair(alg)
    const jkt = await calculateThumbprint(pair.publicKey)
    const nonce = verifier.nonce(jkt, AT_MS)
    const proof = await generateProof(pair, 'https://api.example.com/v1/users/~bob?x=1', 'GET', nonce, TOKEN)
    const token = makeToken(TOKEN, { jkt }, { dpop: { algorithms: [alg], nonce: 'required' } })
    const result = await verifier.verify({ proof, check: makeCheck(), entrypoint: makeEntrypoint(), token })
    expect(result).toMatchObject({ ok: true, value: { nonceAgeMs: 0 } })
  })
})
