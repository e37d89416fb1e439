/** Configuration swapped under load: each answer belongs to one generation, and none to a bad one. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import type { AuditRecord } from '../../src/audit/record.ts'
import type { Told } from '../harness/check-client.ts'
import { type ConfigMap, mountConfigMap } from '../harness/config-map.ts'
import { mintNow } from '../harness/live.ts'
import { type RedisServer, startRedis } from '../harness/redis.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithValkey } from '../harness/tools.ts'
import { startVigil, type VigilProcess, writeInstanceKey } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

const ASKERS = 8
const PACED = 30
const LAST = PACED + 60
const isBad = (n: number) => n % 3 === 2

let folder: string
let valkey: RedisServer
let mounted: ConfigMap
let vigil: VigilProcess

/** Everything that has a name carries the generation's number, each in a part of the snapshot that another stage uses. */
function settingsOf(n: number): Record<string, unknown> {
  return {
    entrypoints: [{ name: `edge-${n}` }],
    identity: { issuers: [issuerOf()] },
    actions: [{ name: `read-${n}`, match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
    policy: [{ name: `rule-${n}`, when: `action.name == "read-${n}"`, effect: 'step-up' }],
    enforcement: { realm: `realm-${n}` },
    audit: { sinks: [{ kind: 'file', path: join(folder, 'records.jsonl') }] },
  }
}

/** Three ways to be wrong: no YAML, an unknown key, a condition that does not compile. */
function textOf(n: number): string {
  const good = settingsOf(n)
  if (!isBad(n)) return stringify(good)
  const wrong = [
    `${stringify(good)}\n  - ]`,
    stringify({ ...good, polices: [] }),
    stringify({ ...good, policy: [{ name: `rule-${n}`, when: 'request.pth == ""', effect: 'allow' }] }),
  ]
  return wrong[Math.floor(n / 3) % wrong.length] ?? ''
}

interface Answered {
  readonly told: Told
  /** The newest generation that was surely in force before the question. */
  readonly atLeast: number
}

/** Asks without pause, several at a time, until told to stop; rejects with the first gRPC error. */
function keepAsking(inForce: () => number): { stop(): Promise<Answered[]> } {
  const headers = { authorization: `Bearer ${mintNow()}` }
  const answers: Answered[] = []
  let isDone = false
  const ask = async () => {
    while (!isDone) {
      const atLeast = inForce()
      answers.push({ told: await vigil.ask({ headers }), atLeast })
    }
  }
  const askers = Promise.all(Array.from({ length: ASKERS }, ask))
  askers.catch(() => undefined)
  return {
    stop: async () => {
      isDone = true
      await askers
      return answers
    },
  }
}

/** The one generation that an answer speaks of; throws when it speaks of two. */
function generationOf({ status, rule, header, response }: Told): number {
  const challenge = header('www-authenticate')
  const realm = /realm="realm-(\d+)"/.exec(challenge ?? '')?.[1]
  if (status !== 401 || realm === undefined || rule !== `rule-${realm}`)
    throw new Error(`not of one generation: ${JSON.stringify(response)}`)
  return Number(realm)
}

const asked = () => ({ headers: { authorization: `Bearer ${mintNow()}` } })

describeWithValkey('live reload', (server) => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-reload-'))
    mounted = mountConfigMap(textOf(0))
    valkey = await startRedis({ server })
    const fixed = {
      // A store across a socket: checks wait for it, so that reloads fall into the middle of them.
      store: { kind: 'redis', budgetMs: 5000, redis: { port: valkey.port } },
      instanceKeyFile: writeInstanceKey(folder),
    }
    vigil = await startVigil({ config: mounted.file, fixed, server: { deadlineMs: 10_000 } })
    await vigil.running.waitForLine(/store\.connected/)
  }, 90_000)

  afterAll(async () => {
    await vigil?.stop()
    await valkey?.stop()
    mounted?.remove()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const reloads = (result: string) => vigil.metric('vigil_config_reloads_total', { result })

  /** One swap after the other, each waited for, so that every one of them is one reload. */
  async function swapAndWait(onForce: (n: number) => void): Promise<{ changed: number; refused: number }> {
    const expected = { changed: 0, refused: 0 }
    for (let n = 1; n <= PACED; n++) {
      const result = isBad(n) ? 'refused' : 'changed'
      const wanted = ++expected[result]
      mounted.swap(textOf(n))
      await waitUntil(`generation ${n} ${result}`, 20_000, async () => (await reloads(result)) >= wanted)
      if (!isBad(n)) onForce(n)
      expect(await vigil.metric('vigil_config_last_reload_successful')).toBe(isBad(n) ? 0 : 1)
    }
    return expected
  }

  /** Swaps overlap reading, several may be one reload; the last one wins. */
  async function swapInAHurry(): Promise<void> {
    for (let n = PACED + 1; n <= LAST; n++) {
      mounted.swap(textOf(n))
      if (n % 4 === 0) vigil.running.kill('SIGHUP')
      await sleep(n % 7)
    }
    const rule = async () => (await vigil.ask(asked())).rule
    await waitUntil('the last one', 20_000, async () => (await rule()) === `rule-${LAST}`)
  }

  test('swapped again and again under load: whole generations, no error, no bad one, right counters', async () => {
    let inForce = 0
    const asking = keepAsking(() => inForce)
    const expected = await swapAndWait((n) => {
      inForce = n
    })
    expect(await vigil.metric('vigil_config_generation')).toBe(1 + expected.changed)
    expect({ changed: await reloads('changed'), refused: await reloads('refused') }).toEqual(expected)
    await swapInAHurry()
    const answers = await asking.stop()
    const seen = answers.map(({ told, atLeast }) => ({ n: generationOf(told), atLeast }))
    expect(seen.filter(({ n }) => isBad(n))).toEqual([])
    expect(seen.filter(({ n, atLeast }) => n < atLeast)).toEqual([])
    const generations = new Set(seen.map(({ n }) => n)).size
    expect(generations).toBeGreaterThan(PACED / 2)
    expect(await vigil.metric('vigil_config_last_reload_successful')).toBe(1)
    // The file was there all the time.
    expect(vigil.running.output()).not.toContain('no such file')
    process.stdout.write(`reload: ${answers.length} answers of ${generations} generations\n`)
  }, 180_000)

  test('every record is of one generation as well, and every check is recorded and counted', async () => {
    const checks = await vigil.metric('vigil_checks_total')
    expect(await vigil.metric('vigil_checks_total', { effect: 'step-up' })).toBe(checks)
    expect(await vigil.metric('vigil_audit_dropped_total')).toBe(0)
    expect(await vigil.stop()).toBe(0)
    const records = readFileSync(join(folder, 'records.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditRecord)
    expect(records).toHaveLength(checks)
    const hashes = new Map<string, string>()
    for (const { entrypoint, facts, decision, config } of records) {
      const n = decision.rule?.replace('rule-', '')
      expect([entrypoint, facts?.action.name]).toEqual([`edge-${n}`, `read-${n}`])
      expect(hashes.get(config) ?? n).toBe(n)
      hashes.set(config, n ?? '')
    }
  })
})
