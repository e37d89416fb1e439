import { describe, expect, test } from '@jest/globals'
import {
  closingLine,
  countByFolder,
  type JestReport,
  MISSING_TOOL_MARK,
  renderTable,
  sum,
} from '../../scripts/test/count.ts'

function file(name: string, statuses: string[], status = 'passed'): JestReport['testResults'][number] {
  return {
    name: `/repo/test/${name}`,
    status,
    assertionResults: statuses.map((each) => ({ status: each, fullName: 'a test' })),
  }
}

function count(...testResults: JestReport['testResults']) {
  return countByFolder({ testResults }, '/repo/test')
}

describe('countByFolder', () => {
  test('adds the files of one folder up and keeps folders apart', () => {
    const rows = count(
      file('risk/a.test.ts', ['passed', 'passed']),
      file('e2e/b.test.ts', ['failed', 'pending'], 'failed'),
      file('risk/signals/c.test.ts', ['passed', 'todo']),
    )
    expect(rows).toEqual([
      { folder: 'e2e', files: 1, passed: 0, failed: 1, skipped: 1, missingTool: 0 },
      { folder: 'risk', files: 2, passed: 3, failed: 0, skipped: 1, missingTool: 0 },
    ])
  })

  test('a file that could not run at all is one failure', () => {
    const [row] = count(file('lib/broken.test.ts', [], 'failed'))
    expect(row).toMatchObject({ folder: 'lib', failed: 1 })
  })

  test('a broken file in a folder with other failures is still counted', () => {
    const [row] = count(file('lib/a.test.ts', ['failed'], 'failed'), file('lib/b.test.ts', [], 'failed'))
    expect(row?.failed).toBe(2)
  })

  test('a file straight under test/ stands under a dot', () => {
    expect(count(file('layers.test.ts', ['passed']))[0]?.folder).toBe('.')
  })

  test('a test skipped for want of a tool is counted as such', () => {
    const skipped = file('e2e/a.test.ts', ['pending', 'pending'])
    skipped.assertionResults[0] = { status: 'pending', fullName: `envoy ${MISSING_TOOL_MARK} needs envoy` }
    expect(count(skipped)[0]).toMatchObject({ skipped: 2, missingTool: 1 })
  })
})

test('the closing line has the promised form', () => {
  const total = sum([
    { passed: 3, failed: 0, skipped: 1 },
    { passed: 4, failed: 2, skipped: 0 },
  ])
  expect(closingLine(total)).toBe('7 passed, 2 failed, 1 skipped')
})

test('the table names the layer of each folder', () => {
  const table = renderTable(count(file('e2e/a.test.ts', ['passed']), file('risk/a.test.ts', ['passed'])))
  expect(table.split('\n')).toEqual([
    'layer  folder     files  passed  failed  skipped',
    'e2e    test/e2e       1       1       0        0',
    'unit   test/risk      1       1       0        0',
  ])
})
