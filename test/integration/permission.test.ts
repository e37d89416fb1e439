/** `vigil serve` under Node's own permissions (docs/image.md): it may read its code and its settings, write its records, and no more. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { type CheckClient, openCheckClient } from '../harness/check-client.ts'
import { type ConfigMap, mountConfigMap } from '../harness/config-map.ts'
import { mintNow } from '../harness/live.ts'
import { freePorts } from '../harness/ports.ts'
import { type Running, start } from '../harness/process.ts'
import { issuerOf } from '../harness/tokens.ts'
import { waitUntil } from '../harness/wait.ts'

/** What an image holds as /app. */
const CODE = ['src', 'bin', 'node_modules', 'package.json', 'envoy/protos'].map((path) => join(ROOT, path))

const settings = (effect: 'allow' | 'deny', members: object = {}) =>
  JSON.stringify({
    identity: { issuers: [issuerOf()] },
    actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
    policy: [{ name: 'one', when: 'true', effect }],
    ...members,
  })

let folder: string
let mounted: ConfigMap
let vigil: Running
let client: CheckClient
let records: string
let probes: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-permission-'))
  records = join(folder, 'records')
  mkdirSync(records)
  const audit = { audit: { sinks: [{ kind: 'file', path: join(records, 'records.jsonl') }] } }
  mounted = mountConfigMap(settings('allow', audit))
  const { CHECKS, PROBES } = await freePorts('CHECKS', 'PROBES')
  probes = Number(PROBES)
  const fixed = join(dirname(mounted.file), 'static.yaml')
  writeFileSync(
    fixed,
    JSON.stringify({
      server: { listen: [`127.0.0.1:${CHECKS}`], drainDelaySeconds: 0 },
      probes: { listen: `127.0.0.1:${PROBES}` },
    }),
  )
  const reads = [...CODE, dirname(mounted.file), records].map((path) => `--allow-fs-read=${path}`)
  const permissions = ['--permission', ...reads, `--allow-fs-write=${records}`, '--allow-net']
  vigil = start(process.execPath, ['src/main.ts', 'serve', '--static', fixed, '--config', mounted.file], {
    cwd: ROOT,
    env: { NODE_OPTIONS: permissions.join(' ') },
  })
  client = openCheckClient(`127.0.0.1:${CHECKS}`)
  await vigil.waitForLine(/"vigil serves"/, 60_000)
}, 90_000)

afterAll(async () => {
  client?.close()
  await vigil?.stop()
  mounted?.remove()
  rmSync(folder, { recursive: true, force: true })
})

const ask = () => client.ask({ path: '/v1/items', headers: { authorization: `Bearer ${mintNow()}` } })

describe('with permissions for its code, its settings, its records and the network', () => {
  test('it decides and records', async () => {
    expect(await ask()).toMatchObject({ isPass: true })
    await waitUntil('the record', 10_000, () =>
      readFileSync(join(records, 'records.jsonl'), 'utf8').includes('"read"'),
    )
  })

  test('it takes a change of its settings', async () => {
    mounted.swap(settings('deny'))
    await waitUntil('the new rule', 20_000, async () => (await ask()).isPass === false)
  })

  test('it reads nothing else: a key file elsewhere is a refused change', async () => {
    const file = join(folder, 'keys.json')
    writeFileSync(file, '{"keys":[]}')
    mounted.swap(settings('allow', { identity: { issuers: [{ ...issuerOf(), jwks: { file } }] } }))
    await vigil.waitForLine(/jwks\.file: it cannot be read \(ERR_ACCESS_DENIED\)/, 20_000)
    expect(await ask()).toMatchObject({ isPass: false })
  })

  test('it tells its metrics, and ends as it always does', async () => {
    const metrics = await fetch(`http://127.0.0.1:${probes}/metrics`)
    expect(await metrics.text()).toContain('vigil_checks_total')
    vigil.kill('SIGTERM')
    expect(await vigil.ended).toBe(0)
  })
})
