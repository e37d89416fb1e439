import { spawnSync } from 'node:child_process'

/** util-linux: starts a program as the first of new namespaces, which end with it. */
export const NAMESPACES = [
  'unshare',
  ...['--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', '--kill-child'],
] as const

/** Whether this system lets an ordinary user have namespaces, and has iproute2 to use them. */
export function hasNamespaces(): boolean {
  const [unshare, ...flags] = NAMESPACES
  return spawnSync(unshare, [...flags, 'ip', 'link', 'set', 'lo', 'up'], { timeout: 10_000 }).status === 0
}
