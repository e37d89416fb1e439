/** A real Prometheus scrapes a real Vigil that is in trouble: every panel shows something, and alerts see what is wrong. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { ALERTS_FILE } from '../chart/alerts.ts'
import { mintNow } from '../harness/live.ts'
import { type Prometheus, startPrometheus } from '../harness/prometheus.ts'
import { type RedisServer, startRedis } from '../harness/redis.ts'
import { ISSUER, issuerOf, keys } from '../harness/tokens.ts'
import { describeWithPrometheus, describeWithValkey } from '../harness/tools.ts'
import { startVigil, type VigilProcess, writeInstanceKey } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

/** A bug in a signal cannot be ordered. */
const NEVER = ['vigil_signal_errors_total']

let folder: string
let valkey: RedisServer
let vigil: VigilProcess
let prometheus: Prometheus

const file = (name: string) => join(folder, name)

const SETTINGS = {
  entrypoints: [{ name: 'gateway' }],
  actions: [
    { name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' },
    { name: 'plain', match: { paths: ['/v1/plain'] }, sensitivity: 'low' },
  ],
  policy: [
    {
      name: 'broken',
      when: 'action.name == "read" && 1 / (request.path.size() - 9) > 0',
      effect: 'deny',
      shadow: true,
    },
    { name: 'on-trial', when: 'action.name == "read"', effect: 'deny', shadow: true },
    { name: 'known-device', when: 'action.name == "read" && facts.device.id == "stolen"', effect: 'step-up' },
  ],
  enforcement: { hosts: { 'pilot.example.com': 'observe' } },
}

/** Everything that can be wanting, wants. */
function write(more: object = {}): void {
  const sinks = [
    { kind: 'file', name: 'kept', path: file('records.jsonl'), plainPercent: 0 },
    { kind: 'file', name: 'lost', path: file('no-such-folder/records.jsonl') },
  ]
  const issuer = issuerOf({ jwks: { file: 'keys.json' } })
  const settings = { ...SETTINGS, identity: { issuers: [issuer] }, audit: { sinks }, ...more }
  writeFileSync(file('next.yaml'), JSON.stringify(settings))
  renameSync(file('next.yaml'), file('vigil.yaml'))
}

/** One of each kind that is counted. */
async function ask(token: string): Promise<void> {
  const items = { path: '/v1/items', headers: { authorization: `Bearer ${token}` } }
  await vigil.ask(items)
  await vigil.ask({ ...items, headers: { ...items.headers, 'user-agent': 'curl/8.14.1' } })
  await vigil.ask({ path: '/v1/items', headers: { authorization: 'Bearer no.such.token' } })
  await vigil.ask({ path: '/v1/items', host: 'pilot.example.com' })
  await vigil.ask({ ...items, path: '/v1/plain' })
  // More at once than are let in.
  await Promise.all(Array.from({ length: 8 }, () => vigil.ask(items)))
}

/** Asks several times a second until it is done. */
async function keepAsking(seconds: number): Promise<void> {
  const token = mintNow()
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    await ask(token)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const panels = (
  JSON.parse(readFileSync(join(ROOT, 'charts/vigil/files/dashboard.json'), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[]
  }
).panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const))

const filledIn = (expr: string) =>
  expr
    .replaceAll('$__rate_interval', '20s')
    .replaceAll('$namespace', 'vigil')
    .replaceAll('$job', '.*')
    .replaceAll('$timeout', '0.2')

describeWithValkey('the store', (valkeyServer) => {
  describeWithPrometheus('Prometheus', (program) => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'vigil-watching-'))
      valkey = await startRedis({ server: valkeyServer, args: ['--maxmemory-policy', 'allkeys-lru'] })
      writeFileSync(file('keys.json'), JSON.stringify({ keys: [keys.es256.jwk] }))
      write()
      vigil = await startVigil({
        config: file('vigil.yaml'),
        server: { maxInFlight: 2 },
        fixed: {
          store: { kind: 'redis', redis: { host: '127.0.0.1', port: valkey.port } },
          instanceKeyFile: writeInstanceKey(folder),
          acknowledge: { observe: true },
        },
      })
      prometheus = await startPrometheus(program, `127.0.0.1:${vigil.probesPort}`, ALERTS_FILE)
      await keepAsking(4)
      write({ polices: [] })
      await keepAsking(3)
      await valkey.stop()
      await keepAsking(5)
    }, 120_000)
    afterAll(async () => {
      await prometheus?.stop()
      await vigil?.stop()
      await valkey?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    test.each(panels)('%s shows something: %s', async (_title, expr) => {
      const samples = await prometheus.query(filledIn(expr))
      const isNumber = samples.some(({ value }) => Number.isFinite(Number(value[1])))
      expect(isNumber).toBe(!NEVER.some((name) => expr.includes(name)))
    })

    test('rules are evaluated without an error, and what is wrong is at least pending', async () => {
      expect(await prometheus.ruleErrors()).toEqual([])
      const alerts = await prometheus.alerts()
      const states = Object.fromEntries(alerts.map(({ name, state }) => [name, state]))
      expect(states).toMatchObject({
        VigilReloadFailed: 'pending',
        VigilObserving: 'pending',
        VigilRuleErrors: 'firing',
        VigilRuleUnknown: 'pending',
        VigilStoreErrors: 'pending',
        VigilStoreDegraded: 'pending',
        VigilLearningDropped: 'pending',
        VigilAuditSinkLosing: 'pending',
        VigilAuditDropped: 'firing',
      })
      const quiet = [
        'VigilAbsent',
        'VigilConfigSkew',
        'VigilKeysUnavailable',
        'VigilSlow',
        'VigilSignalErrors',
      ]
      expect(quiet.filter((name) => name in states)).toEqual([])
    })

    test('keys that are gone are told', async () => {
      rmSync(file('keys.json'))
      const state = () => vigil.metric('vigil_keys_state', { issuer: ISSUER, use: 'access-token' })
      await waitUntil('the keys are behind', 20_000, async () => (await state()) === 1)
    }, 30_000)
  })
})
