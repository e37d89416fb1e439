import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sh } from './shell.ts'
import type { Workshop } from './workshop.ts'

/** The image as a process, with what a restricted Pod gives it. */
export interface Container {
  /** Runs the image's Node in it. @returns what it said @throws when it ends with anything but 0 */
  node(...args: readonly string[]): string
  log(): string
  /** SIGTERM. @returns its exit code */
  stop(): Promise<number | null>
}

const NAME = 'vigil-image-proof'
const CAPABILITIES = ['bounding', 'effective', 'inheritable', 'permitted', 'ambient']

interface Bundle {
  process: {
    terminal: boolean
    noNewPrivileges: boolean
    user: { uid: number; gid: number }
    args: string[]
    capabilities: Record<string, string[]>
  }
  root: { readonly: boolean }
  mounts: { destination: string; type: string; source?: string; options?: string[] }[]
  linux: { namespaces: { type: string }[]; resources?: unknown }
}

/** @param image in the workshop @param settings texts of static.yaml and vigil.yaml, which are mounted read-only */
export async function startContainer(
  workshop: Workshop,
  image: string,
  settings: { readonly fixed: string; readonly dynamic: string },
  isReady: () => Promise<boolean>,
): Promise<Container> {
  const { folder, buildah } = workshop
  buildah('push', '-q', image, `oci:${folder}/oci:proof`)
  sh('umoci', ['unpack', '--image', 'oci:proof', 'bundle'], { cwd: folder })
  restrict(join(folder, 'bundle/config.json'), mounted(folder, settings))
  const runc = ['--root', join(folder, 'runc')]
  const child = spawn('runc', [...runc, 'run', '-b', join(folder, 'bundle'), NAME])
  const log = collect(child)
  const ended = once(child, 'exit') as Promise<[number | null]>
  for (let i = 0; !(await isReady()); i++) {
    if (i > 150 || child.exitCode !== null) throw new Error(`the container is not ready:\n${log()}`)
    await sleep(100)
  }
  return {
    node: (...args) => sh('runc', [...runc, 'exec', NAME, '/nodejs/bin/node', ...args]),
    log,
    stop: async () => {
      sh('runc', [...runc, 'kill', NAME, 'TERM'])
      return (await ended)[0]
    },
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

/** What the Pod Security Standard `restricted` asks for, and more. The network is the machine's, to be asked from here. */
function restrict(file: string, settings: string): void {
  const bundle = JSON.parse(readFileSync(file, 'utf8')) as Bundle
  bundle.process.terminal = false
  bundle.process.noNewPrivileges = true
  bundle.process.capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, []]))
  bundle.root.readonly = true
  bundle.linux.namespaces = bundle.linux.namespaces.filter(
    ({ type }) => !['network', 'cgroup'].includes(type),
  )
  delete bundle.linux.resources
  bundle.mounts = [
    ...bundle.mounts.filter(({ type }) => type !== 'cgroup'),
    { destination: '/etc/vigil', type: 'bind', source: settings, options: ['rbind', 'ro'] },
  ]
  writeFileSync(file, JSON.stringify(bundle))
}

function collect(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  return () => text
}
