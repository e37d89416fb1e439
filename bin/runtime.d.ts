/** The oldest major version of Node that runs Vigil's code. */
export const OLDEST_NODE: number

/** Whether a Node of this version is too old to run Vigil. */
export function isTooOld(version?: string): boolean

/** Path of the Node binary that was installed with Vigil, or undefined where there is none. */
export function pinnedNode(platform?: string): string | undefined

/** Runs `node args` in place of this process: same stdio, signals passed on, same end. */
export function runInstead(node: string | undefined, args: string[]): void

/** How V8 is asked to spare memory while Vigil serves. */
export const SERVE_FLAGS: readonly string[]

/** Those of them that nobody has set on the command line or in NODE_OPTIONS. */
export function missingFlags(execArgv?: readonly string[], options?: string): string[]

/** Puts this command with more flags in place of this process; returns where that cannot be. */
export function runWithFlags(flags: readonly string[]): void
