import type { SettingsProblem } from '../errors.ts'
import { normaliseCidr } from '../lib/ip.ts'
import type { EntrypointSettings } from './schema/entrypoints.ts'
import { named } from './semantic-names.ts'

type Path = SettingsProblem['path']

/** Every contradiction in `entrypoints`. */
export function checkEntrypoints(entrypoints: readonly EntrypointSettings[]): SettingsProblem[] {
  const problems = named(entrypoints, 'entrypoints', 'entrypoint')
  const taker = entrypoints.findIndex((e) => Object.keys(e.match).length === 0)
  if (taker >= 0 && taker < entrypoints.length - 1) {
    const message = `entrypoint "${entrypoints[taker]?.name}" has no match and takes every check, so the ones after it are never used; put it last`
    problems.push({ path: ['entrypoints', taker], message })
  }
  return [...problems, ...entrypoints.flatMap((e, i) => checkEntrypoint(e, ['entrypoints', i]))]
}

function checkEntrypoint(entrypoint: EntrypointSettings, path: Path): SettingsProblem[] {
  const networks = entrypoint.clientCertFrom.flatMap((text, i) =>
    normaliseCidr(text) !== undefined
      ? []
      : [{ path: [...path, 'clientCertFrom', i], message: 'write an address or a network, e.g. 10.0.0.0/8' }],
  )
  if (entrypoint.role === 'inside' || entrypoint.edges.length === 0) return networks
  return [
    ...networks,
    { path: [...path, 'edges'], message: 'edges belong to entrypoints with role "inside"' },
  ]
}
