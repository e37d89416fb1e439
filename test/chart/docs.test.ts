/** Values in the documentation are values that the chart takes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

const examples = ['install.md', 'attach.md', 'watching.md', 'sizing.md', 'upgrade.md']
  .flatMap((page) => {
    const text = readFileSync(join(ROOT, 'docs', page), 'utf8')
    return [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(
      ([, yaml = ''], i) => [`${page}, example ${i + 1}`, parse(yaml)] as const,
    )
  })
  // Objects and files of the service are no values; sidecar.test.ts reads those of install.md.
  .filter(([, values]) => !['scrape_configs', 'apiVersion', 'server'].some((key) => key in values))

describeWithHelm('the chart takes', (helm) => {
  test.each(examples)('%s', (_, values) => {
    expect(() => render(helm, over(MINIMAL, values))).not.toThrow()
  })
})

test('there are examples', () => expect(examples.length).toBeGreaterThan(2))
