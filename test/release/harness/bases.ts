import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  globSync,
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

/** What a distroless Node has, but for libatomic: whether the real one has it is not known, so the worse case is tried. */
const BASE_PACKAGES = [
  'libc6',
  'libstdc++6',
  'libgcc-s1',
  'base-files',
  'netbase',
  'tzdata',
  'ca-certificates',
  'libssl3',
]
/** And a shell with what the first stage calls. */
const BUILD_PACKAGES = [
  ...BASE_PACKAGES,
  'libatomic1',
  'dash',
  'coreutils',
  'findutils',
  'libselinux1',
  'libpcre2-8-0',
  'libacl1',
  'libattr1',
  'libgmp10',
]

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

/** Of what they are made of: this file, Node, npm and the Debian. */
function pinOf(npm: string): string {
  const hash = createHash('sha256').update(process.version).update(process.arch)
  for (const file of [import.meta.filename, join(npm, 'package.json'), '/etc/os-release'])
    hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}

/** The machine's npm, whole; `npm root` would tell that of the Node which runs this, and that one has none. */
function npmFolder(): string {
  const started = process.env['npm_execpath']
  const inPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'npm'))
  const found = started ?? inPath.find((file) => existsSync(file))
  if (found === undefined) throw new Error('no npm on PATH')
  return join(dirname(realpathSync(found)), '..')
}

/** Both under their real names, of packages of this Debian and of the Node that runs this. */
function makeBases(workshop: Workshop, npm: string): void {
  const debs = join(workshop.folder, 'debs')
  mkdirSync(debs)
  sh('apt-get', ['download', ...BUILD_PACKAGES], { cwd: debs })
  const build = unpack(workshop, 'build', debs, BUILD_PACKAGES)
  cpSync(process.execPath, place(build, 'usr/local/bin/node'))
  cpSync(npm, place(build, 'usr/local/lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(build, 'usr/local/bin/npm'))
  if (!existsSync(join(build, 'bin/sh'))) symlinkSync('dash', join(build, 'bin/sh'))
  const path = ['--env', 'PATH=/usr/local/bin:/usr/bin:/bin']
  commit(workshop, build, BUILD_IMAGE, [...path, '--env', `NODE_EXTRA_CA_CERTS=${CA}`])
  const base = unpack(workshop, 'base', debs, BASE_PACKAGES)
  cpSync(process.execPath, place(base, 'nodejs/bin/node'))
  commit(workshop, base, BASE_IMAGE, ['--user', '65532', '--entrypoint', '["/nodejs/bin/node"]'])
}

function place(root: string, path: string): string {
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true })
  return target
}

function unpack({ folder }: Workshop, name: string, debs: string, packages: readonly string[]): string {
  const root = join(folder, name)
  mkdirSync(root)
  for (const each of packages) {
    const [deb] = globSync(`${each}_*.deb`, { cwd: debs })
    if (deb === undefined) throw new Error(`apt-get did not bring ${each}`)
    sh('dpkg', ['-x', join(debs, deb), root])
  }
  writeFileSync(place(root, 'etc/passwd'), 'root:x:0:0:root:/root:/sbin/nologin\n')
  writeFileSync(place(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n')
  appendFileSync(join(root, 'etc/passwd'), 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n')
  if (existsSync(CA)) cpSync(CA, place(root, CA), { dereference: true })
  mkdirSync(join(root, 'tmp'), { recursive: true })
  chmodSync(join(root, 'tmp'), 0o1777)
  return root
}

function commit({ buildah }: Workshop, root: string, name: string, config: readonly string[]): void {
  const container = buildah('from', 'scratch').trim()
  buildah('copy', '-q', container, root, '/')
  buildah('config', ...config, container)
  buildah('commit', '-q', container, name)
  buildah('rm', container)
}
