/** `npm run demo`: the product's story through a real Envoy, then a place to try it with curl. */
import { readFileSync } from 'node:fs'
import { writeConfig } from './edit.ts'
import { listOf, selectActs } from './list.ts'
import { sentenceOf } from './log.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { addPages, invitation } from './pages.ts'
import { checkWritable, writeResults } from './results.ts'
import { type Act, type Audience, playStory } from './scene.ts'
import { STORY } from './scenes/story.ts'
import { createTable } from './table.ts'
import { type Stage, setStage, type World } from './world.ts'

/** Where the output goes to no terminal. */
const DEFAULT_COLUMNS = 130
/** What a shell reports for a program that Ctrl-C ended. */
const INTERRUPTED = 130
const say = (text: string) => console.log(text)

async function main(args: readonly string[]): Promise<number> {
  let options: Options | 'help' | 'list'
  let story = STORY
  try {
    options = readOptions(args)
    if (options === 'help' || options === 'list') {
      say(options === 'help' ? HELP : listOf(STORY))
      return 0
    }
    for (const file of [options.json, options.report]) if (file !== undefined) checkWritable(file)
    if (options.scene !== undefined) story = selectActs(STORY, options.scene)
  } catch (error) {
    console.error(`demo: ${messageOf(error)}\nTry: npm run demo -- --help`)
    return 2
  }
  return run(options, story)
}

async function run(options: Options, story: readonly Act[]): Promise<number> {
  const interrupted = onInterrupt()
  const stage = await start(options)
  if (stage === undefined) return 1
  try {
    const interruption = abortOf(interrupted).then(() => INTERRUPTED)
    const code = await Promise.race([perform(stage.world, options, story, interrupted), interruption])
    if (!options.isOnce) await interruption
    return code
  } catch (error) {
    console.error(`demo: ${messageOf(error)}`)
    return 1
  } finally {
    await stage.strike()
  }
}

async function start({ store, isOnce, report }: Options): Promise<Stage | undefined> {
  try {
    return await setStage({ store, report, isAlwaysFree: isOnce, say: (line) => say(`  ${line}`) })
  } catch (error) {
    console.error(`demo: could not start: ${messageOf(error)}`)
    return undefined
  }
}

/** Plays everything; without `--once` Vigil is then brought back and made ready to be tried. */
async function perform(
  world: World,
  options: Options,
  story: readonly Act[],
  interrupted: AbortSignal,
): Promise<number> {
  const config = readFileSync(world.files.config, 'utf8')
  const table = createTable(columns(), process.stdout.isTTY === true)
  const audience: Audience = {
    act: (title) => say(table.act(title)),
    played: (result, number) => say(table.row(number, result)),
  }
  say(`\n${table.head()}`)
  const results = await playStory(story, world, audience, interrupted)
  if (results === undefined) return INTERRUPTED
  if (options.json !== undefined) writeResults(options.json, results)
  const wrong = results.filter(({ ok }) => !ok).length
  say(`\n${results.length - wrong} of ${results.length} scenes went as expected.\n`)
  if (!options.isOnce) {
    await world.vigil.stop()
    writeConfig(world, config)
    await world.vigil.start()
    if (interrupted.aborted) return INTERRUPTED
    addPages(world)
    say(invitation(world))
    world.vigil.follow((line) => say(`Vigil ${sentenceOf(line)}`))
  }
  return wrong === 0 ? 0 : 1
}

/** Of the terminal; a shell that pipes the output may still have told its own. */
function columns(): number {
  return process.stdout.columns ?? (Number(process.env['COLUMNS']) || DEFAULT_COLUMNS)
}

/** Aborted by the first Ctrl-C or SIGTERM; a second one ends at once. */
function onInterrupt(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say('\nending')
      controller.abort()
    })
  }
  return controller.signal
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const code = await main(process.argv.slice(2))
// The scene at hand may still wait for something that has ended meanwhile.
if (code === INTERRUPTED) process.exit(code)
process.exitCode = code
