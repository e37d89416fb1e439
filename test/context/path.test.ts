import { describe, expect, test } from '@jest/globals'
import { pathRefusal, readSegments } from '../../src/context/path.ts'

const strict = { parameters: 'refuse', encodedSlashes: 'refuse' } as const
const loose = { parameters: 'allow', encodedSlashes: 'allow' } as const

describe('paths that parsers read in different ways', () => {
  const table: [path: string, underStrict: boolean, underLoose: boolean][] = [
    ['/', false, false],
    ['/a/b', false, false],
    ['/a/', false, false],
    ['/a%20b', false, false],
    ['/.well-known/x', false, false],
    ['/a/.hidden', false, false],
    ['/a/...', false, false],
    ['/a/b.json', false, false],
    ['/a/x..', false, false],
    ['/a;v=1/b', true, false],
    ['/a/;', true, false],
    ['/a%2Fb', true, false],
    ['/a%2fb', true, false],
    ['/a%5Cb', true, false],
    ['/a/..', true, true],
    ['/a/../b', true, true],
    ['/./a', true, true],
    ['/a/.', true, true],
    ['/a/%2e%2E/b', true, true],
    ['/a/.%2e', true, true],
    ['/a/..;/b', true, true],
    ['/a/..;x=1', true, true],
    ['/a%2f..%2fb', true, true],
    ['/a%5c..', true, true],
  ]
  test.each(table)('%s', (path, underStrict, underLoose) => {
    expect(pathRefusal(path, strict)).toBe(underStrict ? 'check.request.path' : undefined)
    expect(pathRefusal(path, loose)).toBe(underLoose ? 'check.request.path' : undefined)
  })
})

describe('the one reading of a path', () => {
  const table: [path: string, segments: string[] | undefined][] = [
    ['/', ['']],
    ['/a', ['a']],
    ['/a/', ['a', '']],
    ['/%61/b%20c', ['a', 'b c']],
    ['/a%252Fb', ['a%2Fb']],
    ['/%E2%82%AC', ['€']],
    ['', undefined],
    ['*', undefined],
    ['a', undefined],
    ['//', undefined],
    ['//a', undefined],
    ['/a//b', undefined],
    ['/a/./b', undefined],
    ['/a/%2e%2e', undefined],
    ['/a/%', undefined],
    ['/a/%zz', undefined],
    ['/a/%E2%82', undefined],
    ['/a/%C0%AF', undefined],
    ['/a/%00', undefined],
    ['/a/%0d%0a', undefined],
    ['/a/%7f', undefined],
    ['/a%2Fb', undefined],
    ['/a%5Cb', undefined],
  ]
  test.each(table)('%s', (path, segments) => {
    expect(readSegments(path, strict)).toEqual(segments)
  })

  test('an allowed escaped slash stays inside its segment', () => {
    expect(readSegments('/a%2Fb/c', loose)).toEqual(['a/b', 'c'])
  })
})
