/** A value that has moved is refused by its new name, although the schema knows no value that is none. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { MOVED, type Moved, movedFile, withMoved } from '../../scripts/chart/moved.ts'
import { ownSchema } from '../../scripts/chart/schema.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { CHART, refusal, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

const EXAMPLES: readonly Moved[] = [
  { old: 'replicas', now: 'replicaCount', since: '9.1.0' },
  { old: 'service.grpcPort', now: 'service.port', since: '9.2.0' },
  { old: 'gone.section.name', now: 'fullnameOverride', since: '9.3.0' },
]

const folder = mkdtempSync(join(tmpdir(), 'vigil-moved-'))
const chart = join(folder, 'vigil')

beforeAll(() => {
  cpSync(CHART, chart, { recursive: true })
  const file = join(chart, 'values.schema.json')
  const schema = withMoved(JSON.parse(readFileSync(file, 'utf8')), EXAMPLES)
  // As `npm run docs` does: names are told after what has moved is known.
  delete schema['propertyNames']
  delete schema.properties?.['service']?.['propertyNames']
  writeFileSync(file, JSON.stringify(schema))
  writeFileSync(join(chart, 'files', 'moved.yaml'), movedFile(EXAMPLES))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describeWithHelm('a value that has moved', (helm) => {
  test.each<[string, object, string]>([
    ['at the top', { replicas: 3 }, 'replicas is called replicaCount since version 9.1.0: rename it'],
    [
      'in a section',
      { service: { grpcPort: 1 } },
      'service.grpcPort is called service.port since version 9.2.0',
    ],
    [
      'in a section that there is no more',
      { gone: { section: { name: '' } } },
      'gone.section.name is called fullnameOverride since version 9.3.0',
    ],
  ])('%s is refused by its new name', (_, values, words) => {
    const said = refusal(helm, over(MINIMAL, values as Record<string, unknown>), { chart })
    expect(said).toContain(words)
    expect(said.match(/^- /gm)).toHaveLength(1)
  })

  test('is missed by nobody who uses the new one', () => {
    expect(() =>
      render(helm, over(MINIMAL, { service: { port: 1 }, replicaCount: 1 }), { chart }),
    ).not.toThrow()
  })
})

test('what has moved is no value any more, and what it is now is one', () => {
  const isValue = (path: string): boolean => {
    let at: ReturnType<typeof ownSchema> | undefined = ownSchema()
    for (const name of path.split('.')) at = at?.properties?.[name]
    return at !== undefined
  }
  for (const { old, now } of [...MOVED, { old: 'replicas', now: 'service.port' }])
    expect([isValue(old), isValue(now)]).toEqual([false, true])
})
