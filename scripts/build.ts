/** `npm run build`: src -> dist, from nothing, with everything that is not TypeScript but read at run time. */
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packAsnTable } from '../src/context/network/asn-table.ts'
import { readPackagedAsn } from '../src/context/network/open.ts'
import { ROOT } from './root.ts'

/** What the service reads at run time; the pages of signals (*.md) are documentation and stay behind. */
const ASSETS = '**/*.json'

function main(): number {
  const dist = join(ROOT, 'dist')
  rmSync(dist, { recursive: true, force: true })
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  if (status !== 0) return status ?? 1
  const src = join(ROOT, 'src')
  // tsc writes the JSON it saw imported; copying all of it also covers what is read by path.
  for (const asset of globSync(ASSETS, { cwd: src })) cpSync(join(src, asset), join(dist, asset))
  packNetworkData(join(dist, 'context', 'network', 'asn.bin'))
  return 0
}

/** Reading the packed table takes a start a hundredth of the time. Without the (optional) package there is none to pack. */
function packNetworkData(file: string): void {
  try {
    writeFileSync(file, packAsnTable(readPackagedAsn()))
  } catch (error) {
    console.warn(`no ASN data: ${error instanceof Error ? error.message : error}`)
  }
}

process.exitCode = main()
