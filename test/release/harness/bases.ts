import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { defaultPlaces } from '../../../scripts/tools/catalog.ts'
import { sh } from './shell.ts'
import { driverFor, openWorkshop, type Workshop } from './workshop.ts'

/** Under these names the Dockerfile asks for them. */
const BUILD_IMAGE = 'docker.io/library/node:26-trixie-slim'
const BASE_IMAGE = 'gcr.io/distroless/nodejs26-debian13:nonroot'

/** A shell, and what the first stage and npm call. */
const PROGRAMS = ['sh', 'chmod', 'cp', 'env', 'find', 'mkdir', 'rm', 'uname']

/** Whether the real distroless base has it is not known, so its stand-in goes without: the worse case is tried. */
const LEFT_OUT = /\/libatomic\.so/

const CA = '/etc/ssl/certs/ca-certificates.crt'

/** A workshop that has stand-ins of both base images, which are made once and kept beside the tools. */
export function openWorkshopWithBases(): Workshop {
  const { cache } = defaultPlaces()
  mkdirSync(cache, { recursive: true })
  const driver = driverFor(cache, tmpdir())
  const npm = npmFolder()
  const kept = join(cache, `image-bases-${driver}-${pinOf(npm)}`)
  if (!existsSync(kept)) {
    const workshop = openWorkshop(driver, cache)
    try {
      makeBases(workshop, npm)
      keep(workshop.storage, kept)
    } finally {
      workshop.remove()
    }
  }
  return openWorkshop(driver, tmpdir(), kept)
}

/** What npm fetches in a build is kept here, and nowhere in the user's own files. */
export function npmCache(): string {
  const folder = join(defaultPlaces().cache, 'npm')
  mkdirSync(folder, { recursive: true })
  return folder
}

function keep(storage: string, kept: string): void {
  try {
    renameSync(storage, kept)
  } catch (error) {
    // Another clone may have finished first.
    if (!existsSync(kept)) throw error
  }
}

/** Of what they are made of: this file, Node, npm, the system and whom it trusts. */
function pinOf(npm: string): string {
  const hash = createHash('sha256').update(process.version).update(process.arch)
  for (const file of [import.meta.filename, join(npm, 'package.json'), '/etc/os-release', CA])
    if (existsSync(file)) hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}

/** The machine's npm, whole; `npm root` would tell that of the Node which runs this, and that one has none. */
function npmFolder(): string {
  return join(dirname(realpathSync(process.env['npm_execpath'] ?? inPath('npm'))), '..')
}

function inPath(name: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
  if (found === undefined) throw new Error(`no ${name} on PATH`)
  return found
}

/** Both under their real names, of this machine's own programs and libraries and of the Node that runs this. */
function makeBases(workshop: Workshop, npm: string): void {
  const build = makeRoot(workshop, 'build')
  for (const name of PROGRAMS) copyFileSync(inPath(name), place(build, `usr/bin/${name}`))
  copyFileSync(process.execPath, place(build, 'usr/local/bin/node'))
  for (const program of [process.execPath, ...PROGRAMS.map(inPath)]) copyLibraries(program, build)
  cpSync(npm, place(build, 'usr/local/lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(build, 'usr/local/bin/npm'))
  const path = ['--env', 'PATH=/usr/local/bin:/usr/bin:/bin']
  commit(workshop, build, BUILD_IMAGE, [...path, '--env', `NODE_EXTRA_CA_CERTS=${CA}`])
  const base = makeRoot(workshop, 'base')
  copyFileSync(process.execPath, place(base, 'nodejs/bin/node'))
  copyLibraries(process.execPath, base, LEFT_OUT)
  commit(workshop, base, BASE_IMAGE, ['--user', '65532', '--entrypoint', '["/nodejs/bin/node"]'])
}

function place(root: string, path: string): string {
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true })
  return target
}

/** A system in which nothing can be run yet. */
function makeRoot({ folder }: Workshop, name: string): string {
  const root = join(folder, name)
  for (const directory of ['bin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', directory), { recursive: true })
    symlinkSync(`usr/${directory}`, join(root, directory))
  }
  writeFileSync(
    place(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  )
  writeFileSync(place(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n')
  if (existsSync(CA)) copyFileSync(CA, place(root, CA))
  mkdirSync(join(root, 'tmp'))
  chmodSync(join(root, 'tmp'), 0o1777)
  return root
}

/** What the program is linked with, and the loader, where ldd finds them. */
function copyLibraries(program: string, root: string, leftOut?: RegExp): void {
  for (const [, library = ''] of sh('ldd', [program]).matchAll(/\s(\/\S+) \(0x/g))
    if (!leftOut?.test(library)) copyFileSync(library, place(root, library))
}

function commit({ buildah }: Workshop, root: string, name: string, config: readonly string[]): void {
  const container = buildah('from', 'scratch').trim()
  buildah('copy', '-q', container, root, '/')
  buildah('config', ...config, container)
  buildah('commit', '-q', container, name)
  buildah('rm', container)
}
