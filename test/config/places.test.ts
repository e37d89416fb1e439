import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { parseFile } from '../../src/config/parse.ts'

const parsed = (text: string) => {
  const result = parseFile('vigil.yaml', Buffer.from(text))
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.parsed
}
/** The rest of the line that begins at a place. */
const restAt = (text: string, { line, column }: { line: number; column: number }) =>
  text.split('\n')[line - 1]?.slice(column - 1) ?? ''

const CONDITION = 'action.name == "x" && subject.isuer == "y"'
const WORD = CONDITION.indexOf('isuer')

describe('the place of a word inside a condition', () => {
  test.each([
    ['plain', `when: action.name == "x" && subject.isuer == "y"\n`],
    ['in single quotes', `when: '${CONDITION}'\n`],
    ['in double quotes', `when: ${JSON.stringify(CONDITION)}\n`],
    [
      'in double quotes with escapes',
      `when: "action.name\\x20== \\"x\\" \\u0026& subject.isuer == \\"y\\""\n`,
    ],
    ['folded over two lines', `when: action.name == "x" &&\n  subject.isuer == "y"\n`],
    ['in a literal block', `when: |-\n  ${CONDITION}\n`],
    ['in a folded block', `when: >-\n  action.name == "x" &&\n  subject.isuer == "y"\n`],
    ['with Windows line ends', `when: action.name == "x" &&\r\n  subject.isuer == "y"\r\n`],
  ])('%s', (_style, text) => {
    const file = parsed(text)
    expect(file.value).toEqual({ when: CONDITION })
    expect(restAt(text, file.locate(['when'], WORD))).toMatch(/^isuer/)
  })

  test('is found in whatever way a text was written', () => {
    const styles = fc.constantFrom(
      'PLAIN',
      'QUOTE_SINGLE',
      'QUOTE_DOUBLE',
      'BLOCK_LITERAL',
    ) as fc.Arbitrary<'PLAIN'>
    const words = fc.stringMatching(/^[a-z0-9.&|!=<>()"' ]{1,60}$/)
    fc.assert(
      fc.property(words, styles, fc.nat(), (value, defaultStringType, pick) => {
        const text = stringify([{ when: value }], { defaultStringType, lineWidth: 0 })
        const offset = pick % value.length
        const place = parsed(text).locate([0, 'when'], offset)
        const found = restAt(text, place).replace(/^\\/, '')
        expect(found[0]).toBe(value[offset])
      }),
    )
  })
})

describe('the place of a value and of a key', () => {
  const text = 'actions:\n  - name: read\n    match: { paths: ["/a", "/b"] }\nother: &x { name: y }\n'
  const file = parsed(text)

  test.each<[(string | number)[], string]>([
    [['actions', 0, 'name'], 'read'],
    [['actions', 0, 'match', 'paths', 1], '"/b"'],
    // What is not there is placed at what would hold it.
    [['actions', 0, 'match', 'hosts'], '{ paths'],
    [['actions', 7], '- name: read'],
    [['nothing', 'at', 'all'], 'actions:'],
  ])('%j', (path, start) => {
    expect(restAt(text, file.locate(path)).startsWith(start)).toBe(true)
  })

  test('a key', () => {
    expect(restAt(text, file.locateKey(['actions', 0, 'match']))).toMatch(/^match:/)
  })

  test('problems come in the order of the file, with their lines', () => {
    const placed = file.place([
      { path: ['other', 'name'], message: 'second' },
      { path: ['actions', 0, 'name'], message: 'first' },
    ])
    expect(placed.map(({ message, line, source }) => [message, line, source])).toEqual([
      ['first', 2, '  - name: read'],
      ['second', 4, 'other: &x { name: y }'],
    ])
  })
})

describe('a file that is not one good document', () => {
  test.each([
    ['a: 1\na: 2\n', '2:1', 'this key stands here twice; keep one of them'],
    ['a: [', '1:5', 'not valid YAML'],
    ['a: !!js/function x\n', '1:4', 'this tag is not supported; write the plain value'],
    ['a: *none\n', '1:4', 'this alias names no anchor above it'],
    ['a: &a [*a]\n', '1:8', 'this alias stands inside the value that it repeats'],
    [`a: ${'['.repeat(80)}${']'.repeat(80)}\n`, '1:', 'nested deeper than 64 levels'],
    ['? [x]\n: 1\n', '1:', 'a key must be plain text'],
    ['%YAML 1.1\n---\na: 1\n', '1:1', 'YAML 1.1 is not supported; remove the %YAML line'],
    [
      `a: &a [${'x,'.repeat(30)}]\nb: &b [${'*a,'.repeat(30)}]\nc: [${'*b,'.repeat(30)}]\n`,
      ':',
      'aliases repeat more',
    ],
  ])('%j', (text, place, message) => {
    const result = parseFile('vigil.yaml', Buffer.from(text))
    const [first] = result.ok ? [] : result.problems
    expect(`${first?.line}:${first?.column}`).toContain(place)
    expect(first?.message).toContain(message)
  })
})
