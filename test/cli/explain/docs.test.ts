import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ROOT } from '../../../scripts/root.ts'
import { explainFile } from '../../../src/cli/explain/index.ts'
import { over } from '../records/fixtures.ts'

const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8')

test('docs/records.md shows what is told of the example in docs/audit.md', async () => {
  const record: object = JSON.parse(
    /## An example\n[\s\S]*?```json\n([\s\S]*?)```/.exec(page('audit.md'))?.[1] ?? '',
  )
  const args = { input: '-', id: '5f0c0c0c', isList: false, isJson: false }
  const { out } = await over([JSON.stringify(record)], (io) => explainFile(args, io))
  expect(/```text\n([\s\S]*?)```/.exec(page('records.md'))?.[1]).toBe(out)
})
