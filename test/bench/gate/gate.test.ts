import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { type Cost, LIMITS } from './limits.ts'

/** A change that makes a check dearer turns red here, on whatever machine. Times are left to `npm run bench`. */
let cost: Cost

beforeAll(() => {
  const script = join(import.meta.dirname, 'child.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the cost of a check could not be measured: ${stderr}`)
  cost = JSON.parse(stdout) as Cost
  console.log(`one check costs: ${stdout.trim()}`)
}, 240_000)

test.each(Object.entries(LIMITS) as [keyof Cost, number][])('%s of one check: at most %d', (what, most) => {
  expect(cost[what]).toBeGreaterThan(0)
  expect(cost[what]).toBeLessThanOrEqual(most)
})
