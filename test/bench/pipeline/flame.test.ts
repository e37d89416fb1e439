import { expect, test } from '@jest/globals'
import { type CpuProfile, flameGraph } from './flame.ts'

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 4 })

/** decide calls itself and judge; a quarter of the time is spent by a library. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5] },
    { id: 2, callFrame: frame('decide', 'file:///x/src/pipeline.ts'), children: [3, 4] },
    { id: 3, callFrame: frame('judge', 'file:///x/src/policy/decide.ts') },
    { id: 4, callFrame: frame('decide', 'file:///x/src/pipeline.ts') },
    { id: 5, callFrame: frame('<T>', 'file:///x/node_modules/y/index.js') },
  ],
  samples: [2, 3, 3, 5, 4],
  timeDeltas: [100, 200, 100, 150, 50],
}

test('width is time, level is depth, and names are escaped', () => {
  const svg = flameGraph(profile)
  const boxes = [...svg.matchAll(/<title>(.*?)<\/title><rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)]
  expect(boxes.map(([, title, x, y, width]) => [title, Number(x), Number(y), Number(width)])).toEqual([
    ['all: 100.0 %', 0, 0, 1600],
    ['decide src/pipeline.ts:5: 75.0 %', 0, 17, 1200],
    ['judge src/policy/decide.ts:5: 50.0 %', 0, 34, 800],
    ['decide src/pipeline.ts:5: 8.3 %', 800, 34, 133.3],
    ['&lt;T> node_modules/y/index.js:5: 25.0 %', 1200, 17, 400],
  ])
})
