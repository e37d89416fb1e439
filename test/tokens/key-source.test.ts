import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { issuerSettings } from '../../src/config/schema/identity.ts'
import type { Algorithm } from '../../src/lib/algorithms.ts'
import { type Labels, silentLog, silentMeter } from '../../src/ports.ts'
import { MAX_DOCUMENT_BYTES } from '../../src/tokens/key-fetch.ts'
import { createKeyRing } from '../../src/tokens/key-source.ts'
import { ISSUER, issuerOf, keys, type Members, manualClock, type SigningKey } from '../harness/tokens.ts'

const root = mkdtempSync(join(tmpdir(), 'vigil-keys-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A folder laid out like a ConfigMap mount, with one key set in each generation. */
function mount(): { folder: string; swap(key: SigningKey): string } {
  const folder = mkdtempSync(join(root, 'mount-'))
  let generation = 0
  const swap = (key: SigningKey) => {
    const name = `..generation-${++generation}`
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'keys.json'), JSON.stringify({ keys: [key.jwk] }))
    symlinkSync(name, join(folder, '..next'))
    renameSync(join(folder, '..next'), join(folder, '..data'))
    return join(folder, name)
  }
  symlinkSync(join('..data', 'keys.json'), join(folder, 'keys.json'))
  return { folder, swap }
}

function open(baseDir: string, file: string, folder?: string) {
  const clock = manualClock()
  const settings = issuerSettings.parse(issuerOf({ jwks: { file } }))
  const results: unknown[] = []
  const deps = {
    clock,
    meter: {
      ...silentMeter,
      add: (_: string, __: number, labels?: Labels) => void results.push(labels?.['result']),
    },
    log: silentLog,
    baseDir,
    ...(folder === undefined ? {} : { folder }),
  }
  const ring = createKeyRing(settings, new Set<Algorithm>(['ES256', 'Ed25519']), deps, [])
  if (!ring.ok) throw new Error(ring.problems.map(({ message }) => message).join())
  const kids = () => [...ring.value.keys].map(({ kid }) => kid)
  return { ring: ring.value, clock, kids, results }
}

test('JWT-16 a key file is first read from the generation of its configuration, then from the one that stands', async () => {
  const { folder, swap } = mount()
  const first = swap(keys.es256)
  swap(keys.ed25519)
  const { ring, clock, kids } = open(folder, 'keys.json', first)
  expect(kids()).toEqual(['es256'])
  clock.advance(2)
  expect(await ring.becomeUsable()).toBe(true)
  expect(kids()).toEqual(['ed25519'])
})

test('a key file that is no part of the generation is read where it stands', () => {
  const { folder, swap } = mount()
  const generation = swap(keys.es256)
  const elsewhere = mkdtempSync(join(root, 'elsewhere-'))
  writeFileSync(join(folder, 'beside.json'), JSON.stringify({ keys: [keys.ed25519.jwk] }))
  writeFileSync(join(elsewhere, 'keys.json'), JSON.stringify({ keys: [keys.ed25519.jwk] }))
  expect(open(folder, 'beside.json', generation).kids()).toEqual(['ed25519'])
  expect(open(folder, join(elsewhere, 'keys.json'), generation).kids()).toEqual(['ed25519'])
  // Above the generation there is another folder than above the mount.
  writeFileSync(join(root, 'above.json'), JSON.stringify({ keys: [keys.es256.jwk] }))
  writeFileSync(join(folder, 'above.json'), JSON.stringify({ keys: [keys.ed25519.jwk] }))
  expect(open(folder, '../above.json', generation).kids()).toEqual(['es256'])
})

