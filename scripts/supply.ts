/** `npm run supply`: what Vigil is made of, and whether that is pinned, licensed and known to be sound. */
import { parseArgs } from 'node:util'
import { type Audit, audit } from './supply/audit.ts'
import { countLicences, flawsOfLicences } from './supply/licences.ts'
import { flawsOfPins, readLock, readManifest } from './supply/lock.ts'
import { makeSbom } from './supply/sbom.ts'
import { flawsOfScripts, NOT_NEEDED } from './supply/scripts.ts'

const HELP = `Usage: npm run supply [-- sbom]

Without a word: pins, install scripts and licences by package-lock.json, the bill of materials by npm, and what the registry knows
of vulnerabilities. Ends with 1 when something is wrong; a registry that does not answer is told loudly, and is nothing wrong.

  npm run supply
  npm run -s supply -- sbom > vigil.cdx.json     the bill of materials of what is shipped (CycloneDX)
`

interface Row {
  readonly what: string
  /** What was found good; undefined: nothing is known. */
  readonly says: string | undefined
  readonly flaws: readonly string[]
}

function rowsOf(result: Audit): Row[] {
  const locked = readLock()
  const shipped = locked.filter(({ isShipped }) => isShipped)
  const licences = countLicences(locked).map(([licence, count]) => `${count} ${licence}`)
  const bom = makeSbom()
  return [
    {
      what: 'pins',
      says: `${locked.length} packages by version and SHA-512`,
      flaws: flawsOfPins(readManifest(), locked),
    },
    {
      what: 'install scripts',
      says: `none is needed, none runs; ${Object.keys(NOT_NEEDED).join(', ')} bring one`,
      flaws: flawsOfScripts(locked),
    },
    {
      what: 'licences',
      says: `${shipped.length} shipped: ${licences.join(', ')}`,
      flaws: flawsOfLicences(locked),
    },
    { what: 'SBOM', says: `${bom.bomFormat}, ${bom.components.length} components`, flaws: [] },
    {
      what: 'vulnerabilities',
      says: result.state === 'clean' ? 'the registry knows of none' : undefined,
      flaws: result.state === 'found' ? result.names : [],
    },
  ]
}

function report(): number {
  console.error('asking the registry about vulnerabilities…')
  const result = audit()
  const rows = rowsOf(result)
  for (const { what, says, flaws } of rows) {
    const state = flaws.length > 0 ? 'FAILED' : says === undefined ? '?' : 'ok'
    console.log(
      `${state.padEnd(8)}${what.padEnd(17)}${flaws.length > 0 ? '' : (says ?? 'not asked')}`.trimEnd(),
    )
    for (const flaw of flaws) console.log(`        ${flaw}`)
  }
  if (result.state === 'not-asked')
    console.log(
      `\n*** THE REGISTRY COULD NOT BE ASKED ABOUT VULNERABILITIES, so nothing is known of them: ${result.why} ***`,
    )
  return rows.every(({ flaws }) => flaws.length === 0) ? 0 : 1
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  })
  const [command, ...more] = positionals
  if (values.help || more.length > 0 || (command !== undefined && command !== 'sbom')) {
    console.log(HELP)
    return values.help ? 0 : 2
  }
  if (command === undefined) return report()
  console.log(JSON.stringify(makeSbom(), undefined, 2))
  return 0
}

process.exitCode = main()
