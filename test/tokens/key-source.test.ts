import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { issuerSettings } from '../../src/config/schema/identity.ts'
import type { Algorithm } from '../../src/lib/algorithms.ts'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { createKeyRing } from '../../src/tokens/key-source.ts'
import { issuerOf, keys, manualClock, type SigningKey } from '../harness/tokens.ts'

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
  const deps = {
    clock,
    meter: silentMeter,
    log: silentLog,
    baseDir,
    ...(folder === undefined ? {} : { folder }),
  }
  const ring = createKeyRing(settings, new Set<Algorithm>(['ES256', 'Ed25519']), deps, [])
  if (!ring.ok) throw new Error(ring.problems.map(({ message }) => message).join())
  const kids = () => [...ring.value.keys].map(({ kid }) => kid)
  return { ring: ring.value, clock, kids }
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
  writeFileSync(join(folder, 'x.json'), JSON.stringify({ keys: [keys.es256.jwk] }))
  mkdirSync(join(folder, 'sub'))
  expect(open(join(folder, 'sub'), '../x.json', join(folder, 'sub')).kids()).toEqual(['es256'])
})
