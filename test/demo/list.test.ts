import { expect, test } from '@jest/globals'
import { listOf, listTable, selectActs } from '../../envoy/demo/list.ts'
import type { Act, Scene } from '../../envoy/demo/scene.ts'
import { STORY } from '../../envoy/demo/scenes/story.ts'

const scene = (name: string): Scene => ({
  name,
  request: `asks ${name}`,
  expected: '200 | 201',
  play: async () => ({ got: '', why: '', isAsExpected: true }),
})
const first: Act = { title: 'Who?', scenes: [scene('a token'), scene('A forged header')] }
const second: Act = { title: 'How?', scenes: [scene('a proof')] }
const last: Act = { title: 'And then?', scenes: [scene('the report')], needs: [first] }
const story = [first, second, last]

test.each([
  ['forged', [first]],
  ['HOW?', [second]],
  ['a ', [first, second]],
  ['report', [first, last]],
])('%s selects whole acts, in their order, with what they need', (text, acts) => {
  expect(selectActs(story, text)).toEqual(acts)
})

test('what selects nothing is told', () => {
  expect(() => selectActs(story, 'nothing')).toThrow(
    'no scene is called like this: nothing (--list tells all)',
  )
})

test('the list numbers scenes through all acts', () => {
  const lines = ['Who?', '   1  a token', '   2  A forged header', '', 'How?', '   3  a proof', '']
  expect(listOf(story)).toBe([...lines, 'And then?', '   4  the report'].join('\n'))
})

test('the table of the README has a row for each act and each scene, and no cell that breaks it', () => {
  expect(listTable([second])).toBe(
    [
      '| scene | sent | what should come back |',
      '|---|---|---|',
      '| **How?** |  |  |',
      '| a proof | asks a proof | 200 \\| 201 |',
    ].join('\n'),
  )
})

test('in the story every name is another, and what an act needs comes before it', () => {
  const names = STORY.flatMap(({ scenes }) => scenes.map(({ name }) => name))
  expect(new Set(names).size).toBe(names.length)
  for (const [at, { needs = [] }] of STORY.entries()) {
    expect(needs.filter((act) => !STORY.slice(0, at).includes(act))).toEqual([])
  }
})
