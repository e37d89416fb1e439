/** Whose country and system a record tells: real Envoys in every way of finding the address, and a client that lies. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import type { AuditRecord } from '../../src/audit/record.ts'
import { bootstrapText, type Envoy, PATIENT_DEADLINE, startEnvoy } from '../harness/envoy.ts'
import { sendHttp1 } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { issuerOf, mintAccessToken } from '../harness/tokens.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

/** Of the packaged data: where the client is, and where it says that it is. */
const TRUE = '193.0.6.139'
const FORGED = '8.8.8.8'
const now = Math.floor(Date.now() / 1000)
const TOKEN = mintAccessToken({ claims: { iat: now - 10, exp: now + 600 } })

/** Name, whether that Envoy appends its peer, and how many trusted proxies stand in front of it. */
const WAYS = [
  ['direct', true, 0],
  ['behind a proxy', true, 1],
  ['inside, direct', false, 0],
  ['inside, behind a proxy', false, 1],
] as const
const APPENDS = ['use_remote_address: false', 'use_remote_address: true'] as const

describeWithEnvoy('the network of a client', DEFAULT_ENVOY, (binary) => {
  let folder: string
  let records: string
  let vigil: VigilProcess
  const envoys: Envoy[] = []
  const portOf = new Map<string, number>()

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-network-'))
    records = join(folder, 'records.jsonl')
    for (const [name] of WAYS) portOf.set(name, (await freePorts('PORT')).PORT)
    const config = {
      entrypoints: WAYS.map(([name, envoyAppends, trustedProxies]) => ({
        name: name.replaceAll(/[ ,]+/g, '-'),
        match: { port: portOf.get(name) },
        envoyAppends,
        trustedProxies,
      })),
      identity: { issuers: [issuerOf()] },
      actions: [{ name: 'read', match: { methods: ['GET'] }, sensitivity: 'low' }],
      // Nothing has to reach an application: the record tells all.
      policy: [{ name: 'closed', when: true, effect: 'deny' }],
      audit: { sinks: [{ kind: 'file', path: records }] },
    }
    vigil = await startVigil({ config, server: PATIENT_DEADLINE })
    for (const [name, appends] of WAYS) envoys.push(await envoyOf(portOf.get(name) ?? 0, appends))
  }, 90_000)

  afterAll(async () => {
    for (const envoy of envoys) await envoy.stop()
    await vigil?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function envoyOf(LISTENER_PORT: number, appends: boolean): Promise<Envoy> {
    const rest = await freePorts('ADMIN_PORT', 'APP_PORT')
    const ports = { ...rest, LISTENER_PORT, VIGIL_PORT: vigil.port }
    const text = bootstrapText(join(ROOT, 'envoy', 'sidecar.yaml'), ports)
    expect(text).toContain(APPENDS[0])
    const bootstrap = parse(appends ? text.replace(...APPENDS) : text) as object
    return startEnvoy({ bootstrap, binary, isPatient: true })
  }

  const lines = () => (existsSync(records) ? readFileSync(records, 'utf8').split('\n').slice(0, -1) : [])
  let before = 0
  beforeEach(() => {
    before = lines().length
  })

  /** What the record tells of a request with these lines of x-forwarded-for. */
  async function told(name: string, ...forwarded: string[]) {
    const headers = [
      ['authorization', `Bearer ${TOKEN}`],
      ...forwarded.map((value) => ['x-forwarded-for', value] as const),
      ['x-real-ip', FORGED],
      ['forwarded', `for=${FORGED}`],
      ['x-envoy-external-address', FORGED],
    ] as const
    expect((await sendHttp1({ port: portOf.get(name) ?? 0, headers })).status).toBe(403)
    await waitUntil('a record', 5000, async () => lines().length > before)
    const record = JSON.parse(lines().at(-1) ?? '') as AuditRecord
    expect(record.entrypoint).toBe(name.replaceAll(/[ ,]+/g, '-'))
    const { address, network } = record.facts ?? {}
    return {
      ip: address?.ip,
      isUntrusted: address?.isUntrusted,
      country: network?.country,
      asn: network?.asn,
    }
  }

  test('the data know both addresses', async () => {
    expect(await told('behind a proxy', FORGED)).toMatchObject({ country: 'US', asn: 15169 })
  })

  describe.each(['direct', 'inside, direct'])('%s: the peer is the client', (name) => {
    test.each([
      ['nothing is said', []],
      ['it forges one', [FORGED]],
      ['it forges many', [`${FORGED}, ${FORGED}`, FORGED]],
    ])('%s', async (_what, forwarded) => {
      const { ip, ...rest } = await told(name, ...forwarded)
      expect(ip).toBeDefined()
      expect(ip).not.toBe(FORGED)
      expect(rest).toMatchObject({ isUntrusted: false })
      expect(rest).not.toMatchObject({ asn: 15169 })
    })
  })

  describe.each(['behind a proxy', 'inside, behind a proxy'])('%s: the proxy says who', (name) => {
    const NL = { ip: TRUE, isUntrusted: false, country: 'NL', asn: 3333 }

    test.each([
      ['an honest client', [TRUE]],
      ['one that forged an address before', [`${FORGED}, ${TRUE}`]],
      ['one that forged many, in lines of their own', [FORGED, `${FORGED},,${FORGED}`, TRUE]],
      ['one that forged nonsense', [`${FORGED}, unknown, ${TRUE}`]],
    ])('%s', async (_what, forwarded) => {
      expect(await told(name, ...forwarded)).toEqual(NL)
    })

    test('a proxy that says nothing: nobody knows, and no network is told', async () => {
      const { ip, ...rest } = await told(name)
      expect(ip).not.toBe(FORGED)
      expect(rest).toEqual({ isUntrusted: true, country: undefined, asn: undefined })
    })
  })
})
