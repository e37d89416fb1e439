import { expect, test } from '@jest/globals'
import type { Kept } from '../src/config/last-good.ts'
import type { Read } from '../src/config/read.ts'
import type { Compiled } from '../src/errors.ts'
import { type FirstDeps, firstGeneration } from '../src/first-generation.ts'
import { fakeLog } from './store/fakes.ts'

const PROBLEMS = [{ file: 'vigil.yaml', line: 3, column: 7, message: 'unknown key actoins' }]
const bad: Read<string> = { ok: false, problems: PROBLEMS }
const kept: Kept = { settings: {}, hash: '00000000000000a1', sinceMs: Date.UTC(2026, 10, 24, 10) }

async function begin(over: {
  mounted?: Read<string>
  kept?: Kept | string
  restored?: Compiled<string>
  isShared?: boolean
}) {
  const log = fakeLog()
  let err = ''
  const deps: FirstDeps<string> = {
    read: () => Promise.resolve(over.mounted ?? bad),
    restore: () => over.restored ?? { ok: true, value: 'kept' },
    lastGood: { recall: () => Promise.resolve(over.kept ?? kept) },
    isShared: over.isShared ?? true,
    log,
    io: {
      stderr: (text) => {
        err += text
      },
    },
  }
  return { first: await firstGeneration(deps), err, lines: log.lines }
}

test('begins with what is mounted, and asks nobody else', async () => {
  const mounted: Read<string> = { ok: true, value: 'mounted', warnings: [] }
  const { first, err, lines } = await begin({ mounted, kept: 'must not be asked' })
  expect({ first, err, lines }).toEqual({ first: mounted, err: '', lines: [] })
})

test('begins with the last good one where what is mounted is bad, and says so', async () => {
  const { first, err, lines } = await begin({})
  expect(first).toEqual({ value: 'kept', refused: PROBLEMS, sinceMs: kept.sinceMs })
  expect(err).toContain('vigil.yaml:3:7: unknown key actoins')
  expect(lines).toEqual([
    'error configuration refused at the start, the last good one from the store is used {"hash":"00000000000000a1","since":"2026-11-24T10:00:00.000Z","problems":["vigil.yaml:3:7: unknown key actoins"],"count":1}',
  ])
})

test('begins with nothing where there is none, and says why', async () => {
  const { first, err } = await begin({ kept: 'nothing is kept' })
  expect(first).toBeUndefined()
  expect(err).toContain('unknown key actoins')
  expect(err).toMatch(/^vigil: there is no last good configuration to start from: nothing is kept$/m)
})

test('with the memory store it says what it always said', async () => {
  const { first, err } = await begin({ kept: 'nothing is kept', isShared: false })
  expect(first).toBeUndefined()
  expect(err).not.toContain('last good')
})

test('begins with nothing where what was kept is not good here', async () => {
  const problem = { path: ['identity', 'issuers', 0, 'jwks', 'file'], message: 'there is no such file' }
  const { first, err } = await begin({ restored: { ok: false, problems: [problem] } })
  expect(first).toBeUndefined()
  expect(err).toContain('what is kept is not good here (identity.issuers.0.jwks.file: there is no such file)')
})
