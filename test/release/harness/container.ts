import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../../scripts/root.ts'
import { sh } from './shell.ts'
import type { Workshop } from './workshop.ts'

/** The image as a process, with what a restricted Pod gives it. */
export interface Container {
  /** Runs the image's Node in it. @returns what it said @throws when it ends with anything but 0 */
  node(...args: readonly string[]): string
  log(): string
  /** Its root as the image has it, to be looked at. */
  readonly root: string
  readonly image: ImageConfig
  /** SIGTERM. @returns its exit code */
  stop(): Promise<number | null>
}

/** What the image says of itself, in the words of the OCI image specification. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly StopSignal: string
  readonly Labels: Readonly<Record<string, string>>
}

/** Of this process: two clones may run at a time. */
const NAME = `vigil-image-${process.pid}`
const CAPABILITIES = ['bounding', 'effective', 'inheritable', 'permitted', 'ambient']

/** @param image in the workshop @param settings texts of static.yaml and vigil.yaml, which are mounted read-only */
export async function startContainer(
  workshop: Workshop,
  image: string,
  settings: { readonly fixed: string; readonly dynamic: string },
  isReady: () => Promise<boolean>,
): Promise<Container> {
  const { folder, buildah } = workshop
  const working = buildah('from', '--pull-never', image).trim()
  const root = buildah('mount', working).trim()
  const { OCIv1 } = JSON.parse(buildah('inspect', '--type', 'image', image)) as {
    OCIv1: { config: ImageConfig }
  }
  const bundle = join(folder, 'bundle')
  mkdirSync(bundle)
  sh('runc', ['spec', '--bundle', bundle])
  restrict(join(bundle, 'config.json'), root, OCIv1.config, mounted(folder, settings))
  const runc = ['--root', join(folder, 'runc')]
  const child = spawn('runc', [...runc, 'run', '-b', bundle, NAME])
  const log = collect(child)
  const ended = once(child, 'exit') as Promise<[number | null]>
  const stop = async () => {
    if (child.exitCode === null) spawnSync('runc', [...runc, 'kill', NAME, 'TERM'])
    const [code] = await ended
    spawnSync('runc', [...runc, 'delete', '--force', NAME])
    buildah('umount', working)
    return code
  }
  try {
    await untilReady(child, isReady, log)
  } catch (error) {
    child.kill('SIGKILL')
    await stop()
    throw error
  }
  const node: Container['node'] = (...args) =>
    sh('runc', [...runc, 'exec', NAME, '/nodejs/bin/node', ...args])
  return { node, log, root, image: OCIv1.config, stop }
}

async function untilReady(
  child: ChildProcess,
  isReady: () => Promise<boolean>,
  log: () => string,
): Promise<void> {
  const endMs = performance.now() + 30_000
  while (!(await isReady())) {
    if (performance.now() > endMs || child.exitCode !== null)
      throw new Error(`the container is not ready:\n${log()}`)
    await sleep(100)
  }
}

function mounted(folder: string, { fixed, dynamic }: { fixed: string; dynamic: string }): string {
  const root = join(folder, 'etc-vigil')
  for (const [name, file, text] of [
    ['static', 'static.yaml', fixed],
    ['dynamic', 'vigil.yaml', dynamic],
  ] as const) {
    mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, name, file), text)
  }
  return root
}

interface Spec {
  process: Record<string, unknown>
  root: { path: string; readonly: boolean }
  mounts: { destination: string; type: string; source?: string; options?: string[] }[]
  linux: { namespaces: { type: string }[]; resources?: unknown; seccomp?: unknown }
}

/**
 * What the image asks for, with what the Pod Security Standard `restricted` asks for, and more. The network is the
 * machine's, to be asked from here.
 */
function restrict(file: string, root: string, image: ImageConfig, settings: string): void {
  const spec = JSON.parse(readFileSync(file, 'utf8')) as Spec
  const [uid, gid] = image.User.split(':').map(Number)
  spec.process = {
    terminal: false,
    noNewPrivileges: true,
    user: { uid, gid },
    args: [...image.Entrypoint, ...image.Cmd],
    env: image.Env,
    cwd: image.WorkingDir,
    capabilities: Object.fromEntries(CAPABILITIES.map((name) => [name, []])),
  }
  spec.root = { path: root, readonly: true }
  spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => !['network', 'cgroup'].includes(type))
  delete spec.linux.resources
  // As the kubelet hands on a profile of type Localhost.
  spec.linux.seccomp = JSON.parse(readFileSync(join(ROOT, 'k8s', 'seccomp.json'), 'utf8'))
  spec.mounts = [
    ...spec.mounts.filter(({ type }) => type !== 'cgroup'),
    { destination: '/etc/vigil', type: 'bind', source: settings, options: ['rbind', 'ro'] },
  ]
  writeFileSync(file, JSON.stringify(spec))
}

function collect(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  return () => text
}
