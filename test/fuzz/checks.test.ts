/** The short form of `npm run fuzz`: the same cases in every run, so that it fails for a change and for nothing else. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { addCounts, noCounts, runBatch } from './checks/campaign.ts'
import { corpusNames, playEntry } from './checks/corpus.ts'

/** Each has configurations of its own. */
const SEEDS = [11, 12, 13, 14, 15]
const CASES = 2000
const WORLDS = 10

test('10,000 changed requests: none is allowed that must not be, and each answer is as every answer must be', async () => {
  const counts = noCounts()
  const folder = mkdtempSync(join(tmpdir(), 'vigil-fuzz-'))
  try {
    for (const seed of SEEDS) {
      const { counts: some, found } = await runBatch({ seed, cases: CASES, worlds: WORLDS, folder })
      addCounts(counts, some)
      expect(found && `${found.flaw} (seed ${seed}, after ${found.cases} cases)`).toBeUndefined()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const { checks, allowed, clean, cleanAllowed, changedAllowed } = counts
  const changed = checks - clean
  process.stdout.write(
    `fuzz: seeds ${SEEDS}; ${checks} checks, ${allowed} allowed; ${cleanAllowed} of ${clean} plain, ${changedAllowed} of ${changed} changed\n`,
  )
  // Where nearly all or nearly nothing passes, changes say nothing.
  expect(cleanAllowed / clean).toBeGreaterThan(0.6)
  expect(changedAllowed / changed).toBeGreaterThan(0.2)
  expect(changedAllowed / changed).toBeLessThan(0.8)
}, 300_000)

test.each(corpusNames())('what was found once is as it should be: %s', async (name) => {
  const passed = await playEntry(name)
  expect(passed.map(({ flaw }) => flaw)).toEqual(passed.map(() => undefined))
})
