import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { COMMANDS, FOLDER } from './pictures/figures.ts'
import { taken } from './pictures/take.ts'
import { ROOT } from './root.ts'

const HELP = `npm run pictures -- [FILE...]

Takes what benchmarks wrote with --json into ${FOLDER}/, without the rounds one by one, and writes the tables and pictures of
the docs again. Without a file only the latter. Of curves (--only CURVE) those of the file are taken, and the others stay.

${Object.entries(COMMANDS)
  .map(([name, command]) => `  ${name.padEnd(8)} ${command}`)
  .join('\n')}

Examples
  npm run bench:growth -- --json growth.json && npm run pictures -- growth.json
  npm run pictures

Exit codes
  0   written
  1   a file is not what a benchmark writes, or of a quick run
  2   wrong usage
`

async function main(args: readonly string[]): Promise<number> {
  let files: readonly string[]
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    })
    if (values.help) {
      process.stdout.write(HELP)
      return 0
    }
    files = positionals
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\nnpm run pictures -- --help\n`)
    return 2
  }
  for (const file of files) take(file)
  const { figurePages } = await import('./pictures/pages.ts')
  for (const { file, generate } of await figurePages()) {
    const path = join(ROOT, file)
    writeFileSync(path, generate(read(path)))
    process.stdout.write(`${file}\n`)
  }
  return 0
}

function take(file: string): void {
  for (const { name, figures } of taken(JSON.parse(readFileSync(file, 'utf8')))) {
    writeFileSync(join(ROOT, FOLDER, `${name}.json`), `${JSON.stringify(figures, null, 1)}\n`)
    process.stdout.write(`${file} taken as ${FOLDER}/${name}.json\n`)
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // a picture that is drawn for the first time
  }
}

process.exitCode = await main(process.argv.slice(2))
