import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { CHECK_PATH, decodeResponse } from '../../src/check/wire.ts'
import { freePort } from '../harness/ports.ts'
import { type Running, start } from '../harness/process.ts'
import { waitUntil } from '../harness/wait.ts'
import { checkBytes } from '../harness/wire.ts'

const GOOD = 'actions: [{ name: read, match: { paths: ["/v1/{rest...}"] } }]\n'
const EDITED = 'actions: [{ name: read-more, match: { paths: ["/v1/{rest...}"] } }]\n'
const BROKEN = 'actoins: []\n'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A folder laid out like a ConfigMap mount: the file is a link through `..data`. */
function mount(text: string): { file: string; swap(text: string): void } {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-serve-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  let generation = 0
  const put = (content: string) => {
    const name = `..generation-${++generation}`
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'vigil.yaml'), content)
    symlinkSync(name, join(folder, '..next'))
    renameSync(join(folder, '..next'), join(folder, '..data'))
  }
  put(text)
  symlinkSync(join('..data', 'vigil.yaml'), join(folder, 'vigil.yaml'))
  return { file: join(folder, 'vigil.yaml'), swap: put }
}

interface Served {
  readonly vigil: Running
  readonly grpc: number
  probe(path: string): Promise<{ status: number; text: string }>
  check(): Promise<number | undefined>
}

async function serve(file: string): Promise<Served> {
  const [grpc, http] = [await freePort(), await freePort()]
  const folder = mkdtempSync(join(tmpdir(), 'vigil-static-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  const fixed = join(folder, 'static.yaml')
  writeFileSync(
    fixed,
    `server: { listen: ["127.0.0.1:${grpc}"], drainDelaySeconds: 1 }\nprobes: { listen: "127.0.0.1:${http}" }\n`,
  )
  const vigil = start(process.execPath, ['src/main.ts', 'serve', '--static', fixed, '--config', file], {
    cwd: ROOT,
  })
  cleanups.push(() => vigil.stop())
  const probe = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${http}${path}`)
    return { status: response.status, text: await response.text() }
  }
  const client = new Client(`127.0.0.1:${grpc}`, credentials.createInsecure())
  cleanups.push(() => client.close())
  const asIs = (bytes: Buffer) => bytes
  const check = () =>
    new Promise<number | undefined>((resolve, reject) => {
      client.makeUnaryRequest(CHECK_PATH, asIs, asIs, checkBytes(), (error, bytes) => {
        if (error || bytes === undefined) reject(error ?? new Error('no bytes'))
        else resolve(decodeResponse(bytes).denied_response?.status.code)
      })
    })
  await waitUntil(
    'ready',
    15_000,
    async () => (await probe('/readyz').catch(() => undefined))?.status === 200,
  )
  return { vigil, grpc, probe, check }
}

const metric = (text: string, name: string) =>
  Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1])

describe('vigil serve', () => {
  test('answers, says live and ready, and drains on SIGTERM with exit code 0', async () => {
    const { vigil, probe, check } = await serve(mount(GOOD).file)
    expect(await check()).toBe(401)
    expect((await probe('/livez')).status).toBe(200)
    vigil.kill('SIGTERM')
    await waitUntil('not ready', 5000, async () => (await probe('/readyz')).status === 503)
    // During the drain delay it still serves.
    expect(await check()).toBe(401)
    expect(await vigil.ended).toBe(0)
  }, 30_000)

  test('follows a ConfigMap swap, and keeps the last good one through a broken edit', async () => {
    const mounted = mount(GOOD)
    const { probe, check } = await serve(mounted.file)
    const read = async (name: string) => metric((await probe('/metrics')).text, name)
    expect(await read('vigil_config_generation')).toBe(1)
    mounted.swap(EDITED)
    await waitUntil('second generation', 10_000, async () => (await read('vigil_config_generation')) === 2)
    mounted.swap(BROKEN)
    await waitUntil('refusal', 10_000, async () => (await read('vigil_config_last_reload_successful')) === 0)
    expect(await read('vigil_config_generation')).toBe(2)
    expect((await probe('/readyz')).status).toBe(200)
    expect(await check()).toBe(401)
    mounted.swap(GOOD)
    await waitUntil('third generation', 10_000, async () => (await read('vigil_config_generation')) === 3)
    expect(await read('vigil_config_last_reload_successful')).toBe(1)
  }, 60_000)

  test('a bad first configuration ends it with 1 and the place of the mistake', async () => {
    const { file } = mount(BROKEN)
    const vigil = start(process.execPath, ['src/main.ts', 'serve', '--config', file], { cwd: ROOT })
    expect(await vigil.ended).toBe(1)
    expect(vigil.output()).toContain('vigil.yaml:1:1: unknown key actoins; did you mean "actions"?')
  }, 30_000)
})
