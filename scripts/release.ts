/** `npm run release -- COMMAND`: what the release workflow does that can be tried without it. */
import { readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { pinBases } from './release/bases.ts'
import { sectionOf, withAbsoluteLinks } from './release/changelog.ts'
import { changesOf } from './release/changes.ts'
import { parseImage, pushedDigest, stageChart } from './release/chart.ts'
import { strayVersions, versionOfTag } from './release/version.ts'
import { ROOT } from './root.ts'

const HELP = `Usage: npm run -s release -- COMMAND

  check TAG                  the tag, package.json and the chart tell one version, and CHANGELOG.md tells of it; prints it
  notes TAG REPOSITORY       the section of CHANGELOG.md; links lead into REPOSITORY (https://…) at the tag
  bases                      resolves both images that the Dockerfile starts from, verifies that distroless signed the one
                             that is shipped, and prints NAME=VALUE for the build
  chart TAG IMAGE FOLDER     a copy of the chart that installs IMAGE (registry/repository@sha256:…)
  pushed < SAID              the digest in what helm push said
`

const CHART = join(ROOT, 'charts', 'vigil')
const textOf = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8')

function check(tag: string): string {
  const version = versionOfTag(tag)
  const chart = parse(textOf('charts', 'vigil', 'Chart.yaml')) as { version: string; appVersion: string }
  const { version: own } = JSON.parse(textOf('package.json')) as { version: string }
  const stray = strayVersions(version, { package: own, chart: chart.version, app: chart.appVersion })
  if (stray.length > 0) throw new Error(stray.join('; '))
  sectionOf(textOf('CHANGELOG.md'), version)
  return version
}

function bases(): string {
  const pinned = Object.entries(pinBases(textOf('Dockerfile'), process.env))
  return pinned.map(([name, value]) => `${name}=${value}`).join('\n')
}

function chart(tag: string, image: string, folder: string): string {
  const version = versionOfTag(tag)
  const changes = changesOf(textOf('CHANGELOG.md'), version)
  stageChart(CHART, folder, parseImage(image), { version, changes })
  return folder
}

const COMMANDS: Readonly<Record<string, (...args: string[]) => string>> = {
  check,
  notes: (tag, repository) =>
    withAbsoluteLinks(
      sectionOf(textOf('CHANGELOG.md'), versionOfTag(tag ?? '')),
      repository ?? '',
      tag ?? '',
    ),
  bases,
  chart,
  pushed: () => pushedDigest(readFileSync(0, 'utf8')),
}

function main([name = '', ...args]: readonly string[]): number {
  const command = COMMANDS[name]
  if (command === undefined) {
    writeSync(2, HELP)
    return 2
  }
  try {
    console.log(command(...args))
    return 0
  } catch (error) {
    writeSync(2, `release: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

process.exitCode = main(process.argv.slice(2))
