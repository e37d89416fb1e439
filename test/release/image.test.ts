/**
 * The unchanged Dockerfile, built by buildah and run by runc as a restricted Pod would run it. There is no registry, so both
 * bases are stand-ins: what the real ones contain is not proved here (docs/image.md).
 */
import { cpSync, existsSync, globSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { type CheckClient, openCheckClient } from '../harness/check-client.ts'
import { freePorts } from '../harness/ports.ts'
import { AUDIENCE, ISSUER, keys, mintAccessToken } from '../harness/tokens.ts'
import { describeWithImageTools } from '../harness/tools.ts'
import { npmCache, openWorkshopWithBases } from './harness/bases.ts'
import { type Container, startContainer } from './harness/container.ts'
import { sh } from './harness/shell.ts'
import type { Workshop } from './harness/workshop.ts'

const IMAGE = 'localhost/vigil:proof'
const VERSION = '9.8.7-proof'
/** What no build reads, and what would take long to copy; .dockerignore has the last word. */
const LEFT_OUT = /\/(?:node_modules|\.tools|\.git|dist|coverage|out)$/

const DYNAMIC = {
  identity: {
    issuers: [{ issuer: ISSUER, audiences: [AUDIENCE], jwks: { inline: { keys: [keys.es256.jwk] } } }],
  },
  actions: [
    {
      name: 'read',
      match: { methods: ['GET'], paths: ['/orders/{id}'] },
      sensitivity: 'low',
      scopes: ['orders.read'],
    },
  ],
}

let workshop: Workshop
let container: Container
let client: CheckClient
let checks: number

function step<T>(what: string, act: () => T): T {
  const startMs = performance.now()
  const result = act()
  process.stdout.write(`image: ${what} (${((performance.now() - startMs) / 1000).toFixed(1)} s)\n`)
  return result
}

function build({ folder, buildah }: Workshop): void {
  const context = join(folder, 'context')
  cpSync(ROOT, context, { recursive: true, filter: (path) => path === ROOT || !LEFT_OUT.test(path) })
  const args = ['--isolation', 'chroot', '--pull-never', '--no-cache', '--format', 'oci']
  // What npm fetched before; what is installed is decided by the lock file all the same.
  const cache = ['--volume', `${npmCache()}:/root/.npm`]
  buildah('bud', ...args, ...cache, '--build-arg', `VERSION=${VERSION}`, '-t', IMAGE, context)
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200
  } catch {
    return false // not listening yet
  }
}

async function run(): Promise<void> {
  const { CHECKS, PROBES } = await freePorts('CHECKS', 'PROBES')
  checks = Number(CHECKS)
  const fixed = {
    server: { listen: [`127.0.0.1:${CHECKS}`], drainDelaySeconds: 1 },
    probes: { listen: `127.0.0.1:${PROBES}` },
  }
  const settings = { fixed: JSON.stringify(fixed), dynamic: JSON.stringify(DYNAMIC) }
  container = await startContainer(workshop, IMAGE, settings, () => isReady(Number(PROBES)))
  client = openCheckClient(`127.0.0.1:${CHECKS}`)
}

/** Runs in the container. */
const LOOK = `
const fs = require('node:fs')
const wrote = ['/x', '/app/dist/main.js', '/tmp/x'].filter((file) => {
  try { fs.writeFileSync(file, ''); return true } catch { return false }
})
const status = fs.readFileSync('/proc/1/status', 'utf8')
const of = (name) => new RegExp('^' + name + ':\\\\s+(.*)$', 'm').exec(status)?.[1]
const seccomp = of('Seccomp') === '2' ? 'filter' : 'none'
console.log(JSON.stringify({ wrote, uid: of('Uid'), capabilities: of('CapEff'), noNewPrivileges: of('NoNewPrivs'), seccomp }))
`

const request = (bearer: string) => ({ path: '/orders/7', headers: { authorization: `Bearer ${bearer}` } })

/** A token of now. */
function token(key = keys.es256): string {
  const now = Math.floor(Date.now() / 1000)
  return mintAccessToken({ key, header: { kid: 'es256' }, claims: { iat: now, exp: now + 300 } })
}

