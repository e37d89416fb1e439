import type { Settings } from './schema/settings.ts'

/** Every place where settings ask for observe mode. */
export function observedPlaces({ enforcement, entrypoints }: Settings): (string | number)[][] {
  const { mode, tenants, hosts } = enforcement
  const keysIn = (section: string, modes: typeof tenants) =>
    Object.keys(modes).flatMap((key) => (modes[key] === 'observe' ? [['enforcement', section, key]] : []))
  return [
    ...(mode === 'observe' ? [['enforcement', 'mode']] : []),
    ...keysIn('tenants', tenants),
    ...keysIn('hosts', hosts),
    ...entrypoints.flatMap((one, i) => (one.mode === 'observe' ? [['entrypoints', i, 'mode']] : [])),
  ]
}
