import { spawnSync } from 'node:child_process'
import { ROOT } from '../root.ts'

interface Component {
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly properties?: readonly { readonly name: string; readonly value: string }[]
}

/** The part of CycloneDX 1.5 that is touched here; the rest passes as npm wrote it. */
export interface Bom {
  readonly bomFormat: string
  readonly metadata: { readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

/**
 * The bill of materials of what is shipped, by npm from the lockfile: name, version, licence and SHA-512 of every package of every
 * platform. Throws with npm's own words when there is none.
 */
export function makeSbom(): Bom {
  // Not `--omit=dev`: npm 11 then leaves out what development needs as well, jose and zod among it.
  const { status, stdout, stderr, error } = spawnSync(
    'npm',
    ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  if (status !== 0) throw new Error(`npm sbom: ${error?.message ?? stderr.trim()}`)
  return onlyShipped(JSON.parse(stdout) as Bom)
}

const isForDevelopment = ({ properties = [] }: Component): boolean =>
  properties.some(({ name }) => name === 'cdx:npm:package:development')

/** Without what npm marks as of development, and named after the package: npm takes the name of the folder. */
export function onlyShipped(bom: Bom): Bom {
  const { component } = bom.metadata
  const components = bom.components.filter((one) => !isForDevelopment(one))
  const refs = new Set([component['bom-ref'], ...components.map((one) => one['bom-ref'])])
  const dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }))
  const name = component['bom-ref'].split('@')[0] ?? component.name
  return {
    ...bom,
    metadata: { ...bom.metadata, component: { ...component, name } },
    components,
    dependencies,
  }
}
