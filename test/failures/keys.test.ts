/** The row of the keys of issuers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openTestApp } from '../harness/app.ts'
import { freePort } from '../harness/ports.ts'
import { issuerOf, keys, mintAccessToken, NOW_MS } from '../harness/tokens.ts'
import { ALL, ask, atEnd, checkOf, expectUnavailable, row, settings } from './rows.ts'

row('the keys of an issuer were never loaded, or are too old', () => {
  /** A key set on disk, which is looked at again after a second. */
  function keyFile(): string {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-keys-'))
    atEnd(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'jwks.json')
    writeFileSync(file, JSON.stringify({ keys: [keys.es256.jwk] }))
    return file
  }

  test('never loaded: 503, whatever is at stake, and another issuer is not touched', async () => {
    const silent = { jwks: { uri: `http://127.0.0.1:${await freePort()}/jwks` } }
    const other = issuerOf({ issuer: 'https://other.example.com' })
    const raw = settings()
    const app = await openTestApp({ ...raw, identity: { issuers: [issuerOf(silent), other] } })
    for (const sensitivity of ALL) expectUnavailable(await ask(app, sensitivity), 'identity.keys.unavailable')
    const token = mintAccessToken({ claims: { iss: 'https://other.example.com' } })
    const { decision } = await app.decide(checkOf('low', { authorization: `Bearer ${token}` }))
    expect(decision).toMatchObject({ effect: 'allow' })
  })

  test('older than maxStaleSeconds: 503, whatever is at stake, also for a token in the cache', async () => {
    const file = keyFile()
    const app = await openTestApp(settings({}, { jwks: { file, maxStaleSeconds: 60 } }), { atMs: NOW_MS })
    expect((await ask(app, 'low')).decision).toMatchObject({ effect: 'allow' })
    rmSync(file)
    // Lost, but not for long enough.
    expect((await ask(app, 'low', { atMs: NOW_MS + 59_000 })).decision).toMatchObject({ effect: 'allow' })
    for (const sensitivity of ALL)
      expectUnavailable(await ask(app, sensitivity, { atMs: NOW_MS + 62_000 }), 'identity.keys.unavailable')
    writeFileSync(file, JSON.stringify({ keys: [keys.es256.jwk] }))
    // Back: the next try is due a few seconds after the last.
    await ask(app, 'low', { atMs: NOW_MS + 70_000 })
    expect((await ask(app, 'low', { atMs: NOW_MS + 80_000 })).decision).toMatchObject({ effect: 'allow' })
  })
})
