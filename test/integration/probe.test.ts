/** `vigil probe` against a real server over mutual TLS. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { certificateMaker } from '../check/certs.ts'
import { runProbe } from '../harness/probe.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-probe-'))
const certs = certificateMaker(dir)
const PROBE = 'spiffe://mesh/ns/vigil/sa/probe'
const SERVER = 'spiffe://mesh/ns/vigil/sa/vigil'
let vigil: VigilProcess

beforeAll(async () => {
  certs.ca('ca')
  certs.ca('strangers')
  certs.leaf('server', 'ca', `DNS:vigil.vigil-system.svc,IP:127.0.0.1,URI:${SERVER}`)
  certs.leaf('probe', 'ca', `URI:${PROBE}`)
  certs.leaf('other', 'ca', 'URI:spiffe://mesh/ns/shop/sa/shop')
  certs.leaf('stranger', 'strangers', `URI:${PROBE}`)
  vigil = await startVigil({
    // A rule that refuses everybody, and no action at all: the probe knows nothing of a configuration.
    config: { policy: [{ name: 'closed', when: 'true', effect: 'deny' }] },
    server: {
      callers: [PROBE],
      tls: {
        certFile: certs.at('server.crt'),
        keyFile: certs.at('server.key'),
        clientCaFile: certs.at('ca.crt'),
      },
    },
  })
}, 90_000)
afterAll(async () => {
  await vigil?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const as = (who: string) => ['--cert', certs.at(`${who}.crt`), '--key', certs.at(`${who}.key`)]
const CA = ['--ca', certs.at('ca.crt')]
const NAMED = ['--server-name', 'vigil.vigil-system.svc']
const ask = (...args: string[]) => runProbe(vigil.address, ...args)

describe('with a certificate of a listed caller', () => {
  test('Vigil answers as it must, by name', async () => {
    const { code, output } = await ask(...CA, ...as('probe'), ...NAMED)
    expect(output).toBe(`${vigil.address} (TLS with a client certificate)
  ok    allowed: passed, as it must (policy.action.vigil-probe)
  ok    denied: refused with 403, as it must be (policy.canary.refused)
Vigil answers as it must.
`)
    expect(code).toBe(0)
  }, 30_000)

  test('and by address, with --json', async () => {
    const { code, output } = await ask(...CA, ...as('probe'), '--json')
    expect(JSON.parse(output)).toMatchObject({ ok: true, tls: 'mutual' })
    expect(code).toBe(0)
  }, 30_000)

  test('and by SPIFFE ID', async () => {
    const { code, output } = await ask(...CA, ...as('probe'), '--server-name', SERVER)
    expect(output).toContain('Vigil answers as it must.')
    expect(code).toBe(0)
  }, 30_000)
})

describe('exit code 1, and what is wrong', () => {
  test.each<[string, () => string[], RegExp, RegExp]>([
    ['another caller', () => [...CA, ...as('other'), ...NAMED], /check\.caller\.refused/, /server\.callers/],
    ['no client certificate', () => [...CA, ...NAMED], /no answer/, /--cert/],
    ['a certificate of strangers', () => [...CA, ...as('stranger'), ...NAMED], /no answer/, /--cert/],
    [
      'another CA',
      () => ['--ca', certs.at('strangers.crt'), ...as('probe'), ...NAMED],
      /no answer/,
      /give its CA with --ca/,
    ],
    [
      'another name',
      () => [...CA, ...as('probe'), '--server-name', 'vigil.example.com'],
      /no answer/,
      /--server-name/,
    ],
    [
      'another SPIFFE ID',
      () => [...CA, ...as('probe'), '--server-name', `${SERVER}-2`],
      /no answer/,
      /--server-name/,
    ],
    ['plaintext', () => ['--plaintext'], /no answer/, /one side speaks TLS/],
    [
      'a key of another certificate',
      () => [...CA, '--cert', certs.at('probe.crt'), '--key', certs.at('other.key')],
      /no answer/,
      /Look at/,
    ],
  ])(
    '%s',
    async (_what, args, says, fix) => {
      const { code, output } = await ask(...args())
      expect(output).toMatch(says)
      expect(output).toMatch(fix)
      expect(output).not.toContain('PRIVATE')
      expect(code).toBe(1)
    },
    30_000,
  )
})
