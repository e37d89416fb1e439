/** The oldest major version of Node that runs Vigil's code. */
export const OLDEST_NODE: number

/** Whether a Node of this version is too old to run Vigil. */
export function isTooOld(version?: string): boolean

/** Path of the Node binary that was installed with Vigil, or undefined where there is none. */
export function pinnedNode(platform?: string): string | undefined

/** Runs `node args` in place of this process: same stdio, signals passed on, same end. */
export function runInstead(node: string | undefined, args: string[]): void