test('JWT-16 a key file that is written anew in place is read again, as its time tells; an untouched one is not', async () => {
  const folder = mkdtempSync(join(root, 'in-place-'))
  const path = join(folder, 'keys.json')
  const write = (key: SigningKey, seconds: number) => {
    writeFileSync(path, JSON.stringify({ keys: [key.jwk] }).padEnd(1000))
    utimesSync(path, seconds, seconds)
  }
  write(keys.es256, 1000)
  const { ring, clock, kids, results } = open(folder, 'keys.json')
  clock.advance(1.001)
  expect(await ring.becomeUsable()).toBe(true)
  write(keys.ed25519, 2000)
  clock.advance(1.001)
  expect(await ring.becomeUsable()).toBe(true)
  clock.advance(1.001)
  expect(await ring.becomeUsable()).toBe(true)
  expect(results).toEqual(['unchanged', 'loaded', 'unchanged'])
  expect(kids()).toEqual(['ed25519'])
})

test('JWT-16 a key file of just the size that is allowed is read, one that grows beyond it is not', async () => {
  const folder = mkdtempSync(join(root, 'large-'))
  const path = join(folder, 'keys.json')
  const text = JSON.stringify({ keys: [keys.es256.jwk] })
  writeFileSync(path, text.padEnd(MAX_DOCUMENT_BYTES))
  const { ring, clock, kids } = open(folder, 'keys.json')
  writeFileSync(path, text.padEnd(MAX_DOCUMENT_BYTES + 1))
  clock.advance(1.001)
  await ring.becomeUsable()
  expect(ring.state()).toMatchObject({ state: 'stale', lastFailure: 'the file is larger than 524288 bytes' })
  expect(kids()).toEqual(['es256'])
})

test('a key that fits no algorithm of its issuer is told with its place, in a file or not', () => {
  const folder = mkdtempSync(join(root, 'of-no-use-'))
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: [keys.es256.jwk, keys.ed25519.jwk] }))
  const made = (jwks: Members, ...algorithms: Algorithm[]) => {
    const settings = issuerSettings.parse(issuerOf({ jwks }))
    const deps = { clock: manualClock(), meter: silentMeter, log: silentLog, baseDir: folder }
    return createKeyRing(settings, new Set(algorithms), deps, ['here'])
  }
  const message = 'no key here can be used with ES384, PS256'
  const file = { ok: false, problems: [{ path: ['here', 'file'], message }] }
  expect(made({ file: 'keys.json' }, 'ES384', 'PS256')).toEqual(file)
  // An RSA key that names no algorithm may turn out to be of use.
  const { alg: _, ...open } = keys.rs256.jwk
  expect(made({ inline: { keys: [open] } }, 'RS256', 'PS256').ok).toBe(true)
  // Nobody has said what the keys are for: then for signatures.
  const inline = { inline: { keys: [{ ...keys.es256.jwk, use: 'enc' }] } }
  expect(made(inline, 'ES256')).toMatchObject({ problems: [{ path: ['here', 'inline', 'keys'] }] })
})

test('JWT-16 keys are discovered where no address is written, and asked for no more often than the cooldown lets', async () => {
  const clock = manualClock()
  const asked: string[] = []
  const fetch = async (url: unknown) => {
    asked.push(String(url))
    const metadata = { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` }
    return Response.json(String(url) === metadata.jwks_uri ? { keys: [keys.es256.jwk] } : metadata)
  }
  const jwks = { discovery: true, cooldownSeconds: 30 }
  const deps = {
    clock,
    meter: silentMeter,
    log: silentLog,
    baseDir: root,
    fetch: fetch as typeof globalThis.fetch,
  }
  const ring = createKeyRing(
    issuerSettings.parse(issuerOf({ jwks })),
    new Set<Algorithm>(['ES256']),
    deps,
    [],
  )
  if (!ring.ok) throw new Error('not compiled')
  expect(await ring.value.becomeUsable()).toBe(true)
  expect(asked).toEqual([`${ISSUER}/.well-known/oauth-authorization-server`, `${ISSUER}/keys`])
  expect(await ring.value.lookAgain()).toBe(true)
  clock.advance(29.999)
  expect(await ring.value.lookAgain()).toBe(false)
  clock.advance(0.001)
  expect(await ring.value.lookAgain()).toBe(true)
  expect(asked).toHaveLength(6)
})
