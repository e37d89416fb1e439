import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { boundHeaders } from '../harness/live.ts'
import { makeSigner, type ProofSigner } from '../harness/proofs.ts'
import { AUDIENCE, issuerOf } from '../harness/tokens.ts'
import { startVigil, type VigilProcess, writeInstanceKey } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

const CONFIG = {
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  identity: { issuers: [issuerOf({ dpop: { nonce: 'off' } })] },
  actions: [
    { name: 'read', match: { paths: ['/v1/low'] }, sensitivity: 'low' },
    { name: 'pay', match: { paths: ['/v1/high'] }, sensitivity: 'high' },
  ],
  audit: { sinks: [] },
}

let folder: string
let instanceKeyFile: string
let signer: ProofSigner
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-restart-'))
  signer = await makeSigner('ES256')
  // The same keys after the restart: nothing but the lost memory may make the difference.
  instanceKeyFile = writeInstanceKey(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function withVigil(use: (vigil: VigilProcess) => Promise<void>): Promise<void> {
  const options = { config: CONFIG, fixed: { instanceKeyFile }, server: { deadlineMs: 10_000 } }
  const vigil = await startVigil(options)
  try {
    await use(vigil)
  } finally {
    await vigil.stop()
  }
}

let streams = 0
const ask = (vigil: VigilProcess, path: string, headers: Record<string, string>) =>
  vigil.ask({ path, headers, streamId: `stream-${++streams}` })

test('DPOP-16: a proof used before a restart of the memory store does not pass after it', async () => {
  const used = new Map<string, Record<string, string>>()
  await withVigil(async (vigil) => {
    for (const path of ['/v1/low', '/v1/high']) {
      // `iat` has whole seconds: in the first one a proof looks as if it were older than the process.
      await waitUntil('a proof that passes', 10_000, async () => {
        const headers = boundHeaders(signer, path)
        used.set(path, headers)
        return (await ask(vigil, path, headers)).isPass
      })
    }
  })
  await withVigil(async (vigil) => {
    const low = await ask(vigil, '/v1/low', used.get('/v1/low') ?? {})
    expect(low).toMatchObject({ status: 401, reasons: ['identity.dpop.nonce-required'] })
    const high = await ask(vigil, '/v1/high', used.get('/v1/high') ?? {})
    expect(high).toMatchObject({ status: 401, reasons: ['identity.dpop.nonce-required'] })
    const nonce = low.header('dpop-nonce')
    const fresh = boundHeaders(signer, '/v1/low', { nonce })
    expect((await ask(vigil, '/v1/low', fresh)).isPass).toBe(true)
    expect((await ask(vigil, '/v1/low', fresh)).reasons).toEqual(['identity.dpop.replayed'])
  })
}, 90_000)