describeWithImageTools('the image', () => {
  beforeAll(async () => {
    const versions = ['buildah', 'runc'].map((tool) => sh(tool, ['--version']).split('\n')[0])
    process.stdout.write(`${versions.join(', ')}\n`)
    workshop = step('stand-ins of both bases', openWorkshopWithBases)
    step('buildah bud of the unchanged Dockerfile', () => build(workshop))
    await run()
  }, 600_000)
  afterAll(async () => {
    client?.close()
    await container?.stop()
    workshop?.remove()
  }, 60_000)

  test('says what it is and how it is started', () => {
    expect(container.image).toMatchObject({
      User: '65532:65532',
      WorkingDir: '/app',
      Env: expect.arrayContaining(['NODE_ENV=production', 'NODE_OPTIONS=--max-semi-space-size=8']),
      Entrypoint: ['/nodejs/bin/node', '--heap-growing-percent=80', '/app/dist/main.js'],
      Cmd: expect.arrayContaining([
        'serve',
        '/etc/vigil/static/static.yaml',
        '/etc/vigil/dynamic/vigil.yaml',
      ]),
      StopSignal: 'SIGTERM',
      Labels: {
        'org.opencontainers.image.version': VERSION,
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    })
  })

  test('holds what the service needs, root’s and writable by nobody else, and nothing to build with', () => {
    const app = join(container.root, 'app')
    const entries = globSync('**', { cwd: app })
    expect(entries.length).toBeGreaterThan(1000)
    const loose = entries.filter((entry) => {
      const found = lstatSync(join(app, entry))
      return found.uid !== 0 || found.gid !== 0 || (!found.isSymbolicLink() && (found.mode & 0o022) !== 0)
    })
    expect(loose).toEqual([])
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
    const isInside = (path: string) => existsSync(join(app, path))
    // Node is the base's own; the data of @ip-location-db/asn are packed into dist.
    const unwanted = /\/(?:node-(?:bin-)?(?:linux|darwin)-\w+|@ip-location-db\/asn)$/
    const isNeeded = (path: string) => packages[path].dev !== true && !unwanted.test(path)
    const [needed, others] = [true, false].map((is) =>
      Object.keys(packages).filter((path) => path !== '' && isNeeded(path) === is && isInside(path)),
    )
    expect(needed?.length).toBeGreaterThan(50)
    expect(others).toEqual([])
    expect(
      entries.filter((entry) => /\.(?:map|d\.[cm]?ts)$/.test(entry) && !entry.startsWith('dist/')),
    ).toEqual([])
    expect(existsSync(join(container.root, 'bin/sh'))).toBe(false)
  })

  test('brings the libatomic that Node 26 needs and its base does not have', () => {
    expect(globSync('usr/**/libatomic.so*', { cwd: container.root })).toEqual(['usr/lib/libatomic.so.1'])
  })

  test('runs as 65532, without capabilities, and can write nothing', () => {
    expect(JSON.parse(container.node('-e', LOOK))).toEqual({
      wrote: [],
      uid: '65532\t65532\t65532\t65532',
      capabilities: '0000000000000000',
      noNewPrivileges: '1',
      seccomp: 'filter',
    })
  })

  test('may not make namespaces, mounts or rings, nor trace others, by k8s/seccomp.json', () => {
    const { syscalls } = JSON.parse(readFileSync(join(ROOT, 'k8s', 'seccomp.json'), 'utf8'))
    expect(syscalls).toHaveLength(1)
    const names: readonly string[] = syscalls[0].names
    for (const name of [
      'unshare',
      'setns',
      'mount',
      'ptrace',
      'bpf',
      'keyctl',
      'io_uring_setup',
      'userfaultfd',
      'memfd_create',
      'chown',
    ])
      expect(names).not.toContain(name)
  })

  test('allows and denies real checks', async () => {
    expect(await client.ask(request(token()))).toMatchObject({ isPass: true })
    expect(await client.ask(request(token(keys.stranger)))).toMatchObject({ isPass: false, status: 401 })
  })

  test('asks itself by vigil probe, and checks a configuration', () => {
    expect(container.node('/app/dist/main.js', 'probe', `127.0.0.1:${checks}`)).toContain(
      'answers as it must',
    )
    container.node('/app/dist/main.js', 'config', 'check', '--quiet', '/etc/vigil/dynamic/vigil.yaml')
  })

  test('drains on SIGTERM, as PID 1, and ends with 0', async () => {
    client.close()
    expect(await container.stop()).toBe(0)
    expect(container.log()).toContain('vigil ended')
  })
})
