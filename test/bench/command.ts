/** What the commands that measure have in common: help, wrong usage, and the figures in a file. */
import { closeSync, openSync, writeFileSync } from 'node:fs'

export interface Command<O extends { readonly json?: string }, R> {
  /** As it is typed: `npm run bench`. */
  readonly name: string
  readonly help: string
  /** @returns undefined when help is asked for. @throws with a sentence when the arguments are wrong. */
  readonly parse: (args: readonly string[]) => O | undefined
  readonly run: (options: O) => Promise<R>
  /** What goes to standard output. */
  readonly render: (report: R) => string
  /** 0 where it is left out: measured, whatever the figures. */
  readonly exitCode?: (report: R) => number
}

/** @returns the exit code; 2 for wrong usage */
export async function runCommand<O extends { readonly json?: string }, R>(
  { name, help, parse, run, render, exitCode }: Command<O, R>,
  args: readonly string[],
): Promise<number> {
  let options: O | undefined
  try {
    options = parse(args)
    if (options?.json !== undefined) tryToOpen(options.json)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${name} -- --help\n`)
    return 2
  }
  if (options === undefined) {
    process.stdout.write(help)
    return 0
  }
  const report = await run(options)
  process.stdout.write(`${render(report)}\n`)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  return exitCode?.(report) ?? 0
}

/** Found out before a measurement of twenty minutes and not after it; what a file holds by now stays until then. */
function tryToOpen(file: string): void {
  closeSync(openSync(file, 'a'))
}
