import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { settings } from '../../src/config/schema/settings.ts'
import { compileContext, gather } from '../../src/context/index.ts'
import type { Check, Facts } from '../../src/model.ts'
import { checkOf, entrypointOf, identified } from '../support/check-of.ts'

const config = (written: object = {}) => {
  const compiled = compileContext(settings.parse(written))
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
}

/** Nothing here has to be waited for. */
const facts = (change: Partial<Check>, written?: object) =>
  gather(checkOf(change), entrypointOf(), identified(), config(written)) as Facts

describe('gather', () => {
  test('brings the facts together', () => {
    const actions = [{ name: 'read', match: { paths: ['/r/{id}'] }, sensitivity: 'low' }]
    const headers = new Map([['x-my-device', ['d1']]])
    expect(
      facts({ path: '/r/1', headers }, { actions, context: { device: { idHeader: 'X-My-Device' } } }),
    ).toEqual({
      entrypoint: 'gateway',
      action: {
        name: 'read',
        isKnown: true,
        sensitivity: 'low',
        scopes: [],
        params: { id: '1' },
        allowsAnonymous: false,
      },
      address: { ip: '203.0.113.9', isUntrusted: false },
      network: { country: undefined, asn: undefined, class: 'unknown', city: undefined },
      device: { id: 'd1', isAttested: false },
      client: { kind: undefined, browser: undefined, os: undefined },
      fingerprint: { tls: undefined, value: undefined },
      time: { hourOfWeek: 84 },
    })
  })

  const devices = (...values: string[]) => ({ headers: new Map([['x-device-id', values]]) })
  const allowing = { context: { paths: { parameters: 'allow', encodedSlashes: 'allow' } } }
  const table: [string, Partial<Check>, object | undefined, string | undefined][] = [
    ['nothing to refuse', {}, undefined, undefined],
    ['two device headers', devices('a', 'b'), undefined, 'check.request.header'],
    ['a `;` in the path', { path: '/a;b' }, undefined, 'check.request.path'],
    ['an allowed `;`', { path: '/a;b' }, allowing, undefined],
    ['an escaped slash', { path: '/a%2fb' }, undefined, 'check.request.path'],
    ['an allowed escaped slash', { path: '/a%2fb' }, allowing, undefined],
    ['a dot segment', { path: '/a/../b' }, allowing, 'check.request.path'],
    ['both: the path', { path: '/a;b', ...devices('a', 'b') }, undefined, 'check.request.path'],
    ['a check that was no HTTP', { path: '', method: '', authority: '' }, undefined, undefined],
  ]
  test.each(table)('%s', (_, change, written, refusal) => {
    expect(facts(change, written).refusal).toBe(refusal)
  })

  test('which header it was is told, its value is not', () => {
    expect(facts(devices('a', 'b')).refusalDetail).toBe('x-device-id appears more than once')
    expect(facts({ path: '/a;b', ...devices('a', 'b') }).refusalDetail).toBeUndefined()
  })

  test('problems of every part are told together', () => {
    const actions = [{ name: 'a', match: { paths: ['/{'] } }]
    const context = { network: { classes: [{ class: 'vpn' }] } }
    const compiled = compileContext(settings.parse({ actions, context }))
    expect(compiled.ok ? [] : compiled.problems.map(({ path }) => path[0])).toEqual(['actions', 'context'])
  })

  test('problems of the catalogue carry their place', () => {
    const compiled = compileContext(settings.parse({ actions: [{ name: 'a', match: { paths: ['/{'] } }] }))
    expect(compiled).toMatchObject({ ok: false, problems: [{ path: ['actions', 0, 'match', 'paths', 0] }] })
  })
})

test('the example of docs/actions.md is a catalogue as described', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/actions.md'), 'utf8')
  const written = parse(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? '') as object
  const post = { method: 'POST', path: '/v1/accounts/42/transfers' }
  expect(facts(post, written).action).toMatchObject({ name: 'transfer-funds', params: { account: '42' } })
  expect(facts({ path: '/shop.v1.Cart/Add', isGrpc: true }, written).action.name).toBe('manage-cart')
  expect(facts({ path: '/files/a/b' }, written).action.name).toBe('read-files')
})
