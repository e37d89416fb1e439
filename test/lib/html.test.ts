import { expect, test } from '@jest/globals'
import { escapeHtml } from '../../src/lib/html.ts'

test.each([
  ['plain text', 'plain text'],
  [`<b a="1" c='2'>&lt;</b>`, '&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;lt;&lt;/b&gt;'],
  ['<<&&', '&lt;&lt;&amp;&amp;'],
  ['', ''],
])('%s', (text, expected) => {
  expect(escapeHtml(text)).toBe(expected)
})
