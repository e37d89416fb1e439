import { spawnSync } from 'node:child_process'

/** What is unpacked, where to, and who may refresh the lists of packages. */
export type Unpacking = {
  package: string
  /** Folder that gets what the package has in /usr/bin. */
  into: string
  isRoot: boolean
  /** Whether the lists of packages may be fetched, which changes the machine. */
  mayUpdate: boolean
  env: NodeJS.ProcessEnv
}

/** $1 is the package, $2 the folder. Renamed at the end: whoever looks sees all programs or none. */
const UNPACK = `
set -e
mkdir -p "$(dirname "$2")"
scratch=$(mktemp -d "$2.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
apt-get download "$1"
mkdir programs
dpkg-deb --fsys-tarfile "$1"_*.deb | tar -x -C programs --strip-components=3 ./usr/bin
rm -rf "$2"
mv programs "$2"
`

/**
 * Takes the programs out of a Debian package without installing it: its service is never set up, and nobody needs to be
 * root. apt checks the signature of what it downloads.
 * @throws Error when the package cannot be had
 */
export function unpack({ package: name, into, isRoot, mayUpdate, env }: Unpacking): void {
  const first = sh(['sh', '-c', UNPACK, 'sh', name, into], env)
  if (first === undefined) return
  // A clean machine has no lists of packages, and old lists name versions that are gone.
  const update = isRoot ? ['apt-get', 'update'] : ['sudo', '-n', 'apt-get', 'update']
  const why = mayUpdate ? (sh(update, env) ?? sh(['sh', '-c', UNPACK, 'sh', name, into], env)) : first
  if (why !== undefined) throw new Error(`${name} could not be unpacked: ${why}`)
}

/** @returns undefined when it went well, else the end of what was said */
function sh([command = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const { status, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 600_000,
  })
  if (status === 0) return undefined
  return error?.message ?? stderr.trim().split('\n').slice(-3).join(' | ')
}
