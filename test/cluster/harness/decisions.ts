import { expect, test } from '@jest/globals'
import { type RawResponse, sendHttp1 } from '../../harness/http.ts'
import { boundHeaders, mintNow } from '../../harness/live.ts'
import { makeSigner } from '../../harness/proofs.ts'

/** What came back through an Envoy. */
export interface Got extends RawResponse {
  /** Headers that the application saw; none when it was not asked. */
  readonly seen: Record<string, string>
}

/** Asks through the Envoy that listens at this port, with the application of `startApp` behind it. */
export async function getThrough(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<Got> {
  const response = await sendHttp1({ port, path, headers: Object.entries(headers) })
  return { ...response, seen: response.status === 200 ? JSON.parse(response.body) : {} }
}

/** Headers of somebody who is known. */
export const known = () => ({ authorization: `Bearer ${mintNow()}` })

/**
 * Registers the tests of what holds behind every Envoy, whoever has configured it.
 * @param get asks for a path; `/v1/items` may be read, nothing else is named
 */
export function testDecisions(get: (path: string, headers?: Record<string, string>) => Promise<Got>): void {
  test('passes a known caller on, with the headers of who it is', async () => {
    const { status, seen } = await get('/v1/items', { ...known(), 'x-vigil-subject': 'mallory' })
    expect(status).toBe(200)
    expect(seen['x-vigil-issuer']).toBe('https://idp.example.com')
    expect(seen['x-vigil-subject']).toBeDefined()
    expect(seen['x-vigil-subject']).not.toContain('mallory')
  })

  test('gives a stranger the challenge of Vigil', async () => {
    const response = await get('/v1/items')
    expect(response.status).toBe(401)
    expect(response.value('www-authenticate')).toMatch(/Bearer|DPoP/)
  })

  test('passes a proof of possession on once, and never again', async () => {
    const signer = await makeSigner('ES256')
    // A memory that is younger than the proof cannot know it, and wants one with a nonce.
    const nonce = (await get('/v1/items', boundHeaders(signer, '/v1/items'))).value('dpop-nonce')
    const headers = boundHeaders(signer, '/v1/items', nonce === undefined ? {} : { nonce })
    expect((await get('/v1/items', headers)).status).toBe(200)
    const again = await get('/v1/items', headers)
    expect(again.status).toBe(401)
    expect(again.value('www-authenticate')).toMatch(/DPoP.*(invalid_dpop_proof|use_dpop_nonce)/)
  })

  test('denies what no action names', async () => {
    expect((await get('/other', known())).status).toBe(403)
  })
}
