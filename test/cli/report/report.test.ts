import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from '@jest/globals'
import { type ReportArgs, reportFile } from '../../../src/cli/report/index.ts'
import type { Summary } from '../../../src/cli/report/summary.ts'
import type { Decision, ShadowOutcome, Subject } from '../../../src/model.ts'
import { identified, sampleCredential } from '../../support/edge-samples.ts'
import { HOSTILE, type Json, lineOf, over, poisoned, recordOf, UNSEEN } from '../records/fixtures.ts'

const scratch = mkdtempSync(join(tmpdir(), 'vigil-report-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const file = (name: string) => join(scratch, name)

const run = (lines: readonly string[] | Buffer, args: Partial<ReportArgs> = {}, isWatched = false) => {
  let ms = 0
  const clock = {
    monotonicMs: () => {
      ms += 1000
      return ms
    },
  }
  return over(lines, (io) => reportFile({ records: '-', ...args }, io, { clock, isWatched }))
}

async function summarised(lines: readonly string[]): Promise<Summary> {
  const { code, out } = await run(lines, { json: '-' })
  expect(code).toBe(0)
  return JSON.parse(out)
}

const BASE = { shadow: [], degraded: [] } as const
const ALLOW: Decision = { ...BASE, effect: 'allow', reasons: ['policy.default.low-low'] }
const RULE: Decision = {
  ...BASE,
  effect: 'deny',
  failure: 'policy.rule.denied',
  reasons: ['policy.rule.own-only'],
  rule: 'own-only',
  detail: 'own-only (Each their own)',
}
const EXPIRED: Decision = {
  ...BASE,
  effect: 'deny',
  failure: 'identity.token.expired',
  reasons: ['identity.token.expired'],
}

const named = (subject: string): Subject => identified({ credential: sampleCredential({ subject }) })
const line = (decision: Decision, subject?: string, more: Json = {}) =>
  lineOf({ ...recordOf({ decision }, subject === undefined ? undefined : named(subject)), ...more })

const shadow = (over: Partial<ShadowOutcome> = {}): ShadowOutcome => ({
  rule: 'trial',
  effect: 'deny',
  outcome: 'match',
  wouldDecide: true,
  ...over,
})
const tried = (decision: Decision, ...outcomes: readonly ShadowOutcome[]): Decision => ({
  ...decision,
  shadow: outcomes,
})

describe('what was decided is counted', () => {
  test('per rule or reason, action and effect, with totals', async () => {
    const summary = await summarised([
      line(ALLOW),
      line(ALLOW),
      line(RULE),
      line(EXPIRED),
      line({ ...ALLOW, degraded: ['store'] }),
    ])
    expect(summary).toMatchObject({
      records: 5,
      passed: 3,
      refused: 2,
      observed: 0,
      shadowRefused: 0,
      degraded: 1,
    })
    expect(summary.effects).toMatchObject({ allow: 3, deny: 2 })
    expect(summary.rules).toMatchObject([
      { rule: 'policy.default.low-low', effects: { allow: 3 }, examples: [] },
      { rule: 'identity.token.expired', effects: { deny: 1 } },
      { rule: 'own-only', effects: { deny: 1 } },
    ])
    expect(summary.actions).toMatchObject([{ action: 'read-orders', effects: { allow: 3, deny: 2 } }])
    expect(summary.combinations).toContainEqual({
      kind: 'enforced',
      decider: 'own-only',
      action: 'read-orders',
      effect: 'deny',
      count: 1,
      error: 0,
    })
    expect(summary.timeline.buckets).toHaveLength(1)
    expect([summary.from, summary.to]).toEqual(['2026-11-22T09:00:00.000Z', '2026-11-22T09:00:00.000Z'])
  })

  test('a step-up that was answered counts for what asked for it', async () => {
    const reasons: Decision['reasons'] = ['policy.step-up.satisfied', 'policy.default.critical-low']
    const { rules } = await summarised([line({ ...BASE, effect: 'monitor', reasons })])
    expect(rules.map(({ rule }) => rule)).toEqual(['policy.default.critical-low'])
  })

  test('examples tell who, what and why, one per identity', async () => {
    const { rules } = await summarised([line(RULE, 'alice'), line(RULE, 'alice'), line(RULE, 'bob')])
    const [{ examples } = { examples: [] }] = rules
    expect(examples.map(({ identity }) => identity)).toEqual(['alice (user of acme)', 'bob (user of acme)'])
    expect(examples[0]).toMatchObject({
      request: 'GET https://api.example.com/v1/orders',
      effect: 'deny',
      why: 'A rule denies this request: own-only (Each their own).',
      reasons: ['policy.rule.own-only'],
    })
  })

  test('identities hit most come first; who only passes is not among them', async () => {
    const { identities } = await summarised([
      line(ALLOW, 'carol'),
      line(RULE, 'alice'),
      line(RULE, 'bob'),
      line(EXPIRED, 'bob'),
    ])
    expect(identities).toMatchObject([
      { identity: 'bob (user of acme) at https://idp.example.com', hits: 2, refused: 2 },
      { identity: 'alice (user of acme) at https://idp.example.com', hits: 1 },
    ])
  })

  test('two agents that act for one user are two identities', async () => {
    const acting = (actor: string) =>
      identified({ credential: sampleCredential({ kind: 'agent', actor: { subject: actor } }) })
    const lines = ['bot', 'bot', 'spy'].map((actor) => lineOf(recordOf({ decision: RULE }, acting(actor))))
    const { identities } = await summarised(lines)
    expect(identities).toMatchObject([
      { identity: 'bot for alice (agent of acme) at https://idp.example.com', hits: 2 },
      { identity: 'spy for alice (agent of acme) at https://idp.example.com', hits: 1 },
    ])
  })

  test('the same name at two issuers is two identities', async () => {
    const elsewhere = identified({
      credential: sampleCredential({ subject: 'bob', issuer: 'https://b.example' }),
    })
    const lines = [line(RULE, 'bob'), lineOf(recordOf({ decision: RULE }, elsewhere))]
    expect((await summarised(lines)).identities).toHaveLength(2)
  })
})

describe('what observe mode let pass', () => {
  const observe = { mode: 'observe', status: 200, wouldStatus: 403 }

  test('passed and would have been refused, by what and whose', async () => {
    const summary = await summarised([
      line(ALLOW, 'alice', { mode: 'observe' }),
      line(RULE, 'bob', observe),
      line(RULE, 'bob', observe),
      line(RULE, 'carol'),
    ])
    expect(summary).toMatchObject({ records: 4, passed: 3, refused: 1, observed: 2 })
    expect(summary.rules).toContainEqual(expect.objectContaining({ rule: 'own-only', observed: 2 }))
    expect(summary.combinations.map(({ kind, decider, count }) => [kind, decider, count])).toEqual([
      ['observed', 'own-only', 2],
      ['enforced', 'own-only', 1],
      ['enforced', 'policy.default.low-low', 1],
    ])
    expect(summary.identities[0]).toMatchObject({ hits: 2, refused: 0, observed: 2 })
    expect(summary.timeline.buckets[0]).toMatchObject({ effects: { deny: 3 }, wouldBe: 2 })
  })

  test('a shadow rule that would have refused it, too, adds nothing, one that would have let it pass changes it', async () => {
    const { shadowRefused, shadowRules } = await summarised([
      line(tried(RULE, shadow(), shadow({ rule: 'opening', effect: 'allow' })), 'bob', observe),
    ])
    expect(shadowRefused).toBe(0)
    expect(shadowRules).toMatchObject([
      { rule: 'opening', wouldRefuse: 0, wouldPass: 1 },
      { rule: 'trial', wouldRefuse: 0, wouldPass: 0 },
    ])
  })
})

describe('what shadow rules would have done', () => {
  test('outcomes, and whether anything would have changed', async () => {
    const summary = await summarised([
      line(tried(ALLOW, shadow()), 'alice'),
      line(tried(ALLOW, shadow({ outcome: 'unknown', wouldDecide: false })), 'bob'),
      line(tried(RULE, shadow()), 'carol'),
      line(tried(RULE, shadow({ rule: 'opening', effect: 'allow' })), 'carol'),
      line(tried(ALLOW, shadow({ rule: 'broken', effect: 'throttle', outcome: 'error' })), 'dave'),
    ])
    expect(summary.shadowRefused).toBe(2)
    const [trial, ...others] = summary.shadowRules
    expect(trial).toMatchObject({
      rule: 'trial',
      effect: 'deny',
      match: 2,
      unknown: 1,
      failed: 0,
      wouldDecide: 2,
      wouldRefuse: 1,
      wouldPass: 0,
    })
    expect(trial?.examples.map(({ identity, effect }) => [identity, effect])).toEqual([
      ['alice (user of acme)', 'deny'],
    ])
    expect(others).toMatchObject([
      // A rule that goes wrong denies once it is enforced, whatever its effect.
      { rule: 'broken', failed: 1, wouldRefuse: 1, examples: [{ effect: 'deny' }] },
      { rule: 'opening', match: 1, wouldRefuse: 0, wouldPass: 1 },
    ])
    expect(summary.combinations).toContainEqual(
      expect.objectContaining({ kind: 'shadow', decider: 'broken', effect: 'deny' }),
    )
    expect(summary.identities).toContainEqual(expect.objectContaining({ hits: 1, shadow: 1, refused: 0 }))
    expect(summary.timeline.buckets[0]?.wouldBe).toBe(2)
  })

  test('two of them at one request are one request that would have been refused', async () => {
    const summary = await summarised([line(tried(ALLOW, shadow(), shadow({ rule: 'second' })))])
    expect(summary.shadowRefused).toBe(1)
    expect(summary.shadowRules).toMatchObject([{ wouldRefuse: 1 }, { wouldRefuse: 1 }])
    const idle = shadow({ rule: 'idle', wouldDecide: false })
    expect((await summarised([line(tried(ALLOW, shadow(), idle))])).shadowRefused).toBe(1)
  })
})

describe('lines that are no records', () => {
  test('are counted, and the first of them named', async () => {
    const lines = [line(ALLOW), ...Array.from({ length: 30 }, () => 'noise'), line(RULE)]
    const summary = await summarised(lines)
    expect(summary).toMatchObject({ records: 2, brokenLines: 30 })
    expect(summary.firstBrokenLines).toHaveLength(20)
    expect(summary.firstBrokenLines[0]).toEqual({ line: 2, why: 'not valid JSON' })
    expect((await run(lines)).out).toContain(
      '30 lines are no records: 2 (not valid JSON), 3 (not valid JSON)',
    )
  })

  test('alone are no report: exit code 2', async () => {
    const { code, out, err } = await run(['noise'])
    expect({ code, out, err }).toEqual({
      code: 2,
      out: '',
      err: 'vigil: -: no record in it; line 1 is not valid JSON\n',
    })
  })

  test('a file that is not there is told once', async () => {
    const { code, err } = await run([], { records: file('none') })
    expect({ code, err }).toEqual({ code: 2, err: `vigil: ${file('none')}: there is no such file\n` })
  })
})

describe('what goes in and comes out', () => {
  test('gzip in; table, JSON and page out, for the eyes of their owner only', async () => {
    writeFileSync(file('in.gz'), gzipSync(`${line(ALLOW)}\n${line(RULE)}\n`))
    const { code, out } = await run([], {
      records: file('in.gz'),
      json: file('r.json'),
      html: file('r.html'),
    })
    expect(code).toBe(0)
    expect(out).toContain('2 records, 2026-11-22T09:00:00.000Z to 2026-11-22T09:00:00.000Z\n')
    expect(JSON.parse(readFileSync(file('r.json'), 'utf8'))).toMatchObject({
      v: 1,
      records: 2,
      isWhole: true,
    })
    expect(readFileSync(file('r.html'), 'utf8')).toMatch(/^<!doctype html>/)
    for (const name of ['r.json', 'r.html']) expect(statSync(file(name)).mode & 0o777).toBe(0o600)
  })

  test('a file that is cut off is reported as far as it goes, and that is said everywhere', async () => {
    const zipped = gzipSync(
      Array.from({ length: 3000 }, (_, i) => `${line(RULE, `u${i * 7919}`)}\n`).join(''),
    )
    const { code, out, err } = await run(zipped.subarray(0, zipped.length - 2000), { html: file('cut.html') })
    expect(code).toBe(2)
    expect(err).toContain('damaged or cut off')
    expect(out).toContain('The file could not be read to its end')
    expect(readFileSync(file('cut.html'), 'utf8')).toContain('The file could not be read to its end')
  })

  test('a place that cannot be written to: the table is there all the same, exit code 2', async () => {
    const { code, out, err } = await run([line(ALLOW)], { json: join(scratch, 'no', 'where') })
    expect(code).toBe(2)
    expect(out).toContain('-: 1 record, ')
    expect(err).toContain('it cannot be written (ENOENT)')
  })

  test('a bar on a terminal, gone at the end; none elsewhere', async () => {
    writeFileSync(file('in.jsonl'), `${line(ALLOW)}\n`)
    const watched = await run([], { records: file('in.jsonl') }, true)
    expect(watched.err).toBe('\r\u001b[K[########################] 100 %, 1 record, 0 s left\r\u001b[K')
    expect((await run([line(ALLOW)], {}, true)).err).toBe('\r\u001b[K1 record, 0 MB\r\u001b[K')
    expect((await run([line(ALLOW)])).err).toBe('')
  })
})

describe('nothing in a record can steer whoever reads the report', () => {
  const record = JSON.parse(line(tried(RULE, shadow(), shadow({ rule: 'opening', effect: 'allow' }))))
  const passed = JSON.parse(line(tried(ALLOW, shadow())))
  const lines = [record, passed].map((each) =>
    lineOf(poisoned(each, new Set(['v', 'at', 'state', 'effect', 'outcome']))),
  )
  const [hostile = ''] = lines
  const hostileEffect = lineOf(poisoned(record, new Set(['v', 'at', 'state'])))
  const all = [...lines, hostile, hostileEffect, HOSTILE]

  test('on a terminal: no control character, no line of its own', async () => {
    const { out } = await run(all)
    expect(out).not.toMatch(UNSEEN)
    expect(out).toContain('\\u{1b}[2J\\u{9b}31m\\u{202e}')
    const clean = await run([lineOf(record), lineOf(passed), lineOf(record), lineOf(record), 'noise'])
    expect(out.split('\n').length).toBeLessThanOrEqual(clean.out.split('\n').length + 5)
  })

  test('as JSON: escaped, and the names read back as they were', async () => {
    const { out } = await run(all, { json: '-' })
    expect(out).not.toMatch(UNSEEN)
    expect(JSON.parse(out).combinations[0].decider).toBe(HOSTILE)
  })

  test('in the page: no tag, no attribute, no control character of theirs, and a policy against any script', async () => {
    await run(all, { html: file('hostile.html') })
    const page = readFileSync(file('hostile.html'), 'utf8')
    expect(page).not.toMatch(/<script/i)
    expect(page).not.toMatch(UNSEEN)
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;')
    expect(page).toContain('content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;;')
    // Every tag is one of the page's own, with attributes of its own.
    const tags = new Set([...page.matchAll(/<\/?([^\s>/]+)/g)].map((match) => match[1]))
    const own =
      'html head meta title style body h1 h2 p code b small i span div svg g rect line text title table tr th td details summary dl dt dd'
    for (const tag of tags) expect([...own.split(' '), '!doctype']).toContain(tag)
    expect(page).not.toMatch(/\son\w+=|javascript:|\ssrc=|\shref=|url\(|@import/i)
  })
})

test('memory is bounded whatever the names: counters make room, and the report says so', async () => {
  const many = Array.from({ length: 2600 }, (_, i) => line(RULE, `user-${i}`))
  const often = Array.from({ length: 50 }, () => line(RULE, 'often'))
  const summary = await summarised([...many.slice(0, 1300), ...often, ...many.slice(1300)])
  expect(summary.bounded).toEqual(['identities'])
  expect(summary.identities[0]).toMatchObject({
    identity: expect.stringContaining('often'),
    hits: 50,
    error: 0,
  })
  const { out } = await run(many)
  expect(out).toContain('More identities than could be counted apart')
})
