#!/usr/bin/env node
// The command `vigil` on any Node >= 18: hands over to a Node that is new enough, then to the built service.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isTooOld, missingFlags, pinnedNode, runInstead, runWithFlags } from './runtime.js'

const main = new URL('../dist/main.js', import.meta.url)
const flags = process.argv[2] === 'serve' ? missingFlags() : []

if (isTooOld()) {
  runInstead(pinnedNode(), [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)])
} else if (existsSync(main)) {
  // Does not come back, but where this system cannot do it: there Vigil only takes more memory.
  if (flags.length > 0) runWithFlags(flags)
  await import(main)
} else {
  console.error('vigil is not built: run `npm run build`.')
  process.exitCode = 70 // EX_SOFTWARE
}
