import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-audit-'))
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function serve(audit: object, fixed: Record<string, unknown> = {}): Promise<VigilProcess> {
  const actions = [{ name: 'read', match: { paths: ['/v1/{rest...}'] } }]
  const vigil = await startVigil({ config: { actions, audit }, fixed })
  cleanups.push(vigil.stop)
  return vigil
}

const linesOf = (file: string): string[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
const untilLines = (file: string, count: number) =>
  waitUntil(`${count} lines in ${file}`, 10_000, () => {
    const lines = linesOf(file)
    return lines.length >= count && lines
  })

/** Takes whatever is sent to it. */
async function openCollector() {
  const asked: { path: string | undefined; token: unknown; body: string }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('latin1')
      asked.push({ path: request.url, token: request.headers['x-token'], body })
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('a collector', () => {
  test('gets records, spans of sampled checks and metrics, and whatever is on its way at the end', async () => {
    const dir = folder()
    const { asked, url } = await openCollector()
    const headersFile = join(dir, 'headers')
    writeFileSync(headersFile, 'x-token: t0ken\n')
    const otlp = { url, headersFile, traces: 'parent', metricsSeconds: 3600 }
    const vigil = await serve({ sinks: [{ kind: 'otlp', format: 'ocsf' }] }, { telemetry: { otlp } })
    const trace = '0af7651916cd43dd8448eb211c80319c'
    await vigil.ask({ headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } })
    await vigil.ask({ headers: { traceparent: `00-${'1'.repeat(32)}-b7ad6b7169203331-00` } })
    expect(await vigil.stop()).toBe(0)
    const bodyOf = (path: string) =>
      asked
        .filter((each) => each.path === path)
        .map(({ body }) => body)
        .join('\n')
    expect(new Set(asked.map(({ token }) => token))).toEqual(new Set(['t0ken']))
    expect(bodyOf('/v1/logs').split('"class_uid":6003')).toHaveLength(3)
    for (const stage of ['check', 'identity', 'context', 'history', 'risk', 'policy', 'enforcement'])
      expect(bodyOf('/v1/traces').split(`vigil.${stage}`)).toHaveLength(2)
    expect(bodyOf('/v1/traces')).toContain(Buffer.from(trace, 'hex').toString('latin1'))
    expect(bodyOf('/v1/metrics')).toContain('vigil_checks_total')
    expect(bodyOf('/v1/metrics')).toContain('vigil_config_info')
  }, 60_000)
})

describe('an audit file', () => {
  test('that logrotate moves away goes on under its name, without a signal', async () => {
    const dir = folder()
    const path = join(dir, 'audit.jsonl')
    const vigil = await serve({ sinks: [{ kind: 'file', path }] })
    await vigil.ask({})
    await untilLines(path, 1)
    renameSync(path, `${path}.1`)
    await vigil.ask({})
    await untilLines(path, 1)
    expect([linesOf(path).length, linesOf(`${path}.1`).length]).toEqual([1, 1])
  }, 60_000)

  test('rotates across restarts, and no record is lost', async () => {
    const dir = folder()
    const path = join(dir, 'audit.jsonl')
    writeFileSync(path, `${JSON.stringify({ filler: 'x'.repeat(65_400) })}\n`)
    const sinks = [{ kind: 'file', path, rotate: { maxBytes: 65_536 } }]
    const vigil = await serve({ sinks })
    await vigil.ask({})
    await untilLines(path, 1)
    await vigil.stop()
    const rotated = readdirSync(dir).filter((name) => /^audit\.jsonl\.\d{8}T\d{9}Z$/.test(name))
    expect(rotated).toHaveLength(1)
    expect(linesOf(join(dir, rotated[0] ?? ''))).toEqual([expect.stringContaining('filler')])
    expect(linesOf(path)).toEqual([expect.stringContaining('"status":401')])
  }, 60_000)

  test('that is required and cannot be written: 503, until it can', async () => {
    const dir = folder()
    const path = join(dir, 'later', 'audit.jsonl')
    const vigil = await serve({ required: true, sinks: [{ kind: 'file', path }] })
    await vigil.running.waitForLine(/"audit sink broken"/)
    expect((await vigil.ask({})).status).toBe(503)
    mkdirSync(join(dir, 'later'))
    await waitUntil('an answer that is no 503', 30_000, async () => (await vigil.ask({})).status === 401)
    const statuses = await waitUntil('the record of that answer', 10_000, () => {
      const found = linesOf(path).map((line) => JSON.parse(line).status)
      return found.at(-1) === 401 && found
    })
    // The record of a refusal was the first that the file took once it could.
    expect(statuses[0]).toBe(503)
  }, 60_000)
})

test('a pseudonym is the same after a restart with the same instance key, and another with another', async () => {
  const dir = folder()
  const keyFile = (name: string, root: number) => {
    const secret = (byte: number) => Buffer.alloc(32, byte).toString('base64url')
    const file = join(dir, name)
    writeFileSync(file, JSON.stringify({ root: secret(root), current: secret(9) }))
    return file
  }
  const [one, two] = [keyFile('one.json', 1), keyFile('two.json', 2)]
  const sourceUnder = async (instanceKeyFile: string, name: string): Promise<unknown> => {
    const path = join(dir, name)
    const vigil = await serve(
      { sinks: [{ kind: 'file', path, addresses: 'pseudonym' }] },
      { instanceKeyFile },
    )
    await vigil.ask({})
    const [line = '{}'] = await untilLines(path, 1)
    await vigil.stop()
    return JSON.parse(line).request.source
  }
  const [first, again, other] = [
    await sourceUnder(one, 'a'),
    await sourceUnder(one, 'b'),
    await sourceUnder(two, 'c'),
  ]
  expect(first).toMatch(/^p-[\w-]{22}$/)
  expect(again).toBe(first)
  expect(other).not.toBe(first)
}, 120_000)
