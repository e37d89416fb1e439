import { describe, expect, test } from '@jest/globals'
import { type ExplainArgs, explainFile } from '../../../src/cli/explain/index.ts'
import type { Decision } from '../../../src/model.ts'
import { HOSTILE, lineOf, over, recordOf, UNSEEN } from '../records/fixtures.ts'

const DENIED: Decision = {
  effect: 'deny',
  failure: 'policy.action.unknown',
  reasons: ['policy.action.unknown'],
  shadow: [],
  degraded: [],
}

const ID = (n: number) => `${n}f0c0c0c-1111-4222-8333-444455556666`
const at = (n: number, decision?: Decision) => ({
  ...recordOf(decision === undefined ? {} : { decision }),
  id: ID(n),
})

const FILE = [lineOf(at(1)), lineOf(at(2, DENIED)), 'noise', lineOf(at(3, DENIED)), lineOf(at(4))]

const run = (args: Partial<ExplainArgs>, lines: readonly string[] = FILE) =>
  over(lines, (io) => explainFile({ input: '-', isList: false, isJson: false, ...args }, io))

describe('which record', () => {
  test('without an id: the last refusal, and it is said which', async () => {
    const { code, out, err } = await run({})
    expect(code).toBe(0)
    expect(out).toMatch(/^The last refusal of 4 records\./)
    expect(out).toContain(`Decision ${ID(3)}\n  Refused: deny, answered 403, 2026-11-22 09:00:00 UTC\n`)
    expect(err).toBe('vigil: -: 1 line is no record and was passed over; line 3 is not valid JSON\n')
  })

  test.each([
    ['a decision id', ID(1)],
    ['what a caller quotes', `urn:uuid:${ID(1)}`],
    ['the beginning of one', ID(1).slice(0, 8)],
  ])('%s', async (_what, id) => {
    const { code, out } = await run({ id })
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^Decision ${ID(1)}\n`))
  })

  test('a beginning that is too short is none', async () => {
    expect((await run({ id: ID(1).slice(0, 7) })).code).toBe(2)
  })

  test('a request id finds every record of that request', async () => {
    const named = (n: number) => {
      const record = at(n) as ReturnType<typeof at> & { request: object }
      return lineOf({ ...record, request: { ...record.request, requestId: 'r-7' } })
    }
    const { out } = await run({ id: 'r-7' }, [named(1), lineOf(at(2)), named(3)])
    expect(out.match(/^Decision .*/gm)).toEqual([`Decision ${ID(1)}`, `Decision ${ID(3)}`])
  })

  test('a trace id', async () => {
    const { out } = await run({ id: 'abc' }, [lineOf({ ...at(1), trace: 'abc' })])
    expect(out).toContain('  trace abc\n')
  })
})

describe('nothing to explain is exit code 2 and says why', () => {
  test.each<[string, Partial<ExplainArgs>, readonly string[], string]>([
    [
      'no such id',
      { id: 'absent' },
      FILE,
      'the decision, request or trace id absent is that of none of 4 records',
    ],
    ['no refusal', {}, [lineOf(at(1))], 'there is no refusal among 1 record; name a decision id'],
    ['no record', {}, ['noise'], 'no record in it'],
    ['no file', { input: '/nowhere/at/all' }, [], 'vigil: /nowhere/at/all: there is no such file\n'],
  ])('%s', async (_what, args, lines, message) => {
    const { code, out, err } = await run(args, lines)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })

  test('a file that is not there is told once', async () => {
    expect((await run({ input: '/nowhere/at/all' })).err.match(/\n/g)).toHaveLength(1)
  })
})

test('what observe mode let pass is a refusal to be explained: it is said that it passed, and what it would have got', async () => {
  const observed = { ...at(2, DENIED), mode: 'observe', status: 200, wouldStatus: 403 }
  const { out } = await run({}, [lineOf(observed), lineOf({ ...at(3), mode: 'observe' })])
  expect(out).toContain(
    '  Passed only because of observe mode; enforced: deny, answered 403, 2026-11-22 09:00:00 UTC\n',
  )
  expect(out).toContain('\nWhat would have made it pass\n')
  const list = await run({ isList: true }, [lineOf(observed)])
  expect(list.out).toContain('  deny 403 (only observed)  ')
})

describe('--list', () => {
  test('one line for each refusal, in the order of the file', async () => {
    const { code, out, err } = await run({ isList: true })
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      `2026-11-22T09:00:00.000Z  ${ID(2)}  deny 403  alice (user of acme)  GET https://api.example.com/v1/orders  The request stands for no action of the catalogue.`,
      expect.stringContaining(ID(3)),
      '',
    ])
    expect(err).toContain('2 refusals among 4 records\n')
  })

  test('as JSON lines', async () => {
    const { out } = await run({ isList: true, isJson: true })
    const [first, second] = out
      .trimEnd()
      .split('\n')
      .map((line): object => JSON.parse(line))
    expect(first).toMatchObject({ id: ID(2), effect: 'deny', status: 403 })
    expect(second).toMatchObject({ id: ID(3) })
  })
})

test('--json is one object per record, with the sentences of the signals', async () => {
  const finding = { signal: 'token-age', reason: 'risk.token-age.old', nats: 1, detail: {} }
  const record = { ...at(1), assessment: { score: 0.03, level: 'low', findings: [finding], failed: [] } }
  const { out } = await run({ id: ID(1), isJson: true }, [lineOf(record)])
  const told = JSON.parse(out)
  expect(told.risk.contributions[0].sentence).toBe('The token is older than tokens in use normally are.')
  expect(out.trimEnd()).not.toContain('\n')
})

test('nothing of a hostile record steers a terminal, in text, list or JSON, nor does a hostile id', async () => {
  const record = at(2, DENIED) as ReturnType<typeof at> & { request: object }
  const lines = [
    lineOf({ ...record, why: HOSTILE, request: { ...record.request, path: HOSTILE, requestId: HOSTILE } }),
  ]
  for (const args of [
    {},
    { isList: true },
    { isJson: true },
    { isList: true, isJson: true },
    { id: `${HOSTILE}x` },
  ]) {
    const { out, err } = await run(args, lines)
    expect(out + err).not.toMatch(UNSEEN)
    expect(out + err).toMatch(/\\u(\{1b\}|001b)\[2J/)
  }
})
