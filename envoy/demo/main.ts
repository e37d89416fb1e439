/** `npm run demo`: the product's story through a real Envoy, then a place to try it with curl. */
import { readFileSync } from 'node:fs'
import { writeConfig } from './edit.ts'
import { sentenceOf } from './log.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { addPages, invitation } from './pages.ts'
import { checkWritable, writeResults } from './results.ts'
import { playScene, type Result } from './scene.ts'
import { STORY } from './scenes/story.ts'
import { createTable } from './table.ts'
import { type Stage, setStage, type World } from './world.ts'

/** Where the output goes to no terminal. */
const DEFAULT_COLUMNS = 130
/** What a shell reports for a program that Ctrl-C ended. */
const INTERRUPTED = 130
const say = (text: string) => console.log(text)

async function main(args: readonly string[]): Promise<number> {
  let options: Options | 'help'
  try {
    options = readOptions(args)
    if (options !== 'help' && options.json !== undefined) checkWritable(options.json)
  } catch (error) {
    console.error(`demo: ${messageOf(error)}\nTry: npm run demo -- --help`)
    return 2
  }
  if (options === 'help') {
    say(HELP)
    return 0
  }
  return run(options)
}

async function run(options: Options): Promise<number> {
  const interrupted = onInterrupt()
  const stage = await start(options)
  if (stage === undefined) return 1
  try {
    const code = await Promise.race([perform(stage.world, options), interrupted.then(() => INTERRUPTED)])
    if (!options.isOnce && code !== INTERRUPTED) await interrupted
    return code
  } catch (error) {
    console.error(`demo: ${messageOf(error)}`)
    return 1
  } finally {
    await stage.strike()
  }
}

async function start({ store, isOnce }: Options): Promise<Stage | undefined> {
  try {
    return await setStage({ store, isAlwaysFree: isOnce, say: (line) => say(`  ${line}`) })
  } catch (error) {
    console.error(`demo: could not start: ${messageOf(error)}`)
    return undefined
  }
}

/** Plays everything; without `--once` Vigil is then brought back and made ready to be tried. */
async function perform(world: World, options: Options): Promise<number> {
  const config = readFileSync(world.files.config, 'utf8')
  const results = await play(world)
  if (options.json !== undefined) writeResults(options.json, results)
  const wrong = results.filter(({ ok }) => !ok).length
  say(`\n${results.length - wrong} of ${results.length} scenes went as expected.\n`)
  if (!options.isOnce) {
    writeConfig(world, config)
    await world.vigil.start()
    addPages(world)
    say(invitation(world))
    world.vigil.follow((line) => say(`Vigil ${sentenceOf(line)}`))
  }
  return wrong === 0 ? 0 : 1
}

async function play(world: World): Promise<Result[]> {
  const table = createTable(columns(), process.stdout.isTTY === true)
  const results: Result[] = []
  say(`\n${table.head()}`)
  for (const act of STORY) {
    say(table.act(act.title))
    for (const scene of act.scenes) {
      const result = await playScene(scene, world)
      results.push(result)
      say(table.row(results.length, result))
    }
  }
  return results
}

/** Of the terminal; a shell that pipes the output may still have told its own. */
function columns(): number {
  return process.stdout.columns ?? (Number(process.env['COLUMNS']) || DEFAULT_COLUMNS)
}

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends at once. */
function onInterrupt(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        say('\nending')
        resolve()
      })
    }
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

process.exitCode = await main(process.argv.slice(2))
