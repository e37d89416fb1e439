import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { StartError } from '../errors.ts'
import { hint } from '../lib/nearest.ts'
import type { ExplainArgs } from './explain/index.ts'
import { HELP, type Topic } from './help.ts'
import { EXIT, type Io } from './io.ts'
import type { ReportArgs } from './report/index.ts'

export interface ServeArgs {
  readonly config: string
  readonly fixed?: string
}

export interface CheckArgs {
  readonly files: readonly string[]
  readonly isQuiet: boolean
  readonly isJson: boolean
}

export interface DecideArgs {
  readonly config: string
  /** `-` is standard input. */
  readonly input: string
}

/** What stands behind the commands; each resolves with an exit code. */
export interface Commands {
  serve(args: ServeArgs, io: Io): Promise<number>
  check(args: CheckArgs, io: Io): Promise<number>
  decide(args: DecideArgs, io: Io): Promise<number>
  explain(args: ExplainArgs, io: Io): Promise<number>
  report(args: ReportArgs, io: Io): Promise<number>
}

class UsageError extends Error {}

/** Reads the command line and runs the command. Never rejects. */
export async function run(argv: readonly string[], commands: Commands, io: Io): Promise<number> {
  try {
    return await dispatch(argv, commands, io)
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`vigil: ${error.message}\nTry vigil ${nameOf(argv)}--help\n`)
      return EXIT.usage
    }
    if (error instanceof StartError) {
      io.stderr(`vigil: ${error.message}\n`)
      return EXIT.refused
    }
    io.stderr(`vigil: ${error instanceof Error ? error.message : 'unexpected fault'}\n`)
    return EXIT.internal
  }
}

function dispatch(argv: readonly string[], commands: Commands, io: Io): Promise<number> | number {
  const [command, ...rest] = argv
  switch (command) {
    case 'serve':
      return serve(rest, commands, io)
    case 'decide':
      return decide(rest, commands, io)
    case 'explain':
      return explain(rest, commands, io)
    case 'report':
      return report(rest, commands, io)
    case 'config':
      if (rest[0] === 'check') return check(rest.slice(1), commands, io)
      if (rest[0] === undefined || isHelp(rest[0])) return print(io, HELP['config check'])
      throw new UsageError(`unknown command "config ${rest[0]}"; did you mean "config check"?`)
    case '--version':
    case '-V':
      return print(io, `vigil ${version()}\n`)
    case undefined:
    case 'help':
      return print(io, HELP.main)
    default:
      if (isHelp(command)) return print(io, HELP.main)
      throw new UsageError(`unknown command "${command}"${hint(command, COMMANDS)}`)
  }
}

const COMMANDS = ['serve', 'config', 'decide', 'explain', 'report']

/** The command that has a help of its own, and a blank; empty where there is none. */
function nameOf([command = '']: readonly string[]): string {
  const name = command === 'config' ? 'config check' : command
  return name !== 'main' && Object.hasOwn(HELP, name) ? `${name} ` : ''
}

const isHelp = (word: string) => word === '--help' || word === '-h'

function serve(argv: readonly string[], commands: Commands, io: Io) {
  const { values, positionals } = read(argv, { config: 'string', static: 'string' })
  if (values['help']) return help(io, 'serve')
  if (positionals.length > 0)
    throw new UsageError(`serve takes no files besides its options: ${positionals[0]}`)
  const fixed = text(values['static'])
  return commands.serve({ config: needed(values, 'serve'), ...(fixed === undefined ? {} : { fixed }) }, io)
}

function check(argv: readonly string[], commands: Commands, io: Io) {
  const { values, positionals } = read(argv, { quiet: 'boolean', json: 'boolean' })
  if (values['help']) return help(io, 'config check')
  if (positionals.length === 0) throw new UsageError('config check needs at least one FILE')
  return commands.check(
    { files: positionals, isQuiet: values['quiet'] === true, isJson: values['json'] === true },
    io,
  )
}

function decide(argv: readonly string[], commands: Commands, io: Io) {
  const { values, positionals } = read(argv, { config: 'string' })
  if (values['help']) return help(io, 'decide')
  if (positionals.length > 1) throw new UsageError('decide takes one FILE, or - for standard input')
  return commands.decide({ config: needed(values, 'decide'), input: positionals[0] ?? '-' }, io)
}

function explain(argv: readonly string[], commands: Commands, io: Io) {
  const { values, positionals } = read(argv, { list: 'boolean', json: 'boolean', config: 'string' })
  if (values['help']) return help(io, 'explain')
  const [input, id, ...more] = positionals
  if (input === undefined) throw new UsageError('explain needs a FILE of records, or - for standard input')
  if (more.length > 0) throw new UsageError('explain takes one FILE and one ID')
  const isList = values['list'] === true
  if (isList && id !== undefined) throw new UsageError('explain takes an ID or --list, not both')
  const config = text(values['config'])
  return commands.explain({ input, id, isList, isJson: values['json'] === true, config }, io)
}

function report(argv: readonly string[], commands: Commands, io: Io) {
  const { values, positionals } = read(argv, { records: 'string', json: 'string', html: 'string' })
  if (values['help']) return help(io, 'report')
  if (positionals.length > 0) throw new UsageError(`report takes its file as --records ${positionals[0]}`)
  const records = text(values['records'])
  if (records === undefined) throw new UsageError('report needs --records FILE, or - for standard input')
  return commands.report({ records, json: text(values['json']), html: text(values['html']) }, io)
}

type Values = Readonly<Record<string, string | boolean | undefined>>

function read(
  argv: readonly string[],
  options: Readonly<Record<string, 'string' | 'boolean'>>,
): { values: Values; positionals: string[] } {
  const all = { ...options, help: 'boolean' } as const
  const known = Object.fromEntries(Object.entries(all).map(([name, type]) => [name, { type }]))
  try {
    const short = { ...known, help: { type: 'boolean', short: 'h' } } as const
    return parseArgs({ args: [...argv], options: short, allowPositionals: true }) as {
      values: Values
      positionals: string[]
    }
  } catch (error) {
    // By shape, not by class: node:util's errors may come from another realm.
    const message = String((error as { message?: unknown } | undefined)?.message ?? '')
    const unknown = /Unknown option '(--?[^' ]+)'/.exec(message)?.[1]
    if (unknown === undefined) throw new UsageError(message.split('.')[0] ?? 'wrong usage')
    throw new UsageError(
      `unknown option ${unknown}${hint(
        unknown,
        Object.keys(all).map((name) => `--${name}`),
      )}`,
    )
  }
}

function needed(values: Values, command: string): string {
  const config = text(values['config'])
  if (config === undefined)
    throw new UsageError(`${command} needs --config FILE, e.g. vigil ${command} --config vigil.yaml`)
  return config
}

const text = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined)

function print(io: Io, message: string): number {
  io.stdout(message)
  return EXIT.ok
}

const help = (io: Io, topic: Topic) => print(io, HELP[topic])

/** The package's version; `package.json` stands beside src and beside dist. */
function version(): string {
  return (createRequire(import.meta.url)('../../package.json') as { version: string }).version
}
