import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { pick, type Wanted, wanted } from '../../src/lib/json-pick.ts'

const MEMBERS = wanted({ a: true, b: wanted({ c: true, d: wanted({ e: true }) }), list: true })

const read = (text: string, members: Wanted = MEMBERS) => pick(text, Buffer.from(text), members)

describe('what is wanted is read, all else is passed over', () => {
  test.each<[string, unknown]>([
    ['{"a":"x","other":{"a":1},"list":[1,{"a":2}]}', { a: 'x', list: [1, { a: 2 }] }],
    ['{"skip":[{},[],"",-0.5,0,10,true,false,null],"a":null}', { a: null }],
    ['{"b":{"c":true,"x":1,"d":{"e":-12.5,"f":[]}},"a":[]}', { b: { c: true, d: { e: -12.5 } }, a: [] }],
    ['{"c":1,"e":2}', {}],
    ['{"a":{"b":{"c":1}}}', { a: { b: { c: 1 } } }],
    ['{"z":1,"listed":2,"lisx":3}', {}],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })
})

describe('what is no JSON, or only written otherwise, is left to JSON.parse', () => {
  test.each([
    ['nothing', ''],
    ['no object', '["a"]'],
    ['a wanted object that is none', '{"b":1}'],
    ['an empty object', '{}'],
    ['cut off', '{"a":"x","b":{"c":1}'],
    ['cut off in a string', '{"a":"x'],
    ['two of them', '{"a":1}{"a":1}'],
    ['a comma too many', '{"z":[1,],"a":1}'],
    ['a comma too few', '{"z":1"a":1}'],
    ['no colon', '{"z"1}'],
    ['a name without quotes', '{z:1}'],
    ['another bracket', '{"z":[1}}'],
    ['a word', '{"z":nul}'],
    ['a leading zero', '{"z":01}'],
    ['a number without digits', '{"z":-}'],
    ['a fraction without digits', '{"z":1.}'],
    ['an exponent', '{"z":1e5}'],
    ['a control character', '{"z":"\u0001"}'],
    ['an escape', '{"z":"\\n"}'],
    ['an escape in a name', '{"\\u0061":1}'],
    ['a space', '{"z": 1}'],
    ['a character beyond ASCII', '{"z":"ü"}'],
    ['a wanted member twice', '{"a":1,"a":2}'],
    ['nested beyond reason', `{"z":${'['.repeat(60)}${']'.repeat(60)}}`],
    ['nested so deep that calls would run out', `{"z":${'{"a":'.repeat(100_000)}`],
  ])('%s', (_what, text) => {
    expect(read(text)).toBeUndefined()
  })
})

/** What `pick` must give: the same members of what `JSON.parse` makes of the text. */
function reference(value: unknown, { members }: Wanted): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const want = members.get(name)
      if (want === undefined) return []
      return [[name, want === true ? member : reference(member, want)]]
    }),
  )
}

test('whatever is changed in a text: either the answer is that of JSON.parse, or there is none', () => {
  const json = fc.jsonValue({ maxDepth: 3 })
  const members = fc.constantFrom(...'abcde', 'list', 'other')
  const object = fc.dictionary(members, json, { maxKeys: 6 })
  const noise = fc.constantFrom(...'{}[]",:-.0e1t\\ \n')
  fc.assert(
    fc.property(object, fc.nat(), fc.option(noise), fc.nat(2), (value, where, put, cut) => {
      const whole = JSON.stringify(value)
      const at = where % (whole.length + 1)
      const text = whole.slice(0, at) + (put ?? '') + whole.slice(at + (put === null ? 0 : cut))
      const picked = read(text)
      if (picked !== undefined) expect(picked).toEqual(reference(JSON.parse(text), MEMBERS))
    }),
    { numRuns: 3000 },
  )
})
