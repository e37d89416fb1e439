import type { Locked } from './lock.ts'

/** Licences of what is shipped, as SPDX expressions in the packages' own spelling, with what each asks of whoever ships it. */
export const ALLOWED: Readonly<Record<string, string>> = {
  'Apache-2.0': 'keep licence and NOTICE',
  '(Apache-2.0 AND BSD-3-Clause)': 'keep licence and NOTICE',
  'BSD-3-Clause': 'keep licence',
  'BlueOak-1.0.0': 'keep licence or a link to it',
  ISC: 'keep licence',
  MIT: 'keep licence',
  Unlicense: 'nothing',
  'PDDL-1.0': 'nothing (data)',
  'SEE LICENSE IN ROUTEVIEWS-LICENSE and DBIP-LICENSE (CC-BY-4.0)': 'name the source: NOTICE does (data)',
}

/** Shipped packages whose licence is none of `ALLOWED`, each with what it says. */
export function flawsOfLicences(locked: readonly Locked[]): readonly string[] {
  return locked
    .filter(({ isShipped, license }) => isShipped && !Object.hasOwn(ALLOWED, license))
    .map(({ name, version, license }) =>
      license === ''
        ? `${name}@${version} tells no licence`
        : `${name}@${version}: ${license} is not allowed`,
    )
}

/** How many shipped packages have which licence, most first. */
export function countLicences(locked: readonly Locked[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const { isShipped, license } of locked)
    if (isShipped) counts.set(license, (counts.get(license) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)
}
