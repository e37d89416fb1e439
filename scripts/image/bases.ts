import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { sh } from './shell.ts'
import type { Workshop } from './workshop.ts'

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

/**
 * Stand-ins of both base images under their real names, of packages of this Debian and of the Node that runs this.
 * @param npm `npm-cli.js` of the machine
 */
export function makeBases(workshop: Workshop, npm: string): void {
  const debs = join(workshop.folder, 'debs')
  mkdirSync(debs)
  sh('apt-get', ['download', ...BUILD_PACKAGES], { cwd: debs })
  const build = unpack(workshop, 'build', debs, BUILD_PACKAGES)
  cpSync(process.execPath, place(build, 'usr/local/bin/node'))
  cpSync(join(dirname(npm), '..'), place(build, 'usr/local/lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(build, 'usr/local/bin/npm'))
  if (!existsSync(join(build, 'bin/sh'))) symlinkSync('dash', join(build, 'bin/sh'))
  commit(workshop, build, BUILD_IMAGE, [
    '--env',
    'PATH=/usr/local/bin:/usr/bin:/bin',
    '--env',
    `NODE_EXTRA_CA_CERTS=${CA}`,
  ])
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
