#!/usr/bin/env node
// The command `vigil` on any Node >= 18: hands over to a Node that is new enough, then to the built service.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isTooOld, pinnedNode, runInstead } from './runtime.js'

const main = new URL('../dist/main.js', import.meta.url)

if (isTooOld()) {
  runInstead(pinnedNode(), [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)])
} else if (existsSync(main)) {
  await import(main)
} else {
  console.error('vigil is not built: run `npm run build`.')
  process.exitCode = 70 // EX_SOFTWARE
}
