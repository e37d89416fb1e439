import { expect, test } from '@jest/globals'
import { type Act, playStory, type Scene } from '../../envoy/demo/scene.ts'
import type { World } from '../../envoy/demo/world.ts'

// These scenes look at nothing of it.
const WORLD = {} as World

/** A story of two acts that writes down what is played and what is told. */
function staged(second: () => void): {
  seen: string[]
  play(signal: AbortSignal): ReturnType<typeof playStory>
} {
  const seen: string[] = []
  const scene = (name: string, act: () => void = () => undefined): Scene => ({
    name,
    request: '',
    expected: '',
    play: async () => {
      seen.push(`plays ${name}`)
      act()
      return { got: '', why: '', isAsExpected: true }
    },
  })
  const story: Act[] = [
    { title: 'I', scenes: [scene('one'), scene('two', second), scene('three')] },
    { title: 'II', scenes: [scene('four')] },
  ]
  const audience = {
    act: (title: string) => void seen.push(`act ${title}`),
    played: ({ name, ok }: { name: string; ok: boolean }, n: number) => void seen.push(`${n} ${name} ${ok}`),
  }
  return { seen, play: (signal) => playStory(story, WORLD, audience, signal) }
}

test('a scene that throws went wrong, and the others go on', async () => {
  const { seen, play } = staged(() => {
    throw new Error('no answer')
  })
  const results = await play(new AbortController().signal)
  expect(results?.map(({ name, ok, got }) => [name, ok, got])).toEqual([
    ['one', true, ''],
    ['two', false, 'no answer'],
    ['three', true, ''],
    ['four', true, ''],
  ])
  expect(seen).toEqual([
    'act I',
    'plays one',
    '1 one true',
    'plays two',
    '2 two false',
    'plays three',
    '3 three true',
    'act II',
    'plays four',
    '4 four true',
  ])
})

test('interrupted in a scene, neither it nor any other is told, and none is played', async () => {
  const controller = new AbortController()
  const { seen, play } = staged(() => controller.abort())
  expect(await play(controller.signal)).toBeUndefined()
  expect(seen).toEqual(['act I', 'plays one', '1 one true', 'plays two'])
})
