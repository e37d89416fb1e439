import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import type { Decision } from '../../src/model.ts'
import { lineOf, recordOf } from './records/fixtures.ts'

const scratch = mkdtempSync(join(tmpdir(), 'vigil-pipe-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const DENIED: Decision = {
  effect: 'deny',
  failure: 'policy.action.unknown',
  reasons: ['policy.action.unknown'],
  shadow: [],
  degraded: [],
}

test('a reader who has seen enough ends the command quietly', async () => {
  const file = join(scratch, 'audit.jsonl')
  writeFileSync(file, `${lineOf(recordOf({ decision: DENIED }))}\n`.repeat(5000))
  const child = spawn(process.execPath, [join(ROOT, 'src/main.ts'), 'explain', file, '--list'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let err = ''
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  expect(await once(child, 'close')).toEqual([0, null])
  expect(err).toBe('')
})
