import { expect, test } from '@jest/globals'
import { readTraceParent } from '../../src/lib/trace-parent.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test.each([
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`00-${TRACE}-${SPAN}-03`, true],
  [`00-${TRACE}-${SPAN}-fe`, false],
  [`cc-${TRACE}-${SPAN}-01-what later versions say`, true],
])('%s', (text, isSampled) => {
  expect(readTraceParent(text)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled })
})

test.each([
  undefined,
  '',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-0`,
  `00-${TRACE}-${SPAN}-011`,
  ` 00-${TRACE}-${SPAN}-01`,
])('%s is none', (text) => {
  expect(readTraceParent(text)).toBeUndefined()
})
