import { describe, expect, test } from '@jest/globals'
import { parseTemplate } from '../../src/context/template.ts'

const literal = (text: string) => ({ kind: 'literal', text })
const param = (name: string) => ({ kind: 'param', name })
const rest = (name: string) => ({ kind: 'rest', name })

describe('path templates', () => {
  const good: [string, object[], boolean][] = [
    ['/', [literal('')], false],
    ['/a', [literal('a')], false],
    ['/a/', [literal('a'), literal('')], false],
    ['/a%20b', [literal('a b')], false],
    ['/v1/{account}/x', [literal('v1'), param('account'), literal('x')], false],
    ['/{a}/{b_2}', [param('a'), param('b_2')], false],
    ['/files/{path...}', [literal('files'), rest('path')], false],
    ['/files/{path...}/', [literal('files'), rest('path')], true],
    ['/v1/things:cancel', [literal('v1'), literal('things:cancel')], false],
  ]
  test.each(good)('%s', (text, segments, hasSlash) => {
    expect(parseTemplate(text)).toEqual({ segments, hasSlash })
  })

  const bad: [string, RegExp, number][] = [
    ['//a', /empty segment/, 1],
    ['/a//', /empty segment/, 3],
    ['/a/{b', /whole segment/, 3],
    ['/a/b}', /whole segment/, 3],
    ['/a/x{b}', /whole segment/, 3],
    ['/a/{}', /whole segment/, 3],
    ['/a/{1st}', /whole segment/, 3],
    ['/a/{b-c}', /whole segment/, 3],
    ['/a/{__proto__}', /whole segment/, 3],
    ['/a/{b..}', /whole segment/, 3],
    ['/{b...}/c', /may follow/, 8],
    ['/{b...}/{c}', /may follow/, 8],
    ['/{b}/{b}', /twice/, 5],
    ['/{b}/{b...}', /twice/, 5],
    ['/a/*', /no placeholder/, 3],
    ['/a/**', /no placeholder/, 3],
    ['/a?x=1', /holds no/, 1],
    ['/a b', /holds no/, 1],
    ['/a\\b', /holds no/, 1],
    ['/a/%zz', /broken escape/, 3],
    ['/a/../b', /dot segments/, 3],
    ['/%2e/b', /dot segments/, 1],
  ]
  test.each(bad)('%s is refused', (text, problem, offset) => {
    expect(parseTemplate(text)).toEqual({ problem: expect.stringMatching(problem), offset })
  })
})
