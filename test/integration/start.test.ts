/** How `vigil serve` ends when it cannot begin, and when what it needs is away: never by hanging. */

import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { freePorts } from '../harness/ports.ts'
import { type Running, start } from '../harness/process.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const KEY = `root: ${'A'.repeat(43)}\ncurrent: ${'A'.repeat(43)}\n`

/** `vigil serve` with this static.yaml; `config` is the text of vigil.yaml. */
function serve(fixed: object, config = '{}'): Running {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-start-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'static.yaml'), JSON.stringify(fixed))
  writeFileSync(join(folder, 'vigil.yaml'), config)
  writeFileSync(join(folder, 'key.yaml'), KEY)
  const files = ['--static', join(folder, 'static.yaml'), '--config', join(folder, 'vigil.yaml')]
  const vigil = start(process.execPath, ['src/main.ts', 'serve', ...files], { cwd: ROOT })
  cleanups.push(() => vigil.stop())
  return vigil
}

/** A port that somebody else listens on. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const listeners = async () => {
  const { CHECKS, PROBES } = await freePorts('CHECKS', 'PROBES')
  return { server: { listen: [`127.0.0.1:${CHECKS}`] }, probes: { listen: `127.0.0.1:${PROBES}` } }
}
const redisAway = { kind: 'redis', redis: { port: 1 } }

test.each<[string, (free: object, taken: string) => object, RegExp]>([
  [
    'no instance key',
    (free) => ({ ...free, instanceKeyFile: 'none' }),
    /static\.yaml:1:\d+: instanceKeyFile: there is no such file: \/.*none$/m,
  ],
  [
    'no certificate',
    (free) => ({ ...free, server: { tls: { certFile: 'c', keyFile: 'k' } } }),
    /static\.yaml:1:\d+: server\.tls\.certFile: there is no such file: \/.*\/c$/m,
  ],
  [
    'a taken port for checks',
    (free, taken) => ({ ...free, server: { listen: [taken] } }),
    /^vigil: server: cannot listen on /m,
  ],
  [
    'a taken port for probes',
    (free, taken) => ({ ...free, probes: { listen: taken } }),
    /^vigil: probes\.listen: .*EADDRINUSE/m,
  ],
])(
  '%s: exit code 1 and what is wrong',
  async (_what, fixed, message) => {
    const vigil = serve(fixed(await listeners(), `127.0.0.1:${await takenPort()}`))
    expect(await vigil.ended).toBe(1)
    expect(vigil.output()).toMatch(message)
  },
  30_000,
)

const OBSERVING = 'actions: []\nenforcement:\n  mode: observe\n'

test('observe mode without its acknowledgement: exit code 1, and what to do instead', async () => {
  const vigil = serve(await listeners(), OBSERVING)
  expect(await vigil.ended).toBe(1)
  expect(vigil.output()).toMatch(
    /vigil\.yaml:3:9: observe lets every request pass, .*acknowledge\.observe.*shadow: true/,
  )
}, 30_000)

test('observe mode with its acknowledgement is loud: in the log, in /readyz and as a metric', async () => {
  const free = await listeners()
  const vigil = serve({ ...free, acknowledge: { observe: true } }, OBSERVING)
  await vigil.waitUntil('serving', () => vigil.output().includes('vigil serves'), 20_000)
  const ask = async (path: string) => (await fetch(`http://${free.probes.listen}${path}`)).text()
  expect(JSON.parse(await ask('/readyz'))).toEqual({ ready: true, reasons: [], observes: 'everything' })
  expect(await ask('/metrics')).toMatch(/^vigil_observing(\{[^}]*\})? 2$/m)
  expect(vigil.output()).toMatch(/vigil\.yaml:3:9: observe mode: every request passes here/)
}, 30_000)

test('a bad configuration ends it also while Redis is away', async () => {
  const vigil = serve(
    { ...(await listeners()), store: redisAway, instanceKeyFile: 'key.yaml' },
    'actoins: []',
  )
  expect(await vigil.ended).toBe(1)
}, 30_000)

test('SIGTERM while Redis is away: exit code 0', async () => {
  const free = await listeners()
  const server = { ...free.server, drainDelaySeconds: 0 }
  const vigil = serve({ ...free, server, store: redisAway, instanceKeyFile: 'key.yaml' })
  await vigil.waitForLine(/vigil serves/)
  // What is hardly meant in `{}` is told at the start, too.
  expect(vigil.output()).toMatch(/vigil\.yaml:1:1: no actions:.*configuration warning/)
  vigil.kill('SIGTERM')
  expect(await vigil.ended).toBe(0)
}, 30_000)
